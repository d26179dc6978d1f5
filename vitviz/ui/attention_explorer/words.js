/* Every sentence and number that the explorer says. People count from 1; arrays from 0. */

function formatWeight(scene, value) {
  if (value === 0) return "0";
  return value < 1e-4 ? "< 0.0001" : value.toPrecision(scene.digits);
}

function placeName(scene, patch) {
  return `row ${Math.floor(patch / scene.grid) + 1}, column ${(patch % scene.grid) + 1}`;
}

function queryName(scene, query) {
  if (query.kind === "patch") return `patch at ${placeName(scene, query.index)}`;
  const model = scene.models[query.model];
  const second = model.learners.length > 1 && query.learner === 1 ? " of the second TokenLearner" : "";
  const whose = scene.models.filter(({ learners }) => learners.length > 0).length > 1 ? ` (${model.name})` : "";
  return `learned token ${query.index + 1}${second}${whose}`;
}

function headName(view, h) {
  return { each: `head ${h + 1}`, mean: "mean of the heads", rollout: "rollout" }[view.heads];
}

function columnName(view, column, cell) {
  if (view.heads !== "each") return view.heads === "mean" ? "Mean" : "Rollout";
  return cell < 52 ? `${column + 1}` : `Head ${column + 1}`;
}

function mapsLabel(model, columns) {
  return `${model.name}: attention maps, ${model.layers.length} layers by ${columns} columns. Arrow keys choose a map, `
    + "Enter holds it on the large picture, Escape lets it go.";
}

function pictureLabel(scene) {
  return `The picture under its grid of ${scene.grid} by ${scene.grid} patches. Arrow keys move the query, Enter pins it, Escape frees it.`;
}

function distanceLabel(scene) {
  const rows = (model) => (model.distance ?? []).map((row, k) =>
    `layer ${k + 1} ${row.includes(null) ? "none" : row.map((value) => value.toPrecision(2)).join(" ")}`);
  return `Mean attention distance in patches. ${scene.models.map((model) => `${model.name}: ${rows(model).join("; ")}`).join(". ")}`;
}

function modelSummary(scene, model) {
  if (model.learners.length === 0) return `${scene.tokens} patches in every layer`;
  const several = model.learners.length > 1; // of one, the band between two layers says where it stands
  const steps = model.learners.map(({ n, before }, learner) => {
    const tokens = learner > 0 ? `${n}` : n === 1 ? "1 token" : `${n} tokens`;
    if (before === 0) return `${tokens} from the start`;
    return several ? `${tokens} after layer ${before}` : tokens;
  });
  return `${scene.tokens} patches → ${steps.join(" → ")}`;
}

/** one or two sentences on how to read all maps at once */
function legendWords(scene, view, query) {
  const name = queryName(scene, query);
  const to = view.direction === "to";
  const learned = scene.models.some((model) => model.layers.some(({ learner }) => learner !== PATCHES));
  let first;
  if (view.heads === "rollout") {
    first = to ? `What the ${name} becomes part of, through all layers up to each.`
      : `Where the ${name} has its content from, through all layers up to each; every map sums to 1.`;
    first += " Each step is half mean attention, half residual.";
  } else {
    first = to ? `Who looks at the ${name}: every patch in the colour of the weight it gives.`
      : `Where the ${name} looks; every map sums to 1.`;
  }
  if (query.kind === "token") {
    return `${first} Layers that read patches answer for the patches this token is made of, by the shares of its map.`;
  }
  if (!learned) return first;
  return `${first} Layers after a TokenLearner read learned tokens: the patch counts in each by its share (the bars), `
    + "and their attention is carried back onto the picture through their maps.";
}

function scaleWords(scene, view, max) {
  const what = view.heads === "rollout" ? "rollout share" : "attention weight";
  return view.scale === "shared"
    ? { title: `${what}, one scale for all maps`, high: formatWeight(scene, max) }
    : { title: `${what}, each map to its own maximum`, high: "max of the map" };
}

/** how few patches hold half of a map */
function patchesForHalf(values) {
  const sorted = Float32Array.from(values).sort();
  const half = sorted.reduce((a, b) => a + b, 0) / 2;
  let sum = 0;
  for (let k = sorted.length - 1; k >= 0; k--) {
    sum += sorted[k];
    if (sum >= half) return sorted.length - k;
  }
  return sorted.length;
}

function strongest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

function throughWords(map) {
  const sum = map.through.reduce((a, b) => a + b, 0);
  const best = strongest(map.through);
  return sum > 0 ? `learned token ${best + 1} carries most (${Math.round((100 * map.through[best]) / sum)} %)` : "";
}

/** the lines beside a map of the mean or the rollout */
function readingWords(scene, map) {
  const lines = [
    `Peak ${formatWeight(scene, map.max)} at ${placeName(scene, strongest(map.values))}`,
    `Half of it on ${patchesForHalf(map.values)} of ${scene.tokens} patches`,
  ];
  if (map.through) lines.push(sentence(throughWords(map)));
  return lines;
}

/** what the pointer is on, in a map */
function tipWords(scene, view, model, k, h, map, patch) {
  const title = `${model.name} · layer ${k + 1} · ${headName(view, h)}`;
  if (patch === null) return [title, `maximum ${formatWeight(scene, map.max)}`];
  const lines = [title, `${formatWeight(scene, map.values[patch])} at ${placeName(scene, patch)}`,
    `maximum ${formatWeight(scene, map.max)}`];
  if (map.through) lines.push(throughWords(map));
  return lines;
}

function tokenWords(scene, model, learner, i, query) {
  const { means, feeds, n } = model.learners[learner];
  const kind = model.shares ? "its weights sum to 1 over the picture" : "each weight is between 0 and 1";
  const lines = [`Learned token ${i + 1} as its weight map`, `mean weight ${formatWeight(scene, means[i])}; ${kind}`];
  if (query?.kind === "patch") lines.push(`takes ${formatWeight(scene, feeds[query.index * n + i])} of the patch`);
  return lines;
}

function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function mapName(scene, view, { model, layer, column }) {
  return `${scene.models[model].name}, layer ${layer + 1}, ${headName(view, column)}`;
}

/** what is painted over the large picture, "" when it is bare */
function pictureWords(scene, view, query, lit) {
  if (lit) return `On the picture: ${mapName(scene, view, lit)}.`;
  return query.kind === "token" ? "On the picture: the weight map of this token." : "";
}
