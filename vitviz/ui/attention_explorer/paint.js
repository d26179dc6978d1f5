/* Colours and canvases. */

/** 256 colours between the stops, (256 · 3) */
function colourTable(stops) {
  const parsed = stops.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (parsed.length - 1);
    const low = Math.min(Math.floor(place), parsed.length - 2);
    for (let c = 0; c < 3; c++) {
      table[3 * i + c] = parsed[low][c] + (place - low) * (parsed[low + 1][c] - parsed[low][c]);
    }
  }
  return table;
}

// Over the picture, small weights let it through and large ones cover it
const LEAST_COVER = 0.45;
const MOST_COVER = 0.94;

/** writes `values` as pixels, one per patch, into `pixels` at (left, top) */
function writeMap(pixels, left, top, grid, values, max, table, over) {
  const factor = max > 0 ? 255 / max : 0;
  for (let p = 0; p < grid * grid; p++) {
    const step = Math.min(255, Math.round(values[p] * factor));
    const at = 4 * ((top + Math.floor(p / grid)) * pixels.width + left + (p % grid));
    pixels.data[at] = table[3 * step];
    pixels.data[at + 1] = table[3 * step + 1];
    pixels.data[at + 2] = table[3 * step + 2];
    pixels.data[at + 3] = over ? 255 * (LEAST_COVER + (MOST_COVER - LEAST_COVER) * (step / 255)) : 255;
  }
}

function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** The picture, one canvas pixel per pixel; padded pixels are 0, as the model has them. `grey` for under the maps:
    only they have colours there. */
function pictureCanvas(scene, grey) {
  const { height, width, channels, values } = scene.image;
  const canvas = newCanvas(scene.side, scene.side);
  const context = canvas.getContext("2d");
  context.fillRect(0, 0, scene.side, scene.side);
  const pixels = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    const colour = [0, 1, 2].map((c) => values[i * channels + (channels === 3 ? c : 0)]);
    const light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
    pixels.data.set([...(grey ? [light, light, light] : colour), 255], 4 * i);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** an empty canvas of the size of its place on the screen, in the screen's own pixels */
function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, width, height);
  return context;
}

/** a patch's outline that stands out on any colour: white between two dark lines */
function outlinePatch(context, x, y, size, width) {
  context.lineWidth = width + 2;
  context.strokeStyle = "rgba(0, 0, 0, 0.85)";
  context.strokeRect(x, y, size, size);
  context.lineWidth = width;
  context.strokeStyle = "#ffffff";
  context.strokeRect(x, y, size, size);
}

/** fine slanted lines over what the model does not see */
function hatch(context, x, y, width, height) {
  if (width <= 0 || height <= 0) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = "rgba(127, 127, 127, 0.6)";
  context.fillRect(x, y, width, height);
  context.strokeStyle = "rgba(255, 255, 255, 0.55)";
  context.lineWidth = 1;
  context.beginPath();
  for (let d = -height; d < width; d += 6) {
    context.moveTo(x + d, y + height);
    context.lineTo(x + d + height, y);
  }
  context.stroke();
  context.restore();
}

/** what is not on the grid (dropped), or on the grid and not in the picture (padded) */
function hatchUnseen(context, scene, size) {
  const unit = size / scene.side;
  const seen = Math.min(scene.grid * scene.patch, scene.image.height) * unit;
  hatch(context, seen, 0, size - seen, size);
  hatch(context, 0, seen, seen, size - seen);
}

function largestOf(values) {
  return values.reduce((a, b) => Math.max(a, b), 0);
}

/** one map of `values` (tokens), over the picture or alone, in a square of `size` */
function drawPatchMap(context, scene, picture, values, max, table, over, size) {
  const { grid, patch, side } = scene;
  const pixels = new ImageData(grid, grid);
  writeMap(pixels, 0, 0, grid, values, max, table, over);
  const small = newCanvas(grid, grid);
  small.getContext("2d").putImageData(pixels, 0, 0);
  if (over) context.drawImage(picture, 0, 0, size, size);
  const covered = (grid * patch * size) / side;
  context.drawImage(small, 0, 0, grid, grid, 0, 0, covered, covered);
}

/** the lines between the patches, `unit` apart */
function drawGrid(context, scene, unit) {
  const end = scene.grid * unit;
  context.beginPath();
  for (let i = 0; i <= scene.grid; i++) {
    const place = Math.round(i * unit) + (i === scene.grid ? -0.5 : 0.5);
    context.moveTo(place, 0);
    context.lineTo(place, end);
    context.moveTo(0, place);
    context.lineTo(end, place);
  }
  context.lineWidth = 1;
  context.strokeStyle = "rgba(150, 150, 150, 0.6)";
  context.stroke();
}

function drawPin(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2;
  context.stroke();
}
