/* What is asked: a patch, { kind: "patch", index }, or a learned token, { kind: "token", model, learner, index }.
   A pinned patch is written as a pixel of the picture, "row,column", so that it keeps its place on another grid. */

function sameQuery(a, b) {
  return a !== null && b !== null && a.kind === b.kind && a.index === b.index && a.model === b.model && a.learner === b.learner;
}

function patchAtPixel(scene, [y, x]) {
  const [row, column] = [y, x].map((pixel) => Math.min(scene.grid - 1, Math.max(0, Math.floor(pixel / scene.patch))));
  return { kind: "patch", index: row * scene.grid + column };
}

/** the pixel in the middle of a patch */
function pixelOfPatch(scene, index) {
  return [Math.floor(index / scene.grid), index % scene.grid].map((place) => place * scene.patch + Math.floor(scene.patch / 2));
}

function writePin(scene, query) {
  if (!query) return null;
  if (query.kind === "patch") return pixelOfPatch(scene, query.index).join(",");
  return `t${query.model}.${query.learner}.${query.index}`;
}

/** null where there is no such pixel or token in this scene */
function readPin(scene, pin) {
  if (!pin) return null;
  if (pin[0] === "t") {
    const [model, learner, index] = pin.slice(1).split(".").map(Number);
    const known = index < (scene.models[model]?.learners[learner]?.n ?? 0);
    return known ? { kind: "token", model, learner, index } : null;
  }
  const [y, x] = pin.split(",").map(Number);
  return y < scene.side && x < scene.side ? patchAtPixel(scene, [y, x]) : null;
}

/** "model.layer.head" -> the map, or null where there is none */
function readMap(scene, map) {
  if (!map) return null;
  const [model, layer, column] = map.split(".").map(Number);
  return column < (scene.models[model]?.layers[layer]?.heads ?? 0) ? { model, layer, column } : null;
}

function sameMap(a, b) {
  return a !== null && b !== null && a.model === b.model && a.layer === b.layer && a.column === b.column;
}

/** the weight map (tokens) of a learned token */
function weightMap(scene, { model, learner, index }) {
  return scene.models[model].learners[learner].painted.subarray(index * scene.tokens, (index + 1) * scene.tokens);
}

/** [down, right] for an arrow key, else undefined */
function arrowStep(event) {
  return { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
}
