/* The payload of payload.py, decoded: one picture and what one or two models made of it.
   Every array becomes a Float32Array, row by row, so that painting is plain arithmetic. */

/** value of the 16 bits of a half-precision number */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function sizeOf(shape) {
  return shape.reduce((product, side) => product * side, 1);
}

/** a section of the payload as Float32Array */
function readArray(section, buffer, start) {
  const size = sizeOf(section.shape);
  const at = start + section.at;
  if (section.type === "float32") return new Float32Array(buffer, at, size);
  if (section.type === "float16") return Float32Array.from(new Uint16Array(buffer, at, size), fromHalf);
  const bytes = new Uint8Array(buffer, at, size);
  if (section.type === "uint8") return Float32Array.from(bytes);
  const length = section.shape.at(-1); // row-uint8
  const largest = new Float32Array(buffer, start + section.max_at, size / length);
  return Float32Array.from(bytes, (step, i) => (step / 255) * largest[Math.floor(i / length)]);
}

/** (heads, T, T) -> (T, T), the mean over the heads */
function meanOfHeads(attention, heads, T) {
  const mean = new Float32Array(T * T);
  for (let h = 0; h < heads; h++) {
    for (let i = 0; i < T * T; i++) mean[i] += attention[h * T * T + i] / heads;
  }
  return mean;
}

/** A TokenLearner's maps (tokens, n) and the two ways to read them as shares:
    `reads` (n, tokens): where learned token i comes from, rows sum to 1;
    `feeds` (tokens, n): how patch p divides between the learned tokens, rows sum to 1. */
function learnerFrom(maps, tokens, n, before) {
  const reads = new Float32Array(n * tokens);
  const feeds = new Float32Array(tokens * n);
  const means = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let p = 0; p < tokens; p++) sum += maps[p * n + i];
    means[i] = sum / tokens;
    for (let p = 0; p < tokens; p++) reads[i * tokens + p] = sum > 0 ? maps[p * n + i] / sum : 1 / tokens;
  }
  for (let p = 0; p < tokens; p++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += maps[p * n + i];
    for (let i = 0; i < n; i++) feeds[p * n + i] = sum > 0 ? maps[p * n + i] / sum : 1 / n;
  }
  // Map by map, (n, tokens), for painting
  const painted = Float32Array.from({ length: n * tokens }, (_, k) => maps[(k % tokens) * n + Math.floor(k / tokens)]);
  return { n, before, reads, feeds, painted, means };
}

function readHeader(bytes) {
  const whole = bytes.slice(); // a copy of its own starts at a multiple of 4
  const length = new DataView(whole.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + length)));
  return { header, buffer: whole.buffer, start: 4 + length };
}

function readScene({ header, buffer, start }) {
  const [height, width, channels] = header.image.shape;
  const { grid, patch } = header;
  const tokens = grid * grid;
  const models = header.models.map((model, m) => ({
    index: m,
    name: model.name,
    colour: model.colour,
    shares: model.shares,
    distance: model.distance,
    learners: model.learners.map(({ maps, before }) =>
      learnerFrom(readArray(maps, buffer, start), tokens, maps.shape[1], before)),
    layers: model.layers.map(({ learner, attention }) => {
      const [heads, T] = attention.shape;
      const values = readArray(attention, buffer, start);
      return { learner, heads, T, attention: values, mean: meanOfHeads(values, heads, T) };
    }),
  }));
  return {
    digest: header.digest,
    digits: header.digits,
    colours: header.colours,
    grid, patch, tokens, models,
    image: { height, width, channels, values: readArray(header.image, buffer, start) },
    // The square that is drawn: the picture, or the padded grid where that is larger
    side: Math.max(height, width, grid * patch),
  };
}
