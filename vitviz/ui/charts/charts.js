// Draws Plotly's figures, each in its place: the first one anew, the next ones by what differs.

/** Plotly is a script of the old kind, which our document names; another document gets it here */
function plotly() {
  if (globalThis.Plotly) return globalThis.Plotly;
  let script = document.querySelector("script[data-plotly]");
  if (!script) {
    script = document.createElement("script");
    script.src = new URL("./plotly.js", import.meta.url);
    document.head.append(script);
  }
  return new Promise((there, fail) => {
    script.addEventListener("load", () => there(globalThis.Plotly));
    script.addEventListener("error", fail);
  });
}

const Plotly = await plotly();
const CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: false, responsive: false };
const CAMERA = "M9 4h6l1.5 2H21v14H3V6h4.5zM12 8.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9";
const CORNERS = "M3 3h7v2H5v5H3zM14 3h7v7h-2V5h-5zM3 14h2v5h5v2H3zM19 14h2v7h-7v-2h5z";
const NARROWEST = 60; // px: in less, Plotly finds no room for its axes and says so in the console
const charts = new WeakMap();

function button(label, path, act) {
  const node = document.createElement("button");
  node.type = "button";
  node.title = label;
  node.setAttribute("aria-label", label);
  node.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
  node.onclick = act;
  return node;
}

class Chart {
  constructor(place) {
    this.place = place;
    this.turn = 0;
    this.node = document.createElement("div");
    this.node.setAttribute("role", "img");
    const tools = document.createElement("div");
    tools.className = "vv-chart-tools";
    tools.append(
      button("Save this picture", CAMERA, () => this.#save()),
      button("Whole screen", CORNERS, () => this.#wholeScreen()),
    );
    this.tip = document.createElement("div");
    this.tip.className = "vv-chart-tip";
    this.tip.hidden = true;
    place.replaceChildren(this.node, tools, this.tip);
    this.node.addEventListener("pointermove", (event) => this.#tell(event));
    this.node.addEventListener("pointerleave", () => this.#tell(null));
    this.resizing = new ResizeObserver(() => this.#fit());
  }

  show(data) {
    this.turn += 1;
    this.resizing.observe(this.place);
    const said = new TextDecoder().decode(data);
    if (said === this.said) return;
    this.said = said;
    const { figure, alt, file } = JSON.parse(said);
    Object.assign(this, { figure, file });
    this.node.setAttribute("aria-label", alt);
    this.#draw();
  }

  leave(turn) {
    if (turn !== this.turn) return; // a later call has taken over this place
    this.resizing.disconnect();
    Plotly.purge(this.node);
    charts.delete(this.place);
  }

  #size() {
    const whole = document.fullscreenElement === this.place;
    return { width: this.place.clientWidth, height: whole ? this.place.clientHeight : this.figure.layout.height };
  }

  #draw() {
    const size = this.#size();
    if (size.width < NARROWEST) return; // not on the page yet: its size will come
    this.size = size;
    const { data, layout } = this.figure;
    Plotly.react(this.node, data, { ...layout, ...size, autosize: false }, CONFIG);
  }

  #fit() {
    const { width, height } = this.#size();
    if (width < NARROWEST || !height || (width === this.size?.width && height === this.size?.height)) return;
    if (!this.size) return this.#draw();
    this.size = { width, height };
    Plotly.relayout(this.node, { width, height });
  }

  /** Where the pointer is, in the units of the axes, for whoever on the page knows more of it, and may say it here. */
  #tell(event) {
    this.tip.hidden = true;
    const axes = this.node._fullLayout;
    const box = this.place.getBoundingClientRect();
    const [left, top] = event ? [event.clientX - box.left, event.clientY - box.top] : [];
    const detail = event && axes?.xaxis && {
      x: axes.xaxis.p2c(left - axes.xaxis._offset),
      y: axes.yaxis.p2c(top - axes.yaxis._offset),
      say: (lines) => this.#say(lines, left, top),
    };
    this.node.dispatchEvent(new CustomEvent("vitviz:chart", { bubbles: true, detail: detail || null }));
  }

  #say(lines, left, top) {
    const { tip, place } = this;
    tip.replaceChildren(...lines.map((line) => Object.assign(document.createElement("span"), { textContent: line })));
    tip.hidden = false;
    tip.style.left = `${Math.max(0, Math.min(left + 14, place.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${top > tip.offsetHeight + 14 ? top - tip.offsetHeight - 10 : top + 18}px`;
  }

  #save() {
    // twice the size on screen where it is made of pixels
    Plotly.downloadImage(this.node, { ...this.file, ...this.size, scale: this.file.format === "png" ? 2 : 1 });
  }

  #wholeScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.place.requestFullscreen();
  }
}

/** Streamlit calls this at first and whenever the data changes: JSON in UTF-8, see `plot.py`. */
export default function chart({ data, parentElement }) {
  const place = parentElement.querySelector(".vv-chart");
  if (!charts.has(place)) charts.set(place, new Chart(place));
  const chart = charts.get(place);
  chart.show(data);
  const { turn } = chart;
  return () => chart.leave(turn);
}
