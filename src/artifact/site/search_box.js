// The search field: results while typing, chosen with the arrow keys or the pointer.
import { h, fill } from "./dom.js";
import { displayName, nodeAddress } from "./data.js";
import { plainSummary } from "./markdown.js";
import { buildSearch, searchNodes } from "./search.js";
import { goTo } from "./router.js";

/** Wires `input` (a combobox) to `list` (its listbox). */
export function startSearch(project, input, list) {
  const box = { project, input, list, index: null, hits: [], active: 0 };
  input.addEventListener("input", () => refresh(box));
  input.addEventListener("focus", () => refresh(box));
  input.addEventListener("keydown", (event) => searchKey(box, event));
  input.addEventListener("blur", () => setTimeout(() => closeResults(box), 150));
}

function refresh(box) {
  box.index ??= buildSearch(box.project);
  box.hits = searchNodes(box.index, box.input.value);
  box.active = 0;
  const typed = box.input.value.trim() !== "";
  fill(box.list, box.hits.map((hit, i) => resultRow(box, hit, i)), typed && !box.hits.length ? h("div", { class: "nothing" }, "Nothing found. Narrow with type:, tag:, package: or column:") : null);
  box.list.hidden = !typed;
  box.input.setAttribute("aria-expanded", String(typed));
  markActive(box);
}

function resultRow(box, hit, i) {
  const { node } = hit;
  const where = hit.column ? h("span", { class: "where" }, "column ", h("code", {}, hit.column)) : hit.where ? h("span", { class: "where" }, `in ${hit.where}`) : null;
  const row = h("div", { role: "option", id: `result-${i}`, "aria-selected": "false", class: "result" },
    h("span", { class: `dot type-${node.type}` }), h("span", { class: "name" }, displayName(node)), h("span", { class: "kind" }, node.type.replace("_", " ")), where,
    h("span", { class: "summary" }, plainSummary(node.description, 110)));
  row.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    choose(box, i);
  });
  return row;
}

const SEARCH_KEYS = {
  ArrowDown: (box) => moveActive(box, 1),
  ArrowUp: (box) => moveActive(box, -1),
  Enter: (box) => choose(box, box.active),
  Escape: (box) => {
    closeResults(box);
    box.input.blur();
  },
};

function searchKey(box, event) {
  if (!SEARCH_KEYS[event.key] || event.isComposing) return;
  event.preventDefault();
  SEARCH_KEYS[event.key](box);
}

function moveActive(box, step) {
  if (!box.hits.length) return;
  box.active = (box.active + step + box.hits.length) % box.hits.length;
  markActive(box);
}

function markActive(box) {
  [...box.list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === box.active && box.hits.length > 0)));
  const row = box.hits.length ? box.list.children[box.active] : null;
  if (row) box.input.setAttribute("aria-activedescendant", row.id);
  else box.input.removeAttribute("aria-activedescendant");
  row?.scrollIntoView({ block: "nearest" });
}

function choose(box, i) {
  const hit = box.hits[i];
  if (!hit) return;
  goTo(nodeAddress(hit.node.id, hit.column));
  box.input.value = "";
  closeResults(box);
  box.input.blur();
}

function closeResults(box) {
  box.list.hidden = true;
  box.input.setAttribute("aria-expanded", "false");
  box.input.removeAttribute("aria-activedescendant");
}
