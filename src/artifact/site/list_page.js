// The index: nodes as a table, narrowed by the address's parameters: type, tag, package, group, schema, missing.
import { h, fill } from "./dom.js";
import { RESOURCE_TYPES, compareNodes, displayName, isDocumented, isTested, nodeAddress } from "./data.js";
import { plainSummary } from "./markdown.js";
import { addressOf, goTo } from "./router.js";
import { ownerText } from "./facts.js";

/** Rows made at first; the rest on request, so that a large project opens at once. */
const ROWS_AT_ONCE = 300;

const LIST_FILTERS = {
  type: (_, node, value) => node.type === value,
  tag: (_, node, value) => (node.tags || []).includes(value) || (node.columns || []).some((column) => (column.tags || []).includes(value)),
  package: (_, node, value) => node.package === value,
  group: (_, node, value) => node.group === value,
  schema: (_, node, value) => [node.database, node.schema].filter(Boolean).join(".") === value && node.type !== "test",
  missing: (project, node, value) => !(value === "tests" ? isTested(project, node) : isDocumented(node)),
};

export function listPage(project, target, params) {
  const filters = Object.entries(params).filter(([key, value]) => Object.hasOwn(LIST_FILTERS, key) && value);
  const nodes = project.nodes.filter((node) => filters.every(([key, value]) => LIST_FILTERS[key](project, node, value))).sort(compareNodes);
  const group = params.group && project.groupByName.get(params.group);
  const body = h("tbody");
  const more = h("button", { type: "button", onclick: () => addRows(nodes.length) });
  const addRows = (count) => {
    const from = body.childElementCount;
    body.append(...nodes.slice(from, from + count).map((node) => listRow(project, node)));
    more.hidden = body.childElementCount >= nodes.length;
    more.textContent = `Show the other ${nodes.length - body.childElementCount}`;
  };
  addRows(ROWS_AT_ONCE);
  const head = ["Name", "Type", "Description", "Columns", "Tests", "Readers"];
  fill(target, h("article", { class: "list" }, h("h1", {}, listTitle(params)), group ? h("p", {}, "Owner: ", ownerText(group.owner) || "none", group.description ? ` · ${group.description}` : "") : null,
    listControls(project, params), h("p", { class: "faint" }, `${nodes.length.toLocaleString("en")} ${nodes.length === 1 ? "entry" : "entries"}`),
    h("div", { class: "scroll" }, h("table", { class: "index-table" }, h("thead", {}, h("tr", {}, head.map((label, i) => h("th", { scope: "col", class: i > 2 ? "right" : null }, label)))), body)), more));
  return { title: listTitle(params), close: () => {} };
}

function listTitle(params) {
  if (params.group) return `Group ${params.group}`;
  const what = RESOURCE_TYPES[params.type] || "Everything";
  const lacking = params.missing === "tests" ? " without tests" : params.missing ? " without description" : "";
  return `${what}${lacking}${params.tag ? ` tagged ${params.tag}` : ""}${params.schema ? ` in ${params.schema}` : ""}`;
}

function listRow(project, node) {
  const columns = node.columns || [];
  const described = columns.filter((column) => column.description).length;
  const tests = project.tests.get(node.id).length;
  const readers = node.type === "macro" ? (project.macroUsers.get(node.id) || []).length : project.children.get(node.id).length - project.tests.get(node.id).length;
  return h("tr", {}, h("th", { scope: "row" }, h("span", { class: `dot type-${node.type}` }), h("a", { href: nodeAddress(node.id) }, displayName(node))), h("td", { class: "faint" }, node.materialized || node.type.replace("_", " ")),
    h("td", {}, plainSummary(node.description)), h("td", { class: "right", title: columns.length ? `${described} of ${columns.length} described` : null }, columns.length ? `${described}/${columns.length}` : ""),
    h("td", { class: "right" }, tests || ""), h("td", { class: "right" }, readers > 0 ? readers : ""));
}

function listControls(project, params) {
  const change = (part) => goTo(addressOf("list", { ...params, ...part }));
  const select = (label, key, options) => {
    const input = h("select", {}, options.map(([value, text]) => h("option", { value, selected: value === (params[key] || "") }, text)));
    input.addEventListener("change", () => change({ [key]: input.value }));
    return h("label", {}, label, input);
  };
  const values = (all) => [["", "any"], ...[...new Set(all)].filter(Boolean).sort().map((value) => [value, value])];
  const tags = project.nodes.flatMap((node) => [...(node.tags || []), ...(node.columns || []).flatMap((column) => column.tags || [])]);
  return h("div", { class: "row controls" },
    select("Type", "type", [["", "any"], ...Object.entries(RESOURCE_TYPES).filter(([type]) => project.nodes.some((node) => node.type === type))]),
    select("Package", "package", values(project.nodes.map((node) => node.package))), tags.length ? select("Tag", "tag", values(tags)) : null,
    project.groups.length ? select("Group", "group", values(project.groups.map((group) => group.name))) : null,
    select("Without", "missing", [["", "any"], ["description", "a description"], ["tests", "tests"]]));
}
