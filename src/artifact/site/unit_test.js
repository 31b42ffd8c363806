// A unit test's inputs and expected rows as tables.
import { h } from "./dom.js";
import { codeBlock } from "./highlight.js";

/** The cases of a unit test, or null for any other node. */
export function unitTestCases(node) {
  if (!node.unit) return null;
  const given = (node.unit.given || []).map((one) => rowsFigure(`Given ${one.input}`, one));
  return [given, rowsFigure("Expect", node.unit.expect || {})];
}

function rowsFigure(title, { rows, format }) {
  return h("figure", { class: "rows" }, h("figcaption", {}, title, format && format !== "dict" ? h("span", { class: "faint" }, ` as ${format}`) : null), rowsBody(rows, format));
}

function rowsBody(rows, format) {
  if (typeof rows === "string") return codeBlock(rows, { language: format === "sql" ? "sql" : "text", plain: true });
  if (!Array.isArray(rows) || !rows.length) return h("p", { class: "faint" }, "no rows");
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (row, name) => h("td", {}, name in row ? h("code", {}, String(row[name])) : "");
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows.map((row) => h("tr", {}, names.map((name) => cell(row, name)))))));
}
