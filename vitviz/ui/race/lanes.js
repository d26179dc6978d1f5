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

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstChild) {
    root.innerHTML = `<div class="whole"><div class="bar" role="progressbar" aria-label="whole training"
      aria-valuemin="0" aria-valuemax="100"><i></i></div><p></p></div><div class="lanes"></div>`;
  }
  const bar = root.querySelector(".bar");
  bar.firstChild.style.transform = `translateX(${(data.share - 1) * 100}%)`;
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
    find(".run").style.transform = `translateX(${(one.share - 1) * 100}%)`;
    put(find(".run b"), one.said);
    put(find(".clock"), one.clock);
    put(find(".more"), one.more);
  });
}
