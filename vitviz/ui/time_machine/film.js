/* The payload of payload.py, and every model at any time between its frames.

   A byte of attention, of a weight map or of an answer is a square root: value = (byte / 255)². A byte of a cosine is
   byte / 127.5 − 1. Between two frames, what is shown is blended linearly: that is interpolation, nothing saved. */

const ROOTS = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255) ** 2);
const COSINES = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

function readFilm({ header, buffer, start }) {
  const [height, width, channels] = header.image.shape;
  const part = ({ at, length }) => new Uint8Array(buffer, start + at, length);
  const scene = {
    ...header, // grid, patch, last, planned, working, heads, thinned, sequential, diverging, classes, label, digest
    tokens: header.grid ** 2,
    side: Math.max(height, width, header.grid * header.patch),
    image: { height, width, channels, values: part(header.image) },
    names: header.pictures.names,
  };
  scene.thumbnails = header.pictures.names.map((_, i) => {
    const size = height * width * channels;
    return { image: { height, width, channels, values: part(header.pictures).subarray(i * size, (i + 1) * size) }, side: Math.max(height, width) };
  });
  scene.models = header.models.map((model, index) => ({
    ...model, // name, colour, lengths, learners, mapTop, missing
    index,
    accuracy: new Map(model.accuracy),
    frames: model.frames.map((frame) => ({ epoch: frame.epoch, bytes: part(frame), seen: null })),
  }));
  return scene;
}

/** what a frame says, in the form that maps.js reads; decoded when it is first shown */
function seenIn(scene, model, frame) {
  if (frame.seen) return frame.seen;
  let at = 0;
  const take = (count, table) => {
    const values = Float32Array.from(frame.bytes.subarray(at, at + count), (byte) => table[byte]);
    at += count;
    return values;
  };
  const { tokens, heads } = scene;
  const positions = take(tokens ** 2, COSINES);
  const layers = model.lengths.map((T, k) => {
    const attention = take(heads * T * T, ROOTS);
    const learner = model.learners.filter(({ before }) => before <= k).length - 1;
    return { learner, heads, T, attention, mean: heads > 1 ? meanOfHeads(attention, heads, T) : attention };
  });
  const learners = model.learners.map(({ n, before }) => learnerFrom(take(tokens * n, ROOTS), tokens, n, before));
  frame.seen = { index: 0, positions, layers, learners, answer: take(scene.classes.length, ROOTS) };
  return frame.seen;
}

/** the frames around a time: { low, high, share } where what is shown is low + share · (high − low); null outside */
function around(model, time) {
  const { frames } = model;
  const above = frames.findIndex(({ epoch }) => epoch >= time);
  if (above < 0) return null;
  const high = frames[above];
  if (high.epoch === time) return { low: high, high, share: 0 };
  if (above === 0) return null;
  const low = frames[above - 1];
  return { low, high, share: (time - low.epoch) / (high.epoch - low.epoch) };
}

function blend(low, high, share) {
  if (share === 0) return low;
  return low.map((value, i) => value + share * (high[i] - value));
}

/** everything that is shown of a model at a time, for a query patch; null where the model has nothing there */
function shownAt(scene, model, time, query, heads) {
  const found = around(model, time);
  if (!found) return null;
  const sides = (found.share === 0 ? [found.low] : [found.low, found.high]).map((frame) => seenIn(scene, model, frame));
  const [low, high] = [sides[0], sides.at(-1)];
  const attention = sides.map((seen) => {
    const alone = { tokens: scene.tokens, models: [seen] };
    const [room] = roomForMaps(alone, heads);
    fillMaps(alone, { kind: "patch", index: query }, { heads, direction: "from" }, [room]);
    return room;
  });
  return {
    ...found,
    attention: attention[0].map((row, k) => row.map((map, h) => blend(map.values, attention.at(-1)[k][h].values, found.share))),
    positions: blend(low.positions, high.positions, found.share), // (tokens · tokens)
    maps: low.learners.map(({ painted }, l) => blend(painted, high.learners[l].painted, found.share)), // (n · tokens)
    answer: blend(low.answer, high.answer, found.share),
  };
}

/** validation accuracy at a time: as measured, or on the line between two measured ones; null where there is none */
function accuracyAt(model, time) {
  const [below, above] = [Math.floor(time), Math.ceil(time)].map((epoch) => model.accuracy.get(epoch));
  if (below === undefined || above === undefined) return null;
  return below + (time - Math.floor(time)) * (above - below);
}
