// Addresses: everything after `#/`. A page is named by its first part; what it shows by the rest and by parameters.

/** `#/node/model.a.b?column=id` → `{ page: "node", rest: "model.a.b", params: { column: "id" } }`. */
function parseAddress(hash) {
  const [path, query] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const [page, rest] = splitOnce(path, "/");
  return { page, rest: decode(rest), params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page with those parameters that hold something. */
export function addressOf(page, params) {
  const kept = Object.entries(params).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = new URLSearchParams(kept).toString();
  return `#/${page}${query ? `?${query}` : ""}`;
}

export function goTo(address) {
  location.hash = address;
}

/** Calls `show` with the parsed address now and whenever it changes. */
export function startRouter(show) {
  addEventListener("hashchange", () => show(parseAddress(location.hash)));
  show(parseAddress(location.hash));
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** A hand-typed address may hold a stray percent sign. */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
