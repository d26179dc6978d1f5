/* What every map shows for the current query.

   A query is a share of 1 spread over the patches: all of it on one patch, or, for a learned token, where that
   token reads. A layer that reads patches answers with its attention. A layer that reads learned tokens is
   entered and left through the weight maps (`feeds` and `reads` in scene.js), so that its answer is a picture too:

       attention seen from patch to patch = feeds · attention · reads          (tokens × tokens)

   From a query one reads a row of it, to a query a column. Attention *from* anything sums to 1. */

const PATCHES = -1; // the `learner` of a layer whose tokens are the patches

/** out[j] = Σ_i vector[i] · matrix[i, j] */
function rowTimes(vector, matrix, at, rows, columns, out) {
  out.fill(0);
  for (let i = 0; i < rows; i++) {
    const share = vector[i];
    if (share === 0) continue;
    const row = at + i * columns;
    for (let j = 0; j < columns; j++) out[j] += share * matrix[row + j];
  }
  return out;
}

/** out[i] = Σ_j matrix[i, j] · vector[j] */
function timesColumn(matrix, at, rows, columns, vector, out) {
  out.fill(0);
  for (let j = 0; j < columns; j++) {
    const share = vector[j];
    if (share === 0) continue;
    for (let i = 0; i < rows; i++) out[i] += matrix[at + i * columns + j] * share;
  }
  return out;
}

/** the query as shares of the patches, (tokens) */
function queryOnPatches(scene, query, to) {
  const share = new Float32Array(scene.tokens);
  if (query.kind === "patch") {
    share[query.index] = 1;
    return share;
  }
  const { n, feeds, reads } = scene.models[query.model].learners[query.learner];
  for (let p = 0; p < scene.tokens; p++) {
    share[p] = to ? feeds[p * n + query.index] : reads[query.index * scene.tokens + p];
  }
  return share;
}

/** the query in the tokens that a layer reads, (T) */
function queryInLayer(model, learner, query, onPatches, to) {
  if (learner === PATCHES) return onPatches;
  const { n, feeds, reads } = model.learners[learner];
  const own = new Float32Array(n);
  if (query.kind === "token" && query.model === model.index && query.learner === learner) {
    own[query.index] = 1;
    return own;
  }
  const tokens = onPatches.length;
  return to ? timesColumn(reads, 0, n, tokens, onPatches, own) : rowTimes(onPatches, feeds, 0, tokens, n, own);
}

/** a layer's answer (T) back on the picture (tokens) */
function backToPatches(model, learner, answer, to, out) {
  if (learner === PATCHES) {
    out.set(answer);
    return out;
  }
  const { n, feeds, reads } = model.learners[learner];
  const tokens = out.length;
  return to ? timesColumn(feeds, 0, tokens, n, answer, out) : rowTimes(answer, reads, 0, n, tokens, out);
}

/** one block's step of the rollout: half residual, half the mean head */
function rolloutStep(layer, vector, to) {
  const { T, mean } = layer;
  const out = new Float32Array(T);
  if (to) timesColumn(mean, 0, T, T, vector, out);
  else rowTimes(vector, mean, 0, T, T, out);
  for (let i = 0; i < T; i++) out[i] = 0.5 * out[i] + 0.5 * vector[i];
  return out;
}

/** Rollout from the tokens that layer `last` puts out, down to the patches (Abnar & Zuidema 2020), read as one row:
    the vector walks down the layers. At a TokenFuser half goes on along the residual, half through the
    learned tokens, as vitviz.analysis.rollout does. */
function rolloutFrom(model, last, own, tokens) {
  let vector = own;
  let waiting = null; // the residual's half, until the walk is back on the grid
  for (let k = last; k >= 0; k--) {
    vector = rolloutStep(model.layers[k], vector, false);
    const learner = model.layers[k].learner;
    const below = k > 0 ? model.layers[k - 1].learner : PATCHES;
    if (learner === below) continue;
    vector = rowTimes(vector, model.learners[learner].reads, 0, model.learners[learner].n, tokens, new Float32Array(tokens));
    if (below !== PATCHES) {
      waiting = vector.map((share) => share / 2);
      vector = rowTimes(waiting, model.learners[below].feeds, 0, tokens, model.learners[below].n,
        new Float32Array(model.learners[below].n));
    } else if (waiting) {
      vector = vector.map((share, p) => share + waiting[p]);
      waiting = null;
    }
  }
  return vector;
}

/** The same matrix read as a column: from the patches up to the tokens that layer `last` puts out. */
function rolloutTo(model, last, onPatches) {
  const tokens = onPatches.length;
  let vector = onPatches;
  let grid = onPatches; // what the grid held before the last TokenLearner
  for (let k = 0; k <= last; k++) {
    const learner = model.layers[k].learner;
    const below = k > 0 ? model.layers[k - 1].learner : PATCHES;
    if (learner !== below) {
      if (below === PATCHES) grid = vector;
      else {
        const { n, feeds } = model.learners[below];
        const spread = timesColumn(feeds, 0, tokens, n, vector, new Float32Array(tokens));
        grid = grid.map((share, p) => 0.5 * share + 0.5 * spread[p]);
      }
      const { n, reads } = model.learners[learner];
      vector = timesColumn(reads, 0, n, tokens, grid, new Float32Array(n));
    }
    vector = rolloutStep(model.layers[k], vector, true);
  }
  return vector;
}

/** Room for every map: shown[m][layer][column] = { values (tokens), max, through (n) or null }. */
function roomForMaps(scene, heads) {
  return scene.models.map((model) => model.layers.map((layer) => {
    const columns = heads === "each" ? layer.heads : 1;
    return Array.from({ length: columns }, () => ({ values: new Float32Array(scene.tokens), max: 0, through: null }));
  }));
}

function fillMaps(scene, query, view, shown) {
  const to = view.direction === "to";
  const onPatches = queryOnPatches(scene, query, to);
  for (const model of scene.models) {
    const owns = new Map(); // by TokenLearner: several layers read the same tokens
    model.layers.forEach((layer, k) => {
      const { learner, T } = layer;
      if (!owns.has(learner)) owns.set(learner, queryInLayer(model, learner, query, onPatches, to));
      const own = owns.get(learner);
      shown[model.index][k].forEach((map, h) => {
        let answer = null;
        if (view.heads === "rollout" && !to) {
          map.values.set(rolloutFrom(model, k, own, scene.tokens));
        } else {
          if (view.heads === "rollout") answer = rolloutTo(model, k, onPatches);
          else {
            const matrix = view.heads === "mean" ? layer.mean : layer.attention;
            const at = view.heads === "mean" ? 0 : h * T * T;
            answer = new Float32Array(T);
            if (to) timesColumn(matrix, at, T, T, own, answer);
            else rowTimes(own, matrix, at, T, T, answer);
          }
          backToPatches(model, learner, answer, to, map.values);
        }
        map.through = learner === PATCHES ? null : answer;
        map.max = map.values.reduce((a, b) => Math.max(a, b), 0);
      });
    });
  }
}
