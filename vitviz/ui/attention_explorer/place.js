/* Where everything stands: sizes depend on the window, the layers and the heads, never on the patch size or the
   number of learned tokens, so that nothing jumps when a slider moves. */

const GAP = 6;
const HEAD_ROW = 22; // the columns' names
const BAND = 26; // where a TokenLearner stands between two layers
const STRIP = 100; // room for the thumbnails, whatever their number
const UNDER_THUMBNAIL = 10; // the bar and the space above it
const SMALLEST_THUMBNAIL = 20;
const LARGEST_CELL = 112;
const SMALLEST_CELL = 30;
const TALLEST_MOSAIC = 520;
const SHORTEST_MOSAIC = 260;
const ABOVE_AND_BELOW = 446; // what else wants to be seen with the maps: on a projector all layers fit the screen

/** the mosaic of one model; the same for both, so that their layers line up */
function measure(scene, width, windowHeight) {
  const label = width < 400 ? 28 : 78;
  const heads = Math.max(...scene.models.flatMap(({ layers }) => layers.map((layer) => layer.heads)));
  const layers = Math.max(...scene.models.map((model) => model.layers.length));
  const bands = [...new Set(scene.models.flatMap(({ learners }) => learners.map(({ before }) => before)))];
  const tallest = Math.min(TALLEST_MOSAIC, Math.max(SHORTEST_MOSAIC, windowHeight - ABOVE_AND_BELOW));
  const widest = Math.floor((width - label - (heads - 1) * GAP) / heads);
  const cell = Math.max(SMALLEST_CELL, Math.min(widest, LARGEST_CELL, Math.floor(tallest / layers) - GAP));
  const top = (layer) => layer * (cell + GAP) + bands.filter((before) => before <= layer).length * BAND;
  return {
    label, cell, bands, width,
    top, // of a layer's row, below the columns' names
    bandTop: (before) => top(before) - BAND,
    left: (column) => column * (cell + GAP),
    mapsWidth: (columns) => columns * (cell + GAP) - GAP,
    bandWidth: heads * (cell + GAP) - GAP,
    mapsHeight: layers * (cell + GAP) - GAP + bands.length * BAND,
  };
}

/** the largest thumbnails that fit the strip: their side and how many stand in a row */
function thumbnailSize(count, width) {
  let best = { size: 0, columns: 1 };
  for (let rows = 1; rows <= 4; rows++) {
    const columns = Math.ceil(count / rows);
    const size = Math.floor(Math.min((width - (columns - 1) * GAP) / columns, STRIP / rows - UNDER_THUMBNAIL - GAP, 64));
    if (size > 1.15 * best.size) best = { size, columns }; // another line has to be worth it
  }
  if (best.size >= SMALLEST_THUMBNAIL) return best;
  return { size: SMALLEST_THUMBNAIL, columns: Math.floor((width + GAP) / (SMALLEST_THUMBNAIL + GAP)) }; // and it scrolls
}
