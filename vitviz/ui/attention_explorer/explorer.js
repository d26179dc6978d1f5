/* The explorer itself: what is asked, what is pinned, which switches are set, and one repaint for every change. */

const SWITCHES = ["heads", "direction", "scale", "overlay"];
const REPORT_AFTER = 150; // ms without another change before Python hears of it

// The view last shown under a key, so that an explorer that is mounted anew goes on where it was
const lastViews = new Map();

class Explorer {
  constructor(root) {
    this.root = root;
    this.turn = 0;
    this.query = null;
    this.pinned = null; // a query
    this.held = null; // the map that stays on the large picture
    this.hovered = null; // the map under the pointer
    this.find = (selector) => root.querySelector(selector);
    this.canvas = this.find(".picture canvas");
    this.#listen();
    this.resizing = new ResizeObserver(() => this.#resize());
    this.onAsked = ({ detail }) => this.#pinAt(detail.pixel);
    // For tests, and for whoever wants the numbers behind the colours
    root.__vitviz = {
      read: (model, layer, head) => Array.from(this.shown[model][layer][head].values),
      scale: (model, layer, head) => this.shared() ?? this.shown[model][layer][head].max,
      view: () => ({ ...this.view }),
      query: () => ({ ...this.query }),
      lastRepaintMs: () => this.lastRepaintMs,
    };
  }

  update(data, report) {
    this.report = report;
    this.turn += 1;
    this.resizing.observe(this.find(".models"));
    document.addEventListener(PIN, this.onAsked);
    const read = readHeader(data);
    const { key, request, digest } = read.header;
    this.key = key;
    const fresh = digest !== this.scene?.digest;
    if (fresh) this.#take(readScene(read));
    if (request.id !== this.request) {
      const last = lastViews.get(key);
      this.request = request.id;
      this.#show(last?.request === request.id ? last.view : request.view);
    } else if (fresh) this.#settle();
    this.accent = getComputedStyle(this.root).getPropertyValue("--accent").trim();
    this.#build();
    this.root.dataset.scene = read.header.scene;
  }

  leave(turn) {
    if (turn !== this.turn) return; // a later call has taken over this element
    clearTimeout(this.waiting);
    this.resizing.disconnect();
    document.removeEventListener(PIN, this.onAsked);
  }

  #take(scene) {
    this.scene = scene;
    this.picture = pictureCanvas(scene, false);
    this.greyPicture = pictureCanvas(scene, true);
    this.table = colourTable(scene.colours);
    const ramp = new ImageData(256, 1);
    for (let i = 0; i < 256; i++) ramp.data.set([...this.table.subarray(3 * i, 3 * i + 3), 255], 4 * i);
    this.find(".ramp").getContext("2d").putImageData(ramp, 0, 0);
  }

