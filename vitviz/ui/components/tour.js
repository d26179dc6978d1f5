// The tour lives in the browser alone: no step needs the server, and the browser remembers that it was seen.
const SEEN = "vitviz.tour.seen";

function seen() {
  try { return localStorage.getItem(SEEN) !== null; } catch { return true; } // no storage: do not nag
}

function remember() {
  try { localStorage.setItem(SEEN, new Date().toISOString()); } catch { /* nothing to remember with */ }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (root.vitvizTour) { root.vitvizTour.update(data); return; }

  root.innerHTML = `
    <button type="button" class="start" title="Five short cards about this page">Tour</button>
    <div class="ring" hidden></div>
    <div class="card" role="dialog" aria-modal="false" aria-labelledby="title" aria-describedby="text" hidden>
      <p class="count"></p><h4 id="title"></h4><p id="text"></p>
      <div class="row"><button type="button" class="skip">Skip</button><span></span>
      <button type="button" class="back">Back</button><button type="button" class="next"></button></div>
    </div>`;
  const find = (selector) => root.querySelector(selector);
  const [start, ring, card] = [find(".start"), find(".ring"), find(".card")];
  let steps = data.steps;
  let shown = [];
  let at = -1;

  const place = () => {
    if (at < 0) return;
    const target = document.querySelector(shown[at].selector);
    if (!target) return;
    const box = target.getBoundingClientRect();
    Object.assign(ring.style, {
      left: `${box.left - 4}px`, top: `${box.top - 4}px`, width: `${box.width + 8}px`, height: `${box.height + 8}px`,
    });
    const size = card.getBoundingClientRect();
    const [wide, high] = [window.innerWidth, window.innerHeight];
    const fits = (left, top) => left >= 8 && top >= 8 && left + size.width <= wide - 8 && top + size.height <= high - 8;
    const keep = (value, most) => Math.max(12, Math.min(value, most));
    const places = [
      [box.right + 16, keep(box.top, high - size.height - 12)],
      [box.left - size.width - 16, keep(box.top, high - size.height - 12)],
      [keep(box.left, wide - size.width - 12), box.bottom + 16],
      [keep(box.left, wide - size.width - 12), box.top - size.height - 16],
    ];
    const [left, top] = places.find(([x, y]) => fits(x, y)) ?? [(wide - size.width) / 2, high - size.height - 12];
    Object.assign(card.style, { left: `${left}px`, top: `${top}px` });
  };

  const show = (index) => {
    at = index;
    ring.hidden = card.hidden = at < 0;
    if (at < 0) { start.focus({ preventScroll: true }); return; }
    const step = shown[at];
    find(".count").textContent = `${at + 1} of ${shown.length}`;
    find("#title").textContent = step.title;
    find("#text").textContent = step.text;
    find(".back").hidden = at === 0;
    find(".next").textContent = at === shown.length - 1 ? "Done" : "Next";
    document.querySelector(step.selector)?.scrollIntoView({ block: "nearest", behavior: "instant" });
    place();
    find(".next").focus({ preventScroll: true });
  };

  const begin = () => {
    shown = steps.filter((step) => document.querySelector(step.selector));
    if (!shown.length) return;
    remember(); // once it is on the screen: who loads the page again in the middle has seen it
    show(0);
  };

  start.onclick = begin;
  find(".skip").onclick = () => show(-1);
  find(".back").onclick = () => show(at - 1);
  find(".next").onclick = () => show(at + 1 < shown.length ? at + 1 : -1);
  card.onkeydown = (event) => {
    if (event.key === "Escape") show(-1);
    if (event.key === "ArrowRight") find(".next").click();
    if (event.key === "ArrowLeft" && at > 0) show(at - 1);
  };
  const follow = () => requestAnimationFrame(place);
  window.addEventListener("resize", follow);
  document.addEventListener("scroll", follow, { capture: true, passive: true });
  // The page below may still be filling: begin when the last place of the tour is there
  let tries = 0;
  const waiting = seen() ? null : setInterval(() => {
    tries += 1;
    const ready = steps.every((step) => document.querySelector(step.selector));
    if (ready || tries > 100) { clearInterval(waiting); begin(); }
  }, 200);

  root.vitvizTour = { update: (fresh) => { steps = fresh.steps; } };
  return () => {
    clearInterval(waiting);
    window.removeEventListener("resize", follow);
    document.removeEventListener("scroll", follow, { capture: true });
    delete root.vitvizTour;
  };
}
