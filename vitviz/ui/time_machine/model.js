/* What is shown of one model. */

const MOST_TILE = 118; // px
const MAPS_HEIGHT = 160;

function swatchOf(model) {
  const swatch = svgElement("svg", { class: "swatch", viewBox: "0 0 14 14", "aria-hidden": "true" });
  swatch.append(markFor(model, 7, 7, 4.8));
  return swatch;
}

function scoreOf(model) {
  const score = element("div");
  const name = element("dt");
  name.append(swatchOf(model), model.name);
  score.append(name, element("dd"));
  return score;
}

/** One model: its answer, attention, weight maps and positions. */
class ModelPanel {
  constructor(scene, model, width, heads, act) {
    Object.assign(this, { scene, model, heads, act });
    this.node = element("section", "model");
    this.node.setAttribute("aria-label", model.name);
    this.node.append(this.#title(), this.#attention(width), this.#maps(width), this.#positions(width));
  }

  #title() {
    const title = element("header", "title");
    this.said = element("span", "said");
    this.sure = element("span", "sure");
    title.append(swatchOf(this.model), element("h3", "", this.model.name), this.said, this.sure);
    return title;
  }

  #figure(kind, title, note) {
    const figure = element("figure", kind);
    const caption = element("figcaption");
    caption.append(element("h4", "", title), element("span", "muted", note));
    figure.append(caption);
    return figure;
  }

  #attention(width) {
    const { scene, model, heads, act } = this;
    const layers = model.lengths.length;
    const rows = heads === "each" ? scene.heads : 1;
    const size = Math.floor(Math.min((width - (layers - 1) * SPACE) / layers, rows > 1 ? 84 : MOST_TILE));
    const figure = this.#figure("attention", "Attention", rows > 1 ? "layers across, heads down" : "of the patch, mean of the heads");
    const names = element("div", "names");
    names.style.gridTemplateColumns = `repeat(${layers}, ${size}px)`;
    const learnedFrom = model.learners[0]?.before ?? layers;
    for (let k = 0; k < layers; k++) names.append(element("span", "muted", size < 90 ? `Layer ${k + 1}` : `Layer ${k + 1}${k >= learnedFrom ? ", learned" : ""}`));
    this.attention = new Tiles(`${model.name}: attention of the patch in ${layers} layers`, (event, tile, patch) => {
      const shown = act.shown();
      if (!event || !shown) return act.tip(null);
      const [k, h] = [tile % layers, Math.floor(tile / layers)];
      const which = rows > 1 ? `head ${h + 1}` : "mean of the heads";
      act.tip(event, [`${model.name} · layer ${k + 1} · ${which}`, `${weightWords(shown.attention[k][h][patch])} at ${patchWords(scene, patch)}`]);
    });
    this.attention.place(scene, rows * layers, { size, columns: layers, rows });
    figure.append(names, this.attention.canvas);
    return figure;
  }

  #maps(width) {
    const { scene, model, act } = this;
    const count = model.learners.reduce((sum, { n }) => sum + n, 0);
    if (count === 0) {
      const figure = this.#figure("maps without", "No weight maps", `without a TokenLearner, ${scene.tokens} patches go all the way`);
      return figure;
    }
    const figure = this.#figure("maps", "Weight maps", `${count === 1 ? "one learned token" : `${count} learned tokens`}, what each takes from the picture`);
    const n = model.learners[0].n;
    this.maps = new Tiles(`${model.name}: ${count} weight maps`, (event, tile, patch) => {
      const shown = act.shown();
      if (!event || !shown) return act.tip(null);
      const [learner, i] = [Math.floor(tile / n), tile % n];
      act.tip(event, [`Map ${i + 1}${learner > 0 ? " of the second TokenLearner" : ""}`,
        `${weightWords(shown.maps[learner][i * scene.tokens + patch])} at ${patchWords(scene, patch)}`]);
    });
    this.maps.place(scene, count, arrange(count, width, MAPS_HEIGHT, MOST_TILE));
    figure.append(this.maps.canvas);
    return figure;
  }

  #positions(width) {
    const { scene, model, act } = this;
    const size = Math.floor(Math.min((width - 16) / 2, 136));
    const figure = this.#figure("positions", "Positions", "cosines of their embeddings: one patch, all patches");
    const cosine = (p, q) => {
      const shown = act.shown();
      return shown ? shown.positions[p * scene.tokens + q].toFixed(2) : "";
    };
    this.one = new Tiles(`${model.name}: positional similarity of the patch`, (event, _, patch) => {
      if (!event || !act.shown()) return act.tip(null);
      act.tip(event, [`Cosine ${cosine(Number(this.query), patch)}`, `with ${patchWords(scene, patch)}`]);
    });
    this.one.place(scene, 1, { size, columns: 1, rows: 1 });
    this.all = new GridOfGrids(`${model.name}: positional similarity of all patches`, (event, patch) => {
      if (event && event.pointerType !== "touch") act.ask(patch);
    });
    this.all.place(scene, size);
    const pair = element("div", "pair");
    pair.append(this.one.canvas, this.all.canvas);
    figure.append(pair);
    return figure;
  }

  /** `shown`: see shownAt; null where the model has nothing at this time */
  draw(shown, query, picture, sequential, diverging) {
    const { model, scene } = this;
    this.query = query;
    const rows = shown ? shown.attention[0].map((_, h) => shown.attention.map((heads) => heads[h])).flat() : null;
    this.attention.draw(rows?.map((values) => values.map((value) => Math.sqrt(value / scene.attentionTop))) ?? null, sequential, { picture, query });
    if (this.maps) {
      const top = model.mapTop;
      const maps = shown?.maps.flatMap((all, l) => Array.from({ length: model.learners[l].n }, (_, i) =>
        all.subarray(i * scene.tokens, (i + 1) * scene.tokens).map((value) => value / top)));
      this.maps.draw(maps ?? null, sequential, { picture });
    }
    const cosines = shown?.positions.map((value) => (value + 1) / 2) ?? null;
    this.one.draw(cosines && [cosines.subarray(query * scene.tokens, (query + 1) * scene.tokens)], diverging, { query });
    this.all.draw(cosines, diverging, query);
    const answer = shown && answerWords(scene, shown.answer);
    this.said.textContent = answer ? `${answer.name}${{ true: " ✓", false: " ✗" }[answer.right] ?? ""}` : "";
    this.sure.textContent = answer ? `${Math.round(100 * answer.share)} %` : "";
    this.node.classList.toggle("absent", !shown);
  }
}
