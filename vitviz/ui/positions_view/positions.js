/* Positional similarity: the cosines of one patch's embedding with all others, a map for each model, and one repaint
   for every change. The patch is the explorer's, until the pointer is on a patch here. */

const PANEL = "[class*='st-key-panel-']";

/** the upper triangle of a symmetric matrix, in steps of 1/32767 -> (tokens · tokens) */
function readTriangle(buffer, at, tokens) {
  const steps = new Int16Array(buffer, at, (tokens * (tokens + 1)) / 2);
  const whole = new Float32Array(tokens * tokens);
  let k = 0;
  for (let p = 0; p < tokens; p++) {
    for (let q = p; q < tokens; q++, k++) whole[p * tokens + q] = whole[q * tokens + p] = steps[k] / 32767;
  }
  return whole;
}

function readPositions({ header, buffer, start }) {
  const { grid, patch, apart, gap, colours } = header;
  const tokens = grid * grid;
  const models = header.models.map((model, index) =>
    ({ ...model, index, cosines: readTriangle(buffer, start + index * tokens * (tokens + 1), tokens) }));
  return { grid, patch, tokens, apart, gap, models, table: colourTable(colours) };
}

function made(name, className, text = "") {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  return node;
}

/** the patch, other than `patch` itself, that is most alike */
function mostAlike(cosines, patch) {
  let best = patch === 0 ? 1 : 0;
  for (let q = 0; q < cosines.length; q++) if (q !== patch && cosines[q] > cosines[best]) best = q;
  return best;
}

/** a cosine in words: a true minus, and no minus before a zero */
function cosineWords(cosine) {
  const words = cosine.toFixed(2);
  return words === "-0.00" ? "0.00" : words.replace("-", "−");
}

class Positions {
  constructor(root) {
    this.root = root;
    this.turn = 0;
    this.maps = root.querySelector(".maps");
    this.told = document.vitvizPatch ?? null; // { pixel, pinned }
    this.mine = null; // the patch under the pointer or the keys here; away from here the told one comes back
    this.other = null; // the patch under the pointer while another one is pinned
    this.chart = null; // { patch, other, model } under the pointer in the grids of grids
    this.onTold = ({ detail }) => this.#follow(detail);
    this.onChart = (event) => this.#readChart(event);
    this.resizing = new ResizeObserver(() => this.#fit());
    this.#listen();
    // For tests, and for whoever wants the numbers behind the colours
    root.__vitviz = {
      patch: () => this.#shown().patch,
      read: (model) => Array.from(this.#cosines(this.scene.models[model], this.#shown().patch)),
    };
  }

  update(data) {
    this.turn += 1;
    this.scene = readPositions(readHeader(data));
    this.told ??= { pixel: this.#middle(), pinned: false };
    this.mine = this.other = this.chart = null;
    this.accent = getComputedStyle(this.root).getPropertyValue("--accent").trim();
    document.addEventListener(TOLD, this.onTold);
    document.addEventListener("vitviz:chart", this.onChart);
    this.resizing.observe(this.maps);
    this.#build();
  }

  leave(turn) {
    if (turn !== this.turn) return; // a later call has taken over this element
    document.removeEventListener(TOLD, this.onTold);
    document.removeEventListener("vitviz:chart", this.onChart);
    this.resizing.disconnect();
  }

  #middle() {
    const side = this.scene.grid * this.scene.patch;
    return [side / 2, side / 2];
  }

  #follow(told) {
    this.told = told;
    this.#leaveMine();
  }

  #leaveMine() {
    this.mine = this.other = null;
    this.repaint();
  }

