/* The learned tokens of one model, each shown as its weight map: hover one to ask for it, click to pin it. */

class TokenStrip {
  constructor(scene, model, view, place, act) {
    Object.assign(this, { scene, model, view, place, act });
    this.node = element("div", "strip");
    this.tokens = [];
    if (model.learners.length > 0) this.#thumbnails();
    else if (place.bands.length > 0) {
      this.node.classList.add("without");
      this.node.append(element("h4", "", "No learned tokens"),
        element("p", "muted", "Without a TokenLearner every patch stays a token of its own, in every layer."));
    } else this.node.hidden = true; // a ViT alone has nothing to line up with
  }

  #thumbnails() {
    const { model, scene } = this;
    const heading = element("h4", "", model.learners.length > 1 ? "Learned tokens, first and second" : "Learned tokens");
    this.barWords = element("span", "muted");
    heading.append(this.barWords);
    const row = element("div", "tokens");
    row.setAttribute("role", "toolbar");
    row.setAttribute("aria-label", `Learned tokens of ${model.name}`);
    const count = model.learners.reduce((sum, { n }) => sum + n, 0);
    const { size, columns } = thumbnailSize(count, this.place.width - 4);
    row.style.gridTemplateColumns = `repeat(${columns}, ${size}px)`;
    model.learners.forEach(({ n }, learner) => {
      for (let index = 0; index < n; index++) {
        const query = { kind: "token", model: model.index, learner, index };
        this.tokens.push(this.#thumbnail(query, size, tokenWords(scene, model, learner, index)));
      }
    });
    row.append(...this.tokens.map(({ node }) => node));
    this.tokens[0].node.tabIndex = 0; // one stop for the Tab key; the arrow keys go on from there
    row.addEventListener("keydown", (event) => this.#key(event));
    this.node.append(heading, row);
  }

  #thumbnail(query, size, words) {
    const node = element("button", query.learner === 1 ? "token second" : "token");
    node.type = "button";
    node.tabIndex = -1;
    node.setAttribute("aria-label", words.join(", "));
    const canvas = element("canvas");
    const bar = element("span", "share");
    const fill = element("i");
    bar.append(fill);
    node.append(canvas, bar);
    node.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && this.act.overToken(event, query));
    node.addEventListener("pointerleave", () => this.act.offToken());
    node.addEventListener("focus", () => node.matches(":focus-visible") && this.act.overToken(null, query));
    node.addEventListener("click", () => this.act.pinToken(query));
    return { node, canvas, fill, query, size };
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = this.tokens.findIndex(({ node }) => node.matches(":focus"));
    const next = this.tokens[(now + step + this.tokens.length) % this.tokens.length].node;
    for (const { node } of this.tokens) node.tabIndex = node === next ? 0 : -1;
    next.focus();
  }

  /** paints the maps: only when the data or a switch changes */
  draw(picture, table) {
    const { scene, view, model } = this;
    for (const { canvas, query, size } of this.tokens) {
      const { painted } = model.learners[query.learner];
      const own = weightMap(scene, query);
      const max = largestOf(view.scale === "shared" ? painted : own);
      drawPatchMap(fitCanvas(canvas, size, size), scene, picture, own, max, table, view.overlay === "on", size);
    }
  }

  /** bars: how the query patch divides between the learned tokens; a frame: the token that is the query */
  mark(query, pinned) {
    if (this.tokens.length === 0) return;
    const isPatch = query.kind === "patch";
    this.barWords.textContent = isPatch ? "bars: share of the patch" : "";
    for (const { node, fill, query: own } of this.tokens) {
      const { feeds, n } = this.model.learners[own.learner];
      fill.style.transform = `scaleX(${isPatch ? feeds[query.index * n + own.index] : 0})`;
      const asked = sameQuery(query, own);
      node.classList.toggle("query", asked);
      node.setAttribute("aria-pressed", asked && pinned);
    }
  }
}
