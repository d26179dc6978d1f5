/* The time machine itself: a time, a patch, a few switches, and one repaint for every change of them. */

const SETTINGS = ["heads", "overlay"];
const REPORT_IN = 250; // ms without another change before Python hears of it
const NEAR = 4; // px of the slider within which a whole epoch is meant
const LONGEST = 100; // ms that count between two repaints: nothing is jumped over when the browser was busy
const ICONS = { play: "M4 2.5v11l9-5.5z", pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z" };

class TimeMachine {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.slider = this.find(".slider");
    this.canvas = this.find(".picture canvas");
    this.curve = new Curve(this.find(".curve"));
    this.turn = 0;
    this.time = 0;
    this.query = 0;
    this.playing = null;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.#listen();
    this.resizing = new ResizeObserver(() => this.scene && this.root.clientWidth !== this.builtWidth && this.#build());
    // For tests, and for whoever wants the numbers behind the colours
    root.__vitviz = {
      time: () => this.time,
      attention: (model, layer, head = 0) => this.shown[model] && Array.from(this.shown[model].attention[layer][head]),
      positions: (model) => this.shown[model] && Array.from(this.shown[model].positions),
      maps: (model, learner = 0) => this.shown[model] && Array.from(this.shown[model].maps[learner]),
      answer: (model) => this.shown[model] && Array.from(this.shown[model].answer),
    };
  }

  update(data, report, pick) {
    this.report = report;
    this.pick = pick;
    this.turn += 1;
    this.resizing.observe(this.root);
    const read = readHeader(data);
    const { request, digest, last } = read.header;
    const before = this.scene;
    const fresh = digest !== before?.digest;
    if (fresh) this.scene = readFilm(read);
    if (request.id !== this.request) {
      this.request = request.id;
      this.#show(request.view);
    } else if (fresh && before.last < last && this.time === before.last) this.time = last; // follows a training at work
    this.time = Math.min(this.time, last);
    this.query = Math.min(this.query, this.scene.tokens - 1);
    if (fresh) this.#take();
    this.#build();
  }

  leave(turn) {
    if (turn !== this.turn) return; // a later call has taken over this element
    clearTimeout(this.waiting);
    this.#pause();
    this.resizing.disconnect();
  }

  #show(view) {
    const { scene } = this;
    this.#pause();
    this.view = { heads: view.heads, overlay: view.overlay };
    this.time = view.epoch === null ? scene.last : Math.min(Number(view.epoch), scene.last);
    const pinned = readPin(scene, view.pin);
    this.pinned = pinned !== null;
    this.query = pinned?.index ?? patchAtPixel(scene, [scene.image.height / 2, scene.image.width / 2]).index;
    for (const name of SETTINGS) {
      for (const input of this.root.querySelectorAll(`input[name=${name}]`)) input.checked = input.value === view[name];
    }
  }

  /** what depends on the data alone */
  #take() {
    const { scene } = this;
    this.picture = pictureCanvas(scene, false);
    this.greyPicture = pictureCanvas(scene, true);
    this.sequential = colourTable(scene.sequential);
    this.diverging = colourTable(scene.diverging);
    for (const ramp of this.root.querySelectorAll(".ramp")) {
      const table = ramp.dataset.scale === "positions" ? this.diverging : this.sequential;
      const pixels = new ImageData(256, 1);
      for (let i = 0; i < 256; i++) pixels.data.set([...table.subarray(3 * i, 3 * i + 3), 255], 4 * i);
      ramp.getContext("2d").putImageData(pixels, 0, 0);
    }
    this.root.querySelectorAll(".attention-stops i").forEach((stop, i) => {
      stop.textContent = attentionStop(scene, i / 4);
    });
    const learned = scene.models.filter(({ learners }) => learners.length > 0);
    this.find(".maps-scale").hidden = learned.length === 0;
    const top = Math.max(...learned.map(({ mapTop }) => mapTop), 0);
    this.find(".top").textContent = top === 1 ? "1" : weightWords(top);
    this.find(".half").textContent = top === 1 ? "0.5" : weightWords(top / 2);
    this.find(".each").hidden = scene.heads === 1;
    const focused = this.find(".pictures").contains(this.root.getRootNode().activeElement);
    const pictures = scene.thumbnails.map((thumbnail, i) => this.#thumbnail(thumbnail, i));
    this.find(".pictures").replaceChildren(...pictures);
    if (focused) pictures[scene.picture].focus({ preventScroll: true });
  }

  #thumbnail(thumbnail, i) {
    const button = element("button");
    button.type = "button";
    button.title = this.scene.names[i];
    button.setAttribute("aria-label", this.scene.names[i]);
    button.setAttribute("aria-pressed", i === this.scene.picture);
    button.append(pictureCanvas(thumbnail, false));
    button.addEventListener("click", () => i !== this.scene.picture && this.pick(i));
    return button;
  }

  #heads() {
    return this.scene.heads === 1 ? "mean" : this.view.heads;
  }

  #change() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (this.playing) return; // and hears of it when it stops
      const { scene, time, view } = this;
      const pin = this.pinned ? writePin(scene, { kind: "patch", index: this.query }) : null;
      const epoch = time === scene.last ? null : `${Number(time.toFixed(2))}`;
      this.report({ ...view, pin, epoch, request: this.request });
    }, REPORT_IN);
  }

  /** to another time, by a person */
  #go(time) {
    this.time = Math.min(this.scene.last, Math.max(0, time));
    this.#change();
    this.repaint();
  }

  #ask(query) {
    if (query === this.query) return;
    this.query = query;
    this.repaint();
  }

  #pin(query) {
    this.pinned = query !== null;
    if (query !== null) this.query = query;
    this.#change();
    this.repaint();
  }

  #play() {
    if (this.playing) return this.#pause();
    if (this.time >= this.scene.last) this.time = 0;
    const speed = Number(this.find("input[name=speed]:checked").value);
    let [before, waited] = [performance.now(), 0];
    const step = (now) => {
      const passed = (Math.min(now - before, LONGEST) / 1000) * speed; // in epochs
      before = now;
      if (this.calm.matches) { // whole epochs, one after the other, without the blending in between
        waited += passed;
        if (waited >= 1) [this.time, waited] = [Math.floor(this.time) + 1, 0];
      } else this.time += passed;
      this.time = Math.min(this.time, this.scene.last);
      this.repaint();
      if (this.time < this.scene.last) this.playing = requestAnimationFrame(step);
      else this.#pause();
    };
    this.playing = requestAnimationFrame(step);
    this.#drawButton();
    this.repaint();
  }

  #pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.#drawButton();
    this.repaint(); // says in words where it stands
    this.#change();
  }

  #drawButton() {
    const play = this.find(".play");
    play.querySelector("path").setAttribute("d", this.playing ? ICONS.pause : ICONS.play);
    play.querySelector("span").textContent = this.playing ? "Pause" : "Play";
    this.root.dataset.playing = String(this.playing !== null);
  }

  #listen() {
    this.#drawButton();
    this.find(".play").addEventListener("click", () => this.#play());
    this.root.addEventListener("change", ({ target }) => {
      if (target.name === "speed" && this.playing) {
        this.#pause();
        this.#play();
      }
      if (!SETTINGS.includes(target.name)) return;
      this.view[target.name] = target.value;
      this.#change();
      this.#build();
    });
    this.slider.addEventListener("input", () => {
      this.#pause();
      const [time, whole] = [Number(this.slider.value), Math.round(Number(this.slider.value))];
      const pixels = (Math.abs(time - whole) / Math.max(this.scene.last, 1)) * this.slider.clientWidth;
      this.#go(pixels <= NEAR ? whole : time);
    });
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    this.find(".free").addEventListener("click", () => {
      this.#pin(null);
      this.canvas.focus({ preventScroll: true });
    });
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.pinned && this.#pin(null));
    const patchAt = (event) => {
      const unit = (this.canvas.clientWidth / this.scene.side) * this.scene.patch;
      const [row, column] = [event.offsetY, event.offsetX].map((at) => Math.floor(at / unit));
      const inside = [row, column].every((at) => at >= 0 && at < this.scene.grid);
      return inside ? row * this.scene.grid + column : null;
    };
    this.canvas.addEventListener("pointermove", (event) => {
      const patch = event.pointerType === "touch" || this.pinned ? null : patchAt(event);
      if (patch !== null) this.#ask(patch);
    });
    this.canvas.addEventListener("click", (event) => {
      const patch = patchAt(event);
      if (patch !== null) this.#pin(this.pinned && patch === this.query ? null : patch);
    });
    this.canvas.addEventListener("keydown", (event) => {
      const step = arrowStep(event);
      if (step) this.#walk(step);
      else if (event.key === "Enter" || event.key === " ") this.#pin(this.pinned ? null : this.query);
      else return;
      event.preventDefault();
    });
  }

  /** on the slider: from epoch to epoch; with Shift by a tenth */
  #key(event) {
    const { time, scene } = this;
    const by = (step) => (step > 0 ? Math.floor(time + 1e-9) + step : Math.ceil(time - 1e-9) + step);
    const one = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const many = { PageUp: 5, PageDown: -5 }[event.key];
    let to;
    if (one && event.shiftKey) to = Math.round(10 * (time + one / 10)) / 10;
    else if (one || many) to = by(one ?? many);
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = scene.last;
    else if (event.key === " ") this.#play();
    else return;
    event.preventDefault();
    if (to === undefined) return;
    this.#pause();
    this.#go(to);
  }

  #walk([down, right]) {
    const { grid } = this.scene;
    const [row, column] = [Math.floor(this.query / grid) + down, (this.query % grid) + right];
    if (row < 0 || column < 0 || row >= grid || column >= grid) return;
    if (this.pinned) this.#pin(row * grid + column);
    else this.#ask(row * grid + column);
  }

  #tip(event, lines) {
    const tip = this.find(".tip");
    tip.hidden = !event;
    if (!event) return;
    tip.replaceChildren(...lines.map((line, i) => element(i === 0 ? "b" : "span", "", line)));
    const box = this.root.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    tip.style.left = `${Math.max(0, Math.min(x + 14, box.width - tip.offsetWidth - 2))}px`;
    tip.style.top = `${y + 18 + tip.offsetHeight > box.height ? y - tip.offsetHeight - 10 : y + 18}px`;
  }

  /** what depends on the data's shape, the switches and the width; then everything is painted */
  #build() {
    const { scene } = this;
    const models = this.find(".models");
    models.style.setProperty("--models", scene.models.length);
    this.builtWidth = this.root.clientWidth;
    const style = getComputedStyle(models);
    const columns = style.gridTemplateColumns.split(" ").length;
    const width = Math.floor((models.clientWidth - (columns - 1) * parseFloat(style.columnGap)) / columns);
    this.panels = scene.models.map((model, m) => new ModelPanel(scene, model, width, this.#heads(), {
      tip: (event, lines) => this.#tip(event, lines),
      shown: () => this.shown[m],
      ask: (patch) => this.pinned || this.#ask(patch),
    }));
    models.replaceChildren(...this.panels.map(({ node }) => node));
    this.find(".scores").replaceChildren(...scene.models.map((model) => scoreOf(model)));
    this.slider.max = Math.max(scene.last, 0.001);
    this.slider.disabled = scene.last === 0;
    this.#drawTrack();
    this.find(".of").textContent = scene.last < scene.planned ? `of ${scene.last} so far` : `of ${scene.last}`;
    this.find(".legend").textContent = legendWords(scene, this.#heads());
    this.canvas.setAttribute("aria-label",
      `The picture under its grid of ${scene.grid} by ${scene.grid} patches. Arrow keys move the patch, Enter pins it, Escape frees it.`);
    this.repaint();
  }

  #drawTrack() {
    const { scene } = this;
    const width = this.slider.clientWidth;
    this.curve.build(scene, width);
    const ticks = this.find(".ticks");
    ticks.setAttribute("viewBox", `0 0 ${width} 16`);
    ticks.replaceChildren(...ticksFor(scene.last, width).map((epoch) =>
      svgElement("text", { x: placeOf(scene, epoch, width), y: 12, "text-anchor": "middle" }, epoch)));
  }

  repaint() {
    if (!this.scene) return;
    const started = performance.now();
    const { scene, time, query } = this;
    const heads = this.#heads();
    this.shown = scene.models.map((model) => shownAt(scene, model, time, query, heads));
    const over = this.view.overlay === "on" ? this.greyPicture : null;
    this.panels.forEach((panel, m) => panel.draw(this.shown[m], query, over, this.sequential, this.diverging));
    this.#drawPicture();
    this.#drawWords();
    this.curve.move(time);
    if (Number(this.slider.value) !== time) this.slider.value = time;
    this.lastRepaintMs = performance.now() - started;
    Object.assign(this.root.dataset, { epoch: time, query, repaintMs: this.lastRepaintMs.toFixed(2) });
  }

  #drawPicture() {
    const { scene, query } = this;
    const size = this.find(".picture").clientWidth;
    const context = fitCanvas(this.canvas, size, size);
    context.drawImage(this.picture, 0, 0, size, size);
    hatchUnseen(context, scene, size);
    const unit = (size / scene.side) * scene.patch;
    drawGrid(context, scene, unit);
    const [x, y] = [(query % scene.grid) * unit, Math.floor(query / scene.grid) * unit];
    outlinePatch(context, x, y, unit, 3);
    const accent = getComputedStyle(this.root).getPropertyValue("--accent").trim();
    if (this.pinned) drawPin(context, x + unit / 2, y + unit / 2, Math.min(7, unit / 4), accent);
  }

  #drawWords() {
    const { scene, time, query, pinned } = this;
    const put = (selector, words) => {
      const node = this.find(selector);
      if (node.textContent !== words) node.textContent = words; // what stays costs no layout
    };
    put(".number", timeWords(time));
    put(".where b", sentenceCase(patchWords(scene, query)));
    this.find(".free").style.visibility = pinned ? "visible" : "hidden";
    const state = this.playing ? "Playing: between two epochs, blended and not saved." : stateWords(scene, time);
    put(".state", state); // said aloud when it changes: not at every frame of a film
    this.root.dataset.state = stateMarks(scene, time);
    this.slider.setAttribute("aria-valuetext", sliderWords(scene, time));
    scene.models.forEach((model, m) => put(`.scores > :nth-child(${m + 1}) dd`, accuracyWords(model, time)));
  }
}

const machines = new WeakMap(); // by root element

/** Streamlit calls this at first and whenever the data or the theme changes. */
export default function timeMachine({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".machine");
  if (!machines.has(root)) machines.set(root, new TimeMachine(root));
  const machine = machines.get(root);
  machine.update(data, (view) => setStateValue("view", view), (picture) => setTriggerValue("picture", picture));
  const turn = machine.turn;
  return () => machine.leave(turn);
}