  #show(view) {
    this.view = { ...view };
    for (const name of SWITCHES) {
      for (const input of this.root.querySelectorAll(`input[name=${name}]`)) input.checked = input.value === view[name];
    }
    this.#settle();
  }

  /** pin, held map and query on the grid that there is now; without a pin the place before, at first the middle */
  #settle() {
    const { scene, view } = this;
    this.hovered = null;
    this.pinned = readPin(scene, view.pinned);
    this.held = readMap(scene, view.map);
    this.lastPixel ??= [scene.image.height / 2, scene.image.width / 2];
    this.#ask(this.pinned ?? patchAtPixel(scene, this.lastPixel));
  }

  #change(values) {
    Object.assign(this.view, values);
    lastViews.set(this.key, { request: this.request, view: { ...this.view } });
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.report("view", { ...this.view, request: this.request }), REPORT_AFTER);
  }

  #ask(query) {
    this.query = query;
    if (query.kind === "patch") this.lastPixel = pixelOfPatch(this.scene, query.index);
  }

  #hover(query) {
    if (this.pinned || sameQuery(query, this.query)) return;
    this.#ask(query);
    this.repaint();
  }

  #pin(query) {
    this.pinned = query;
    if (query) this.#ask(query);
    this.#change({ pinned: writePin(this.scene, query) });
    this.repaint();
    this.#say(query ? `Pinned: ${queryName(this.scene, query)}.` : "Free: hover to see.");
  }

  #togglePin(query) {
    this.#pin(sameQuery(query, this.pinned) ? null : query);
  }

  /** another part of the page asks for it */
  #pinAt(pixel) {
    if (pixel) this.#togglePin(patchAtPixel(this.scene, pixel));
    else if (this.pinned) this.#pin(null);
  }

  #hold(map) {
    this.held = map;
    this.#change({ map: map && `${map.model}.${map.layer}.${map.column}` });
    this.repaint();
    if (map) this.#say(`On the large picture: ${mapName(this.scene, this.view, map)}.`);
  }

  #listen() {
    this.find(".switches").addEventListener("change", ({ target }) => {
      this.#change({ [target.name]: target.value });
      this.#build();
    });
    this.find(".free").addEventListener("click", () => {
      this.#pin(null);
      this.canvas.focus({ preventScroll: true });
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (this.held) this.#hold(null);
      else if (this.pinned) this.#pin(null);
    });
    const patchAt = (event) => {
      const unit = this.canvas.clientWidth / this.scene.side;
      const pixel = [event.offsetY / unit, event.offsetX / unit];
      const covered = this.scene.grid * this.scene.patch;
      return pixel.every((place) => place >= 0 && place < covered) ? patchAtPixel(this.scene, pixel) : null;
    };
    this.canvas.addEventListener("pointermove", (event) => {
      const patch = event.pointerType === "touch" ? null : patchAt(event);
      if (patch) this.#hover(patch);
    });
    this.canvas.addEventListener("click", (event) => {
      const patch = patchAt(event);
      if (patch) this.#togglePin(patch);
    });
    this.canvas.addEventListener("keydown", (event) => {
      const step = arrowStep(event);
      if (step) this.#move(step);
      else if (event.key === "Enter" || event.key === " ") this.#togglePin(this.query);
      else return;
      event.preventDefault();
    });
  }

  #move([down, right]) {
    const { grid } = this.scene;
    const from = patchAtPixel(this.scene, this.lastPixel).index;
    const [row, column] = [Math.floor(from / grid) + down, (from % grid) + right];
    if (row < 0 || column < 0 || row >= grid || column >= grid) return;
    const patch = { kind: "patch", index: row * grid + column };
    if (this.pinned) this.#pin(patch);
    else {
      this.#hover(patch);
      this.#say(queryName(this.scene, patch));
    }
  }

  /** what the panels may ask for */
  #acts() {
    return {
      overMap: (event, model, layer, column, patch) => {
        const lines = tipWords(this.scene, this.view, model, layer, column, this.shown[model.index][layer][column], patch);
        this.#tip(event, lines);
        this.#light({ model: model.index, layer, column });
        if (!event) this.#say(lines.join(", "));
      },
      offMap: () => {
        this.#tip(null);
        this.#light(null);
      },
      holdMap: (model, layer, column) => {
        const map = { model: model.index, layer, column };
        this.#hold(sameMap(map, this.held) ? null : map);
      },
      overToken: (event, query) => {
        this.#hover(query);
        this.#tip(event, tokenWords(this.scene, this.scene.models[query.model], query.learner, query.index, this.query));
      },
      offToken: () => this.#tip(null),
      pinToken: (query) => this.#togglePin(query),
    };
  }

  #light(map) {
    const same = map === this.hovered || sameMap(map, this.hovered);
    this.hovered = map;
    if (!same) this.repaint();
  }

  #tip(event, lines) {
    const tip = this.find(".tip");
    tip.hidden = !event;
    if (!event) return;
    tip.replaceChildren(...lines.filter(Boolean).map((line, i) => element(i === 0 ? "b" : "span", "", line)));
    const box = this.root.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    tip.style.left = `${Math.max(0, Math.min(x + 14, box.width - tip.offsetWidth - 2))}px`;
    tip.style.top = `${y + 18 + tip.offsetHeight > box.height ? y - tip.offsetHeight - 10 : y + 18}px`;
  }

  #say(words) {
    this.find(".spoken").textContent = words;
  }

  #resize() {
    const { clientWidth } = this.find(".models");
    if (this.scene && (clientWidth !== this.builtWidth || window.innerHeight !== this.builtHeight)) this.#build();
  }

  /** the parts that depend on the data's shape, the switches and the width; then everything is painted */
  #build() {
    const { scene, view } = this;
    const models = this.find(".models");
    this.builtWidth = models.clientWidth;
    this.builtHeight = window.innerHeight;
    const style = getComputedStyle(models);
    const columns = style.gridTemplateColumns.split(" ").length;
    const width = Math.floor((this.builtWidth - (columns - 1) * parseFloat(style.columnGap)) / columns);
    const place = measure(scene, width, window.innerHeight);
    this.shown = roomForMaps(scene, view.heads);
    this.panels = scene.models.map((model) => new Panel(scene, model, view, place, this.#acts()));
    models.replaceChildren(...this.panels.map(({ node }) => node));
    // one model keeps the size that it has beside another
    if (scene.models.length === 1) models.append(element("p", "muted alone", "There is no second model of this setting to compare with."));
    this.panels.forEach(({ strip }) => strip.draw(this.greyPicture, this.table));
    this.#drawDistance();
    this.canvas.setAttribute("aria-label", pictureLabel(scene));
    this.repaint();
  }

  #drawDistance() {
    const { scene } = this;
    const figure = this.find(".distance");
    figure.hidden = !scene.models.some(({ distance }) => distance);
    if (figure.hidden) return;
    const svg = figure.querySelector("svg");
    svg.setAttribute("aria-label", distanceLabel(scene));
    drawDistances(svg, scene, Math.max(200, figure.clientWidth), 150, (event, model, layer, head, value) => {
      this.#tip(event, event && [`${model.name} · layer ${layer + 1} · head ${head + 1}`, `${value.toPrecision(3)} patches`]);
      this.#light(event && { model: model.index, layer, column: head });
    });
    const learned = scene.models.some(({ learners }) => learners.length > 0);
    figure.querySelector(".note").textContent = learned ? "No distance between learned tokens." : "";
  }

  /** the maximum of all maps when the scale is shared, else null */
  shared() {
    return this.view.scale === "shared" ? Math.max(...this.shown.flat(2).map(({ max }) => max)) : null;
  }

  repaint() {
    const started = performance.now();
    const { scene, view, query } = this;
    fillMaps(scene, query, view, this.shown);
    const shared = this.shared();
    const found = this.hovered ?? this.held;
    const lit = found && { ...found, column: view.heads === "each" ? found.column : 0 };
    this.panels.forEach((panel, m) => {
      panel.draw(this.shown[m], shared, this.greyPicture, this.table, query, lit?.model === m ? lit : null, this.accent);
      panel.strip.mark(query, this.pinned !== null);
    });
    this.#drawPicture(lit, shared);
    this.#drawWords(lit, shared);
    this.lastRepaintMs = performance.now() - started;
    this.root.dataset.repaintMs = this.lastRepaintMs.toFixed(2);
    this.root.dataset.query = writePin(scene, query);
    this.root.dataset.pinned = String(this.pinned !== null);
    tellPatch(this.lastPixel, this.pinned?.kind === "patch");
  }

  #drawPicture(lit, shared) {
    const { scene, query } = this;
    const size = this.find(".picture").clientWidth;
    const context = fitCanvas(this.canvas, size, size);
    const over = (values, max) => drawPatchMap(context, scene, this.greyPicture, values, max, this.table, true, size);
    if (lit) {
      const map = this.shown[lit.model][lit.layer][lit.column];
      over(map.values, shared ?? map.max);
    } else if (query.kind === "token") over(weightMap(scene, query), largestOf(weightMap(scene, query)));
    else context.drawImage(this.picture, 0, 0, size, size);
    hatchUnseen(context, scene, size);
    const unit = (size / scene.side) * scene.patch;
    drawGrid(context, scene, unit);
    if (query.kind !== "patch") return;
    const [x, y] = [(query.index % scene.grid) * unit, Math.floor(query.index / scene.grid) * unit];
    outlinePatch(context, x, y, unit, 3);
    if (this.pinned) drawPin(context, x + unit / 2, y + unit / 2, Math.min(7, unit / 4), this.accent);
  }

  #drawWords(lit, shared) {
    const { scene, view, query, pinned } = this;
    const put = (selector, words) => {
      const node = this.find(selector);
      if (node.textContent !== words) node.textContent = words; // what stays costs no layout
    };
    put(".where b", sentence(queryName(scene, query)));
    put(".where .muted", pinned ? "pinned" : "not pinned");
    this.find(".free").style.visibility = pinned ? "visible" : "hidden";
    const onPicture = pictureWords(scene, view, query, lit);
    put(".on-picture", onPicture);
    this.find(".how").hidden = onPicture !== "";
    put(".legend", legendWords(scene, view, query));
    const { title, high } = scaleWords(scene, view, shared);
    put(".scale-title", title);
    put(".high", high);
    for (const [value, label] of [["from", "From"], ["to", "To"]]) put(`input[value=${value}] + span`, `${label} ${query.kind}`);
    for (const mark of this.root.querySelectorAll(".distance .mark")) {
      mark.classList.toggle("lit", lit !== null && view.heads === "each" && mark.dataset.map === `${lit.model}.${lit.layer}.${lit.column}`);
    }
  }
}

const explorers = new WeakMap(); // by root element

/** Streamlit calls this at first and whenever the data or the theme changes. */
export default function attentionExplorer({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".explorer");
  if (!explorers.has(root)) explorers.set(root, new Explorer(root));
  const explorer = explorers.get(root);
  explorer.update(data, setStateValue);
  const turn = explorer.turn;
  return () => explorer.leave(turn);
}
