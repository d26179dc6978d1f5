// What the bench of the pages asks a page, from inside: when does every panel show what was asked for?
// Times are milliseconds since the epoch, taken when the browser has painted the frame.
window.vitvizWatch = (() => {
  const EXPLORER = "[data-vitviz='attention-explorer']";
  const PATIENCE = 60_000; // ms
  let inputAt = null; // when the last key or button went down
  for (const kind of ["keydown", "pointerdown"]) {
    window.addEventListener(kind, (event) => { inputAt = performance.timeOrigin + event.timeStamp; }, { capture: true });
  }

  /** the first match, also within components' shadow trees */
  const find = (root, selector) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const node of root.querySelectorAll("*")) {
      const inner = node.shadowRoot && find(node.shadowRoot, selector);
      if (inner) return inner;
    }
    return null;
  };

  /** calls back when the frame that is being made now has been painted */
  const afterThisFrame = (done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.timeOrigin + performance.now());
    port2.postMessage(null);
  };

  /** the moment at which the first frame was painted in which `test` held */
  const until = (test) => new Promise((done, fail) => {
    const end = performance.now() + PATIENCE;
    const frame = () => {
      if (test()) afterThisFrame(done);
      else if (performance.now() > end) fail(new Error(`The page shows ${JSON.stringify(shown(), null, 1)}`));
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });

  /** The scenes that a panel shows: those which its pictures have been drawn for, not those on their way. Plotly
      draws in the same task in which it takes a figure's layout over, so a frame never falls between the two. */
  const scenes = (panel) => {
    const place = document.querySelector(`.st-key-panel-${panel}`);
    if (!place) return [];
    if (panel === "attention") return [find(place, EXPLORER)?.dataset.scene];
    const plots = [...place.querySelectorAll(".js-plotly-plot")];
    return plots.map((plot) => plot.querySelector(".main-svg") && plot._fullLayout?.meta);
  };

  const panels = () => [...document.querySelectorAll("[class*=st-key-panel-]")].map((place) =>
    place.className.match(/st-key-panel-(\S+)/)[1]);

  const shown = () => ({
    strip: [document.querySelector(".vv-answers")?.dataset.scene],
    ...Object.fromEntries(panels().map((panel) => [panel, scenes(panel)])),
  });

  return {
    shown,
    inputAt: () => inputAt,
    shell: () => until(() => document.querySelector(".st-key-patch_size input, .st-key-nothing-yet") !== null),
    plot: () => until(() => document.querySelector(".js-plotly-plot .main-svg") !== null),
    /** `scene`: what every panel must show, by the panels' keys, and what the strip's answers must be about */
    complete: (scene) => until(() => {
      const found = shown();
      return Object.entries(scene).every(([panel, wanted]) =>
        found[panel]?.length > 0 && found[panel].every((one) => one === wanted));
    }),

    /** from now on, for every patch that the pointer comes to: milliseconds of repainting, and until it was painted */
    watchHover: () => {
      const root = find(document, EXPLORER);
      const samples = [];
      let query = root.dataset.query;
      root.addEventListener("pointermove", () => {
        const at = performance.timeOrigin + performance.now();
        requestAnimationFrame(() => afterThisFrame((painted) => {
          if (root.dataset.query === query) return; // still over the same patch
          query = root.dataset.query;
          samples.push([Number(root.dataset.repaintMs), painted - at]);
        }));
      }, { capture: true });
      return void (window.vitvizHovered = samples);
    },
  };
})();
