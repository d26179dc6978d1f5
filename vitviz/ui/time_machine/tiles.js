/* A row of tiles on one canvas: one map of the patches each. */

const SPACE = 6; // px between tiles

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** how many columns make the largest tiles of `count` in a place of this size */
function arrange(count, width, height, largest) {
  let best = { size: 0, columns: 1 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const size = Math.floor(Math.min((width - (columns - 1) * SPACE) / columns, (height - (rows - 1) * SPACE) / rows, largest));
    if (size > best.size) best = { size, columns };
  }
  return { ...best, size: Math.max(best.size, 12), rows: Math.ceil(count / best.columns) };
}

class Tiles {
  /** `onPoint(event, tile, patch)` when the pointer is on a patch of a tile, `onPoint(null)` when it leaves */
  constructor(label, onPoint) {
    this.canvas = element("canvas", "tiles");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    this.canvas.addEventListener("pointermove", (event) => {
      const found = this.#at(event.offsetX, event.offsetY);
      onPoint(found ? event : null, found?.tile, found?.patch);
    });
    this.canvas.addEventListener("pointerleave", () => onPoint(null));
  }

  place(scene, count, { size, columns, rows }) {
    Object.assign(this, { scene, count, size, columns });
    this.width = columns * (size + SPACE) - SPACE;
    this.height = rows * (size + SPACE) - SPACE;
    this.small = newCanvas(scene.grid, scene.grid * count);
  }

  #at(x, y) {
    const { size, scene } = this;
    const [column, row] = [Math.floor(x / (size + SPACE)), Math.floor(y / (size + SPACE))];
    const unit = (size / scene.side) * scene.patch;
    const [down, right] = [(y - row * (size + SPACE)) / unit, (x - column * (size + SPACE)) / unit].map(Math.floor);
    const tile = row * this.columns + column;
    if (column >= this.columns || tile >= this.count || down >= scene.grid || right >= scene.grid) return null;
    return { tile, patch: down * scene.grid + right };
  }

  /** `maps`: one array of `tokens` values for each tile, 0 to 1 on the scale of `table`; null: nothing is there */
  draw(maps, table, { picture = null, query = null } = {}) {
    const { scene, size, small } = this;
    const context = fitCanvas(this.canvas, this.width, this.height);
    const covered = (scene.grid * scene.patch * size) / scene.side;
    if (maps) {
      const pixels = new ImageData(small.width, small.height);
      maps.forEach((values, i) => writeMap(pixels, 0, i * scene.grid, scene.grid, values, 1, table, picture !== null));
      small.getContext("2d").putImageData(pixels, 0, 0);
    }
    for (let i = 0; i < this.count; i++) {
      const [x, y] = [(i % this.columns) * (size + SPACE), Math.floor(i / this.columns) * (size + SPACE)];
      if (!maps) {
        hatch(context, x, y, size, size);
        continue;
      }
      if (picture) context.drawImage(picture, x, y, size, size);
      context.drawImage(small, 0, i * scene.grid, scene.grid, scene.grid, x, y, covered, covered);
      context.fillStyle = "rgba(127, 127, 127, 0.35)"; // what the patch size drops
      context.fillRect(x + covered, y, size - covered, size);
      context.fillRect(x, y + covered, covered, size - covered);
      if (query !== null) {
        const unit = covered / scene.grid;
        outlinePatch(context, x + (query % scene.grid) * unit, y + Math.floor(query / scene.grid) * unit, unit, 1);
      }
    }
  }
}

/** The grid of grids: at the place of every patch, its cosines with all others. */
class GridOfGrids {
  constructor(label, onPoint) {
    this.canvas = element("canvas", "tiles");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    this.canvas.addEventListener("pointermove", (event) => {
      const unit = this.size / this.scene.grid;
      const [row, column] = [event.offsetY, event.offsetX].map((at) => Math.min(this.scene.grid - 1, Math.floor(at / unit)));
      onPoint(event, row * this.scene.grid + column);
    });
    this.canvas.addEventListener("pointerleave", () => onPoint(null));
  }

  place(scene, size) {
    Object.assign(this, { scene, size });
    this.small = newCanvas(scene.tokens, scene.tokens);
  }

  /** `values`: (tokens · tokens), 0 to 1 on the scale of `table`; null: nothing is there */
  draw(values, table, query) {
    const { scene, size, small } = this;
    const { grid, tokens } = scene;
    const context = fitCanvas(this.canvas, size, size);
    if (!values) {
      hatch(context, 0, 0, size, size);
      return;
    }
    const pixels = new ImageData(tokens, tokens);
    for (let p = 0; p < tokens; p++) writeMap(pixels, (p % grid) * grid, Math.floor(p / grid) * grid, grid, values.subarray(p * tokens, (p + 1) * tokens), 1, table, false);
    small.getContext("2d").putImageData(pixels, 0, 0);
    const unit = size / grid;
    const gap = Math.max(1, unit * 0.08);
    for (let p = 0; p < tokens; p++) {
      const [column, row] = [p % grid, Math.floor(p / grid)];
      context.drawImage(small, column * grid, row * grid, grid, grid, column * unit + gap / 2, row * unit + gap / 2, unit - gap, unit - gap);
    }
    outlinePatch(context, (query % grid) * unit + gap / 2, Math.floor(query / grid) * unit + gap / 2, unit - gap, 1);
  }
}
