/* One model: its maps as a mosaic of layers (rows) and heads (columns) on one canvas, and its learned tokens. */

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class Panel {
  /** `act` holds what the explorer does: overMap, offMap, holdMap, overToken, offToken, pinToken */
  constructor(scene, model, view, place, act) {
    Object.assign(this, { scene, model, view, place, act });
    this.columns = view.heads === "each" ? model.layers[0].heads : 1;
    this.strip = new TokenStrip(scene, model, view, place, act);
    this.readings = [];
    this.node = element("section", "model");
    this.node.setAttribute("aria-label", model.name);
    this.node.append(this.#title(), this.#mosaic(), this.strip.node);
  }

  #title() {
    const title = element("header", "title");
    const mark = svgElement("svg", { class: "swatch", viewBox: "0 0 14 14", "aria-hidden": "true" });
    mark.append(markFor(this.model, 7, 7, 4.8));
    title.append(mark, element("h3", "", this.model.name), element("span", "muted", modelSummary(this.scene, this.model)));
    return title;
  }

  #mosaic() {
    const { place, model, view, scene } = this;
    const mosaic = element("div", "mosaic");
    mosaic.style.height = `${HEAD_ROW + place.mapsHeight}px`;
    const put = (node, left, top, width, height) => {
      Object.assign(node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
      mosaic.append(node);
    };
    for (let column = 0; column < this.columns; column++) {
      put(element("span", "column", columnName(view, column, place.cell)), place.label + place.left(column), 0, place.cell, HEAD_ROW);
    }
    model.layers.forEach((layer, k) => {
      const row = element("div", "row");
      const wide = place.label > 40;
      row.append(element("b", "", wide ? `Layer ${k + 1}` : `L${k + 1}`));
      if (wide) row.append(element("span", "muted", `${layer.T} ${layer.learner === PATCHES ? "patches" : "learned"}`));
      put(row, 0, HEAD_ROW + place.top(k), place.label - 4, place.cell);
      if (view.heads === "each") return;
      const reading = element("div", "reading");
      const left = place.label + place.cell + 14;
      put(reading, left, HEAD_ROW + place.top(k), place.width - left, place.cell);
      this.readings.push(reading);
    });
    for (const before of place.bands) {
      const learner = model.learners.find((one) => one.before === before);
      const band = element("div", learner ? "band" : "band plain");
      band.append(element("span", "", learner ? `TokenLearner: ${scene.tokens} → ${learner.n} tokens` : `all ${scene.tokens} patches go on`));
      if (learner) band.style.setProperty("--model-colour", model.colour);
      put(band, place.label, HEAD_ROW + place.bandTop(before) - GAP / 2, place.bandWidth, BAND);
    }
    this.canvas = element("canvas", "maps");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "attention maps");
    this.canvas.setAttribute("aria-label", mapsLabel(model, this.columns));
    put(this.canvas, place.label, HEAD_ROW, place.mapsWidth(this.columns), place.mapsHeight);
    this.#listen();
    return mosaic;
  }

  #listen() {
    const { canvas, act, model } = this;
    canvas.addEventListener("pointermove", (event) => {
      const found = event.pointerType === "touch" ? null : this.#at(event.offsetX, event.offsetY);
      if (found) act.overMap(event, model, found.layer, found.column, found.patch);
      else act.offMap();
    });
    canvas.addEventListener("pointerleave", () => act.offMap());
    canvas.addEventListener("click", (event) => {
      const found = this.#at(event.offsetX, event.offsetY);
      if (found) act.holdMap(model, found.layer, found.column);
    });
    const cursor = { layer: 0, column: 0 };
    const show = () => act.overMap(null, model, cursor.layer, cursor.column, null);
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && show());
    canvas.addEventListener("blur", () => act.offMap());
    canvas.addEventListener("keydown", (event) => {
      const step = arrowStep(event);
      if (step) {
        cursor.layer = Math.min(model.layers.length - 1, Math.max(0, cursor.layer + step[0]));
        cursor.column = Math.min(this.columns - 1, Math.max(0, cursor.column + step[1]));
        show();
      } else if (event.key === "Enter" || event.key === " ") act.holdMap(model, cursor.layer, cursor.column);
      else return;
      event.preventDefault();
    });
  }

  /** the map and the patch under a point of the canvas */
  #at(x, y) {
    const { place, scene, model } = this;
    const column = Math.floor(x / (place.cell + GAP));
    const layer = model.layers.findIndex((_, k) => y >= place.top(k) && y < place.top(k) + place.cell);
    const [inX, inY] = [x - place.left(column), y - place.top(layer)];
    if (layer < 0 || column < 0 || column >= this.columns || inX >= place.cell) return null;
    const unit = (place.cell / scene.side) * scene.patch;
    const [row, col] = [Math.floor(inY / unit), Math.floor(inX / unit)];
    return { layer, column, patch: row < scene.grid && col < scene.grid ? row * scene.grid + col : null };
  }

  /** Paints all maps. `shared` is the common maximum or null; `lit` is the map that the large picture shows. */
  draw(shown, shared, picture, table, query, lit, accent) {
    const { scene, place, view } = this;
    const { grid, side, patch } = scene;
    const context = fitCanvas(this.canvas, place.mapsWidth(this.columns), place.mapsHeight);
    const over = view.overlay === "on";
    // One pixel per patch, all maps at once; then each is enlarged into its place
    this.small ??= newCanvas(this.columns * grid, shown.length * grid);
    const pixels = new ImageData(this.small.width, this.small.height);
    shown.forEach((row, k) => row.forEach((map, h) =>
      writeMap(pixels, h * grid, k * grid, grid, map.values, shared ?? map.max, table, over)));
    this.small.getContext("2d").putImageData(pixels, 0, 0);
    const unit = (patch * place.cell) / side;
    const covered = grid * unit;
    shown.forEach((row, k) => row.forEach((map, h) => {
      const [x, y] = [place.left(h), place.top(k)];
      if (over) context.drawImage(picture, x, y, place.cell, place.cell);
      context.drawImage(this.small, h * grid, k * grid, grid, grid, x, y, covered, covered);
      context.fillStyle = "rgba(127, 127, 127, 0.35)"; // what the patch size drops
      context.fillRect(x + covered, y, place.cell - covered, place.cell);
      context.fillRect(x, y + covered, covered, place.cell - covered);
      if (query.kind === "patch") {
        outlinePatch(context, x + (query.index % grid) * unit, y + Math.floor(query.index / grid) * unit, unit, 1);
      }
      if (lit && lit.layer === k && lit.column === h) {
        context.lineWidth = 3;
        context.strokeStyle = accent;
        context.strokeRect(x + 1.5, y + 1.5, place.cell - 3, place.cell - 3);
      }
    }));
    this.readings.forEach((reading, k) => {
      const lines = readingWords(scene, shown[k][0]);
      while (reading.children.length < lines.length) reading.append(element("span"));
      lines.forEach((line, i) => { reading.children[i].textContent = line; });
    });
  }
}
