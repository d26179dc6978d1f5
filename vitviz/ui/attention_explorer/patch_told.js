/* The patch that the page looks at: the explorer tells it, whoever shows something of one patch listens. The explorer
   alone keeps the pin; others ask it. A patch is told as a pixel of the picture, [y, x], for any grid. */

const TOLD = "vitviz:patch"; // { pixel, pinned }
const PIN = "vitviz:pin"; // { pixel }: pin the patch there, free it where it is pinned; { pixel: null }: free any

function tellPatch(pixel, pinned) {
  const last = document.vitvizPatch; // for those who come later
  if (last && String(last.pixel) === String(pixel) && last.pinned === pinned) return;
  document.vitvizPatch = { pixel, pinned };
  document.dispatchEvent(new CustomEvent(TOLD, { detail: document.vitvizPatch }));
}

function askToPin(pixel) {
  document.dispatchEvent(new CustomEvent(PIN, { detail: { pixel } }));
}
