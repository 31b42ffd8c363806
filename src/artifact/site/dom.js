// Making elements. Text reaches the page only as text nodes, so nothing in the data can become markup.

/** An element with attributes (`class`, `on…` handlers, others as given) and children (nodes, text, lists of them). */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) setAttribute(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Puts children in the place of whatever the element held. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The address if a reader may be sent there, else null: only the web, mail, and places in this page. */
function safeAddress(address) {
  const text = String(address || "").trim();
  return /^(https?:\/\/|mailto:|#)/i.test(text) ? text : null;
}

/** A link out of the page, or plain text when the address is not one to follow. */
export function outsideLink(address, ...children) {
  const target = safeAddress(address);
  if (!target) return h("span", {}, ...children);
  if (target.startsWith("#")) return h("a", { href: insideAddress(target) }, ...children);
  return h("a", { href: target, rel: "noopener noreferrer", target: "_blank" }, ...children);
}

/** dbt writes `#!/model/ID` in overviews; here every node lives at `#/node/ID`. */
function insideAddress(address) {
  const old = /^#!\/[a-z_]+\/([^?]+)/.exec(address);
  return old ? `#/node/${old[1]}` : address;
}

/** Tells a screen reader something that is otherwise only seen. */
export function announce(text) {
  document.getElementById("announce").textContent = text;
}

/** A button that copies text and says so. */
export function copyButton(text, label) {
  const button = h("button", { type: "button", class: "quiet copy", "aria-label": label, title: label }, "Copy");
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(text)) ? "Copied" : "Not copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

/** The clipboard API is missing from pages opened as files in some browsers; the old way works there. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
