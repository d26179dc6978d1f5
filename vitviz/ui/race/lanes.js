// The race: a bar for the whole, and a lane for each model. The same elements stay, so that what moves glides.
const CHECKED = '<i class="finish" aria-hidden="true"></i>';

function lane() {
  const node = document.createElement("div");
  node.className = "lane";
  node.innerHTML = `
    <div class="name"></div>
    <div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100">
      <div class="epochs" aria-hidden="true"></div><div class="run"><b></b></div>${CHECKED}
    </div>
    <div class="clock"></div><div class="more"></div>`;
  return node;
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function marks(node, epochs) {
  const wanted = epochs > 60 ? 1 : epochs; // more lines than that are a grey smear
  if (node.childElementCount === wanted) return;
  node.replaceChildren(...Array.from({ length: wanted }, () => document.createElement("i")));
}

const SECONDS = 2; // between two looks
const STEPS = 4; // of what glides, from one look to the next
const HIDDEN = 10; // in a tab that nobody sees

/** Moves bars to their shares in a few steps until the next look: a CSS transition would keep the browser drawing
 * sixty times a second, on the cores that train */
function glide(root, goals) {
  clearInterval(root.gliding);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;
  let left = still || goals.some(([node]) => node.share === undefined) ? 1 : STEPS;
  const step = () => {
    for (const [node, share] of goals) {
      node.share = left === 1 ? share : node.share + (share - node.share) / left;
      node.style.transform = `translateX(${(node.share - 1) * 100}%)`;
    }
    left -= 1;
    if (left === 0) clearInterval(root.gliding);
  };
  root.gliding = left > 1 ? setInterval(step, (1000 * SECONDS) / STEPS) : 0;
  step();
}

/** Asks our server how the training stands, again and again; `again` has Streamlit draw what is not ours to draw */
function watch(root, data, again) {
  const drawnAt = performance.now();
  let last = data;
  clearInterval(root.watching);
  if (data.pace === null) return;
  let asking = false;
  let hidden = 0;
  root.watching = setInterval(async () => {
    if (!root.isConnected) return clearInterval(root.watching);
    hidden = document.hidden ? hidden + SECONDS : 0;
    if (asking || hidden % HIDDEN) return;
    asking = true;
    try {
      const answer = await fetch(new URL(`look/${data.id}`, new URL("./", location.href)));
      last = answer.status === 404 ? { ...last, drawn: null } : await answer.json(); // null: it is gone
      if (last.drawn !== null) draw(root, last);
      const old = performance.now() - drawnAt > 1000 * data.pace;
      if (last.drawn !== data.drawn || (old && !document.hidden)) again(performance.now());
    } catch {
      // the server is away for a moment: Streamlit says so
    } finally {
      asking = false;
    }
  }, 1000 * SECONDS);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  draw(root, data);
  watch(root, data, (moment) => setTriggerValue("again", moment));
  return () => clearInterval(root.watching);
}

function draw(root, data) {
  if (!root.firstChild) {
    root.innerHTML = `<p class="standing"></p><div class="whole"><div class="bar" role="progressbar" aria-label="whole training"
      aria-valuemin="0" aria-valuemax="100"><i></i></div><p></p></div><div class="lanes"></div>`;
  }
  const standing = root.querySelector(".standing");
  if (standing.innerHTML !== data.standing) standing.innerHTML = data.standing;
  const bar = root.querySelector(".bar");
  const goals = [[bar.firstChild, data.share]];
  bar.setAttribute("aria-valuenow", Math.round(data.share * 100));
  put(root.querySelector(".whole p"), data.words);

  const lanes = root.querySelector(".lanes");
  while (lanes.childElementCount < data.lanes.length) lanes.append(lane());
  while (lanes.childElementCount > data.lanes.length) lanes.lastChild.remove();
  data.lanes.forEach((one, number) => {
    const node = lanes.children[number];
    const find = (selector) => node.querySelector(selector);
    node.style.setProperty("--model", one.colour);
    node.classList.toggle("first", one.place === 1);
    put(find(".name"), one.label);
    const track = find(".track");
    track.setAttribute("aria-label", one.label);
    track.setAttribute("aria-valuenow", Math.round(one.share * 100));
    marks(find(".epochs"), one.epochs);
    goals.push([find(".run"), one.share]);
    put(find(".run b"), one.said);
    put(find(".clock"), one.clock);
    put(find(".more"), one.more);
  });
  glide(root, goals);
}
