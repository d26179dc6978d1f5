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
    place.replaceChildren(this.node, tools);
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
    if (!size.width) return; // not on the page yet: its size will come
    this.size = size;
    const { data, layout } = this.figure;
    Plotly.react(this.node, data, { ...layout, ...size, autosize: false }, CONFIG);
  }

  #fit() {
    const { width, height } = this.#size();
    if (!width || (width === this.size?.width && height === this.size?.height)) return;
    if (!this.size) return this.#draw();
    this.size = { width, height };
    Plotly.relayout(this.node, { width, height });
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
