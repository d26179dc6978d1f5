/* Every visible text of the page whose contrast with its background is below `least`: [{ text, ratio, colour, ground }].
   The contrast is that of WCAG 2.1. What Plotly draws is looked at too, and what is inside shadow roots. */
(least) => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const read = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = "#000";
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [...[r, g, b].map((value, i) => value * a + ground[i] * (1 - a)), 1];
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parentOf = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const lineage = (node) => {
    const found = [];
    for (let at = node; at; at = parentOf(at)) found.push(at);
    return found;
  };
  const page = read(getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor);
  const groundOf = (line, { x, y, width, height }) => {
    let ground = page;
    for (const node of [...line].reverse()) {
      const box = node.getBoundingClientRect(); // a slider's value is a child of its thumb, and stands above it
      const [middle, half] = [x + width / 2, y + height / 2];
      if (middle < box.left || middle > box.right || half < box.top || half > box.bottom) continue;
      const style = getComputedStyle(node);
      const [r, g, b, a] = read(style.backgroundColor);
      ground = over([r, g, b, a * Number(style.opacity)], ground);
    }
    const box = line[0].closest?.("g.annotation, g.cursor-pointer")?.querySelector("rect.bg"); // Plotly's label box
    if (box) {
      const style = getComputedStyle(box);
      const [r, g, b, a] = read(style.fill);
      ground = over([r, g, b, a * Number(style.fillOpacity) * Number(style.opacity)], ground);
    }
    return ground;
  };
  const isSeen = (line, box) => box.width > 1 && box.height > 1 && line.every((node) => {
    const style = getComputedStyle(node);
    return style.visibility !== "hidden" && style.display !== "none" && style.clipPath !== "inset(50%)" && Number(style.opacity) > 0;
  });
  const isOff = (node) => node.disabled || node.getAttribute?.("aria-disabled") === "true"; // WCAG asks nothing of these
  const offenders = new Map();
  const look = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === Node.ELEMENT_NODE) {
        if (node.shadowRoot) look(node.shadowRoot);
        continue;
      }
      const text = node.textContent.trim();
      const own = node.parentElement;
      if (!text || !own || ["SCRIPT", "STYLE", "TITLE"].includes(own.tagName.toUpperCase())) continue;
      const line = lineage(own);
      const range = document.createRange();
      range.selectNodeContents(node);
      if (!isSeen(line, range.getBoundingClientRect()) || line.some(isOff)) continue;
      if (own.closest("[data-testid=stIconMaterial], .material-symbols-rounded")) continue; // an icon, beside its words
      const style = getComputedStyle(own);
      const inSvg = own instanceof SVGElement;
      const ground = groundOf(line, range.getBoundingClientRect());
      const [r, g, b, a] = read(inSvg ? style.fill : style.color);
      const faint = line.reduce((share, at) => share * Number(getComputedStyle(at).opacity), 1);
      const colour = over([r, g, b, a * faint * (inSvg ? Number(style.fillOpacity) : 1)], ground);
      const [high, low] = [light(colour), light(ground)].sort((x, y) => y - x);
      const ratio = (high + 0.05) / (low + 0.05);
      const shown = (values) => values.slice(0, 3).map(Math.round).join(",");
      if (ratio < least) {
        const offender = { text: text.slice(0, 40), ratio: ratio.toFixed(2), colour: shown(colour), ground: shown(ground) };
        offenders.set(`${offender.colour} on ${offender.ground}: ${offender.text}`, offender);
      }
    }
  };
  look(document.body);
  return [...offenders.values()];
}