  #cosines(model, patch) {
    return model.cosines.subarray(patch * this.scene.tokens, (patch + 1) * this.scene.tokens);
  }

  /** what is asked: the patch of the maps, and another one if the pointer is on it */
  #shown() {
    return this.chart ?? { patch: this.mine ?? patchAtPixel(this.scene, this.told.pixel).index, other: this.other };
  }

  #build() {
    const { scene, maps } = this;
    this.cards = scene.models.map((model) => this.#card(model));
    maps.replaceChildren(...this.cards.map(({ card }) => card));
    if (this.cards.length === 1) maps.append(made("p", "alone", "There is no second model of this setting to compare with."));
    maps.setAttribute("aria-label", `Positional similarity of one patch of ${scene.grid} by ${scene.grid} with all others, `
      + `${scene.models.map(({ name }) => name).join(" and ")}. Arrow keys move the patch, Enter pins it, Escape frees it.`);
    this.small = newCanvas(scene.grid, scene.grid);
    this.#fit();
  }

  #card(model) {
    const card = made("section", "card");
    const name = made("div", "name");
    const mark = svgElement("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
    mark.append(markFor(model, 7, 7, 4.8));
    name.append(mark, model.name);
    const square = made("div", "square");
    const canvas = made("canvas", "");
    square.append(canvas);
    const reading = made("p", "reading");
    const [cosine, place] = [made("b", ""), made("span", "")];
    reading.append(cosine, " ", place);
    card.append(name, square, reading);
    return { model, card, square, canvas, cosine, place };
  }

  #fit() {
    if (!this.cards) return;
    const size = Math.floor(this.cards[0].square.clientWidth);
    if (!size) return; // not on the page yet: its size will come
    this.size = size;
    this.repaint();
  }

  #listen() {
    const { maps } = this;
    const at = (event) => {
      const canvas = event.composedPath()[0];
      if (!(canvas instanceof HTMLCanvasElement)) return null;
      const [row, column] = [event.offsetY, event.offsetX].map((place) => Math.floor((place / this.size) * this.scene.grid));
      return [row, column].every((place) => place >= 0 && place < this.scene.grid) ? row * this.scene.grid + column : null;
    };
    maps.addEventListener("pointermove", (event) => {
      const patch = event.pointerType === "touch" ? null : at(event);
      if (patch !== null) this.#point(patch);
    });
    maps.addEventListener("pointerleave", () => this.#leaveMine());
    maps.addEventListener("blur", () => this.#leaveMine());
    maps.addEventListener("click", (event) => {
      const patch = at(event);
      if (patch !== null) this.#pin(patch);
    });
    maps.addEventListener("keydown", (event) => {
      const step = arrowStep(event);
      if (step) this.#move(step);
      else if (event.key === "Enter" || event.key === " ") this.#pin(this.#shown().patch);
      else if (event.key === "Escape" && this.told.pinned) askToPin(null);
      else return;
      event.preventDefault();
    });
  }

  /** a pinned patch stays, and the pointer reads its cosine with another one */
  #point(patch) {
    if (this.told.pinned) this.other = patch === this.#shown().patch ? null : patch;
    else this.mine = patch;
    this.repaint();
  }

  #pin(patch) {
    askToPin(pixelOfPatch(this.scene, patch));
  }

  #move([down, right]) {
    const { grid } = this.scene;
    const { patch } = this.#shown();
    const [row, column] = [Math.floor(patch / grid) + down, (patch % grid) + right];
    if (row < 0 || column < 0 || row >= grid || column >= grid) return;
    const next = row * grid + column;
    if (this.told.pinned) this.#pin(next);
    else this.#point(next);
    const read = this.cards.map(({ model, cosine, place }) => `${model.name}: ${cosine.textContent} ${place.textContent}`);
    this.root.querySelector(".spoken").textContent = `Patch at ${placeName(this.scene, next)}. Most alike, ${read.join("; ")}`;
  }

  /** the pointer is on the grids of grids of the same panel, or has left them */
  #readChart({ target, detail }) {
    if (target.closest(PANEL) !== this.root.getRootNode().host?.closest(PANEL)) return;
    const found = detail && patchesAt(this.scene, detail.x, detail.y);
    if (!found && !this.chart) return;
    this.chart = found;
    this.repaint();
    if (!found) return;
    const { name, cosines } = this.scene.models[found.model];
    detail.say([`${name}: ${placeName(this.scene, found.patch)}`,
      `with ${placeName(this.scene, found.other)}: ${cosineWords(cosines[found.patch * this.scene.tokens + found.other])}`]);
  }

  repaint() {
    if (!this.size) return;
    const started = performance.now();
    const { scene, size } = this;
    const { patch, other } = this.#shown();
    const pinned = this.told.pinned && !this.chart;
    const unit = size / scene.grid;
    const corner = (p) => [(p % scene.grid) * unit, Math.floor(p / scene.grid) * unit];
    for (const { model, canvas, cosine, place } of this.cards) {
      const values = this.#cosines(model, patch);
      const pixels = new ImageData(scene.grid, scene.grid);
      writeMap(pixels, 0, 0, scene.grid, values.map((value) => (value + 1) / 2), 1, scene.table, false);
      this.small.getContext("2d").putImageData(pixels, 0, 0);
      const context = fitCanvas(canvas, size, size);
      context.drawImage(this.small, 0, 0, size, size);
      outlinePatch(context, ...corner(patch), unit, 2.5);
      if (other !== null && other !== patch) outlinePatch(context, ...corner(other), unit, 1);
      if (pinned) drawPin(context, ...corner(patch).map((at) => at + unit / 2), Math.min(6, unit / 4), this.accent);
      const read = other ?? mostAlike(values, patch);
      put(cosine, cosineWords(values[read]));
      put(place, `${other === null ? "at" : "with"} ${placeName(scene, read).replace("column", "col")}`); // in one line
    }
    put(this.root.querySelector(".where b"), placeName(scene, patch).replace("row", "Row")); // "Patch at" finds no room at 1280
    put(this.root.querySelector(".where .muted"), pinned ? "pinned" : other === null ? "and most alike" : "");
    Object.assign(this.root.dataset, { patch, repaintMs: (performance.now() - started).toFixed(2) });
  }
}

function put(node, words) {
  if (node.textContent !== words) node.textContent = words; // what stays costs no layout
}

/** What is at a place of the grids of grids: the model, the patch whose small grid it is, and the patch within. */
function patchesAt({ grid, apart, gap, models }, x, y) {
  const model = x < grid + apart / 2 ? 0 : 1;
  const [column, row] = [x - model * (grid + apart), y];
  const [left, top] = [Math.floor(column), Math.floor(row)];
  if (model >= models.length || left < 0 || top < 0 || left >= grid || top >= grid) return null;
  const within = (place) => Math.min(grid - 1, Math.floor((place / (1 - gap)) * grid)); // a gap belongs to the patch before it
  return { model, patch: top * grid + left, other: within(row - top) * grid + within(column - left) };
}

const views = new WeakMap(); // by root element

/** Streamlit calls this at first and whenever the data or the theme changes. */
export default function positions({ data, parentElement }) {
  const root = parentElement.querySelector(".positions");
  if (!views.has(root)) views.set(root, new Positions(root));
  const view = views.get(root);
  view.update(data);
  const { turn } = view;
  return () => view.leave(turn);
}
