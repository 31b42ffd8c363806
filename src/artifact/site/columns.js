// The table of a node's columns: from the declarations and from the catalog, with tests, tags and masking policy.
import { h } from "./dom.js";
import { columnTests, testLabel, nodeAddress } from "./data.js";
import { markdown } from "./markdown.js";

const FILTER_FROM = 12;

/** A section's body, or null when nothing is known about columns. Column addresses are `?column=NAME`. */
export function columnTable(project, node) {
  const columns = node.columns || [];
  if (!columns.length) return null;
  const shows = {
    type: columns.some((column) => column.type), tests: columns.some((column) => columnTests(project, node, column.name).length || column.constraints),
    tags: columns.some((column) => column.tags), policy: columns.some((column) => column.policy),
  };
  const head = [["Column", true], ["Type", shows.type], ["Description", true], ["Tests", shows.tests], ["Tags", shows.tags], ["Masking policy", shows.policy]];
  const rows = columns.map((column) => columnRow(project, node, column, shows));
  const table = h("table", { class: "column-table" }, h("thead", {}, h("tr", {}, head.filter(([, shown]) => shown).map(([label]) => h("th", { scope: "col" }, label)))), h("tbody", {}, rows));
  return [columns.length >= FILTER_FROM ? filterField(rows) : null, h("div", { class: "scroll" }, table)];
}

function columnRow(project, node, column, shows) {
  const anchor = h("a", { class: "plain", href: nodeAddress(node.id, column.name), title: "Link to this column" }, h("code", {}, column.name));
  const missing = column.missing ? h("span", { class: "problem", title: "Declared, but not in the warehouse's catalog" }, " not in catalog") : null;
  return h("tr", { "data-column": column.name.toLowerCase() }, h("th", { scope: "row" }, anchor, missing),
    shows.type && h("td", { class: "type" }, column.type || ""),
    h("td", {}, column.description ? markdown(column.description) : h("span", { class: "faint", title: "No description" }, "—")),
    shows.tests && h("td", {}, testChips(project, node, column)),
    shows.tags && h("td", {}, (column.tags || []).map((tag) => h("a", { class: "chip", href: `#/list?tag=${encodeURIComponent(tag)}` }, tag))),
    shows.policy && h("td", {}, column.policy ? h("span", { class: "chip policy" }, column.policy) : ""));
}

function testChips(project, node, column) {
  const tests = columnTests(project, node, column.name);
  const constraints = (column.constraints || []).map((one) => h("span", { class: "chip", title: one.expression || "constraint" }, one.type.replace("_", " "), h("span", { class: "faint" }, " constraint")));
  return [tests.map((test) => h("a", { class: "chip", href: nodeAddress(test.id), title: test.name }, testLabel(test), testDetail(test))), constraints];
}

/** What tells one generic test from another: accepted values, or the related column. */
export function testDetail(test) {
  const { values, to, field } = test.test?.kwargs || {};
  if (Array.isArray(values)) return h("span", { class: "faint" }, ` ${values.slice(0, 6).join(", ")}${values.length > 6 ? " …" : ""}`);
  if (typeof to === "string") return h("span", { class: "faint" }, ` ${/['"]([^'"]+)['"]\)?\s*$/.exec(to)?.[1] || to}${field ? `.${field}` : ""}`);
  return null;
}

function filterField(rows) {
  const input = h("input", { type: "search", class: "filter", placeholder: "Filter columns", "aria-label": "Filter columns", spellcheck: "false" });
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  return input;
}
