// A board of pictures. All of them are one image; each button shows its part of it.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const count = data.names.length;
  root.replaceChildren(
    ...data.names.map((name, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = name;
      button.setAttribute("aria-label", name);
      button.setAttribute("aria-pressed", String(name === data.chosen));
      button.style.backgroundImage = `url(${data.sprite})`;
      button.style.backgroundSize = `${count * 100}% 100%`;
      button.style.backgroundPosition = count > 1 ? `${(index / (count - 1)) * 100}% 0` : "0 0";
      button.onclick = () => setTriggerValue("picked", name);
      return button;
    }),
  );
  // Arrow keys walk the board, as they do in a grid
  root.onkeydown = (event) => {
    const buttons = [...root.children];
    const at = buttons.indexOf(parentElement.activeElement ?? document.activeElement);
    const columns = getComputedStyle(root).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)].focus();
  };
}
