// Copies the address of the view. The clipboard needs a secure page (https or localhost): elsewhere the old way.
async function write(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not allowed");
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstChild) {
    root.innerHTML = '<button type="button"></button><span role="status"></span>';
  }
  const [button, status] = root.children;
  button.textContent = "Copy link";
  button.title = "Copies the address of exactly this view: the same picture, settings and models";
  let timer;
  button.onclick = async () => {
    const address = new URL(window.location.href);
    for (const [name, value] of Object.entries(data.extra)) address.searchParams.set(name, value);
    try {
      await write(address.href);
      button.textContent = "Copied";
      status.textContent = data.note;
    } catch {
      window.prompt("Copy this address:", address.href);
    }
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = "Copy link"; status.textContent = ""; }, 3000);
  };
  return () => clearTimeout(timer);
}
