/* Validation accuracy of both models, exactly over the slider's way, with a mark that moves along. */

const THUMB = 20; // px: the slider's knob; its middle never reaches the ends of the track
const TALL = 84; // px
const SHORT = 56; // where the window is low

/** where an epoch is, in px from the left of the slider */
function placeOf(scene, time, width) {
  return THUMB / 2 + (scene.last > 0 ? time / scene.last : 0) * (width - THUMB);
}

/** a range of accuracies that all fit in, ends on whole tens of percent */
function rangeOf(scene) {
  const values = scene.models.flatMap(({ accuracy }) => [...accuracy.values()]);
  if (values.length === 0) return [0, 1];
  const low = Math.floor(10 * Math.min(...values)) / 10;
  return [low, Math.max(Math.ceil(10 * Math.max(...values)) / 10, low + 0.1)];
}

class Curve {
  constructor(svg) {
    this.svg = svg;
  }

  build(scene, width) {
    const [low, high] = rangeOf(scene);
    const height = window.innerHeight < 800 ? SHORT : TALL;
    const box = { top: 8, bottom: height - 6 };
    this.scene = scene;
    this.width = width;
    this.yOf = (value) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
    this.svg.replaceChildren();
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("aria-label", this.#label());
    for (const value of [low, high]) {
      const y = this.yOf(value);
      this.svg.append(svgElement("line", { class: "grid", x1: THUMB / 2, x2: width - THUMB / 2, y1: y, y2: y }),
        svgElement("text", { class: "tick", x: THUMB / 2, y: value === low ? y - 4 : y + 12 }, `${Math.round(100 * value)} %`));
    }
    this.now = svgElement("line", { class: "now", y1: box.top - 4, y2: height });
    this.svg.append(this.now);
    for (const model of scene.models) {
      const points = [...model.accuracy].map(([epoch, value]) => `${placeOf(scene, epoch, width)},${this.yOf(value)}`);
      this.svg.append(svgElement("polyline", { class: "line", stroke: model.colour, points: points.join(" ") }));
    }
    this.marks = scene.models.map((model) => {
      const mark = markFor(model, 0, 0, 5);
      this.svg.append(mark);
      return mark;
    });
  }

  move(time) {
    const x = placeOf(this.scene, time, this.width);
    this.now.setAttribute("x1", x);
    this.now.setAttribute("x2", x);
    this.scene.models.forEach((model, m) => {
      const value = accuracyAt(model, time);
      this.marks[m].style.display = value === null ? "none" : "";
      if (value !== null) this.marks[m].setAttribute("transform", `translate(${x} ${this.yOf(value)})`);
    });
  }

  #label() {
    const lines = this.scene.models.map((model) => {
      const values = [...model.accuracy.values()];
      return values.length === 0 ? `${model.name}: none` : `${model.name}: from ${percent(values[0])} to ${percent(values.at(-1))}`;
    });
    return `Validation accuracy over the epochs. ${lines.join("; ")}.`;
  }
}

/** epochs to write under the slider: about one per 60 px */
function ticksFor(last, width) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((one) => (last / one) * 60 <= width) ?? 1000;
  const ticks = [];
  for (let epoch = 0; epoch <= last; epoch += step) ticks.push(epoch);
  return ticks;
}
