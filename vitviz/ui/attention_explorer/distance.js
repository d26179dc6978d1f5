/* Mean attention distance: layers from left to right, patches upwards, one mark per head and a line for their mean. */

const SVG = "http://www.w3.org/2000/svg";

function svgElement(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** a circle for the first model, a diamond for the second: not told apart by colour alone */
function markFor(model, x, y, r) {
  const paint = { class: "mark", fill: model.colour };
  if (model.index === 0) return svgElement("circle", { ...paint, cx: x, cy: y, r });
  const d = r * 1.25;
  return svgElement("path", { ...paint, d: `M${x} ${y - d}L${x + d} ${y}L${x} ${y + d}L${x - d} ${y}Z` });
}

function niceStep(top) {
  return [0.25, 0.5, 1, 2, 4, 5, 10].find((step) => top / step <= 4) ?? 20;
}

/** `onPoint(event, model, layer, head, value)` when the pointer is on a mark, `onPoint(null)` when it leaves */
function drawDistances(svg, scene, width, height, onPoint) {
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  const models = scene.models.filter((model) => model.distance);
  const all = models.flatMap((model) => model.distance.flat()).filter((value) => value !== null);
  if (all.length === 0) return;
  const layers = Math.max(...models.map((model) => model.distance.length));
  const box = { left: 26, right: width - 4, top: 8, bottom: height - 24 };
  const step = niceStep(Math.max(...all) * 1.05);
  const top = Math.ceil((Math.max(...all) * 1.05) / step) * step;
  const slot = (box.right - box.left) / layers;
  const xOf = (layer, m) => box.left + slot * (layer + 0.5) + (models.length > 1 ? (m - 0.5) * Math.min(14, slot / 3) : 0);
  const yOf = (value) => box.bottom - (value / top) * (box.bottom - box.top);

  for (let value = 0; value <= top + 1e-9; value += step) {
    svg.append(svgElement("line", { class: "grid", x1: box.left, x2: box.right, y1: yOf(value), y2: yOf(value) }));
    svg.append(svgElement("text", { class: "tick", x: box.left - 6, y: yOf(value) + 4, "text-anchor": "end" }, value));
  }
  for (let k = 0; k < layers; k++) {
    svg.append(svgElement("text", { class: "tick", x: box.left + slot * (k + 0.5), y: height - 7, "text-anchor": "middle" },
      slot > 58 ? `Layer ${k + 1}` : k + 1));
  }
  models.forEach((model, m) => {
    const means = model.distance.map((row) => (row.includes(null) ? null : row.reduce((a, b) => a + b, 0) / row.length));
    const line = means.flatMap((mean, k) => (mean === null ? [] : [`${xOf(k, m)},${yOf(mean)}`])).join(" ");
    svg.append(svgElement("polyline", { class: "mean", points: line, stroke: model.colour }));
    model.distance.forEach((row, k) => row.forEach((value, h) => {
      if (value === null) return;
      const mark = markFor(model, xOf(k, m), yOf(value), 4.2);
      mark.dataset.map = `${model.index}.${k}.${h}`;
      mark.addEventListener("pointerenter", (event) => onPoint(event, model, k, h, value));
      mark.addEventListener("pointerleave", () => onPoint(null));
      svg.append(mark);
    }));
  });
}
