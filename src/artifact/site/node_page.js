// The page of one node: header, description, columns, lineage, code, tests, neighbours, config.
import { h, fill } from "./dom.js";
import { RESOURCE_TYPES, compareNodes, displayName, nodeAddress, testLabel, columnTests } from "./data.js";
import { markdown, plainSummary } from "./markdown.js";
import { codeBlock } from "./highlight.js";
import { columnTable, testDetail } from "./columns.js";
import { anyValue, factList, freshnessFacts, headFacts } from "./facts.js";
import { lineageAddress, smallLineage } from "./lineage_page.js";
import { unitTestCases } from "./unit_test.js";

/** Sections in reading order: title and a function to a body, null meaning that there is nothing to show. */
const NODE_SECTIONS = [
  ["Description", descriptionBody], ["Arguments", argumentBody], ["Columns", columnTable], ["Freshness", (_, node) => freshnessFacts(node)],
  ["Cases", (_, node) => unitTestCases(node)], ["Definition", (_, node) => node.definition && anyValue(node.definition)], ["Tests", testBody],
  ["Code", codeBody], ["Depends on", parentBody], ["Referenced by", childBody], ["Config", configBody],
];

/** Draws the page of `id`; `params.column` scrolls to a column. Answers the title and what to call on leaving. */
export function nodePage(project, target, id, params) {
  const node = project.byId.get(id);
  if (!node) return missingPage(target, id);
  const lineage = node.type === "macro" ? null : smallLineage(project, node);
  const sections = NODE_SECTIONS.map(([title, make]) => [title, make(project, node)]).filter(([, body]) => body);
  if (lineage) sections.splice(sections.findIndex(([title]) => title === "Columns") + 1 || 1, 0, ["Lineage", lineageBody(node, lineage.view)]);
  fill(target, h("article", { class: "node" }, nodeHeader(project, node), sectionLinks(sections), sections.map(([title, body]) => section(title, body))));
  lineage?.show();
  showColumn(target, params.column);
  return { title: displayName(node), id, close: () => lineage?.view.close() };
}

function missingPage(target, id) {
  fill(target, h("article", {}, h("h1", {}, "Not in this project"), h("p", {}, "Nothing here is called ", h("code", {}, id), ". It may be hidden (", h("code", {}, "docs: {show: false}"), ") or have been removed since the link was made.")));
  return { title: "Not found", close: () => {} };
}

function nodeHeader(project, node) {
  const tags = (node.tags || []).map((tag) => h("a", { class: "chip", href: `#/list?tag=${encodeURIComponent(tag)}` }, tag));
  const kind = node.type === "macro" ? "macro" : node.type.replace("_", " ");
  return h("header", {},
    h("p", { class: "kicker" }, h("span", { class: `badge type-${node.type}` }, kind), node.materialized && node.materialized !== node.type ? h("span", { class: "badge" }, node.materialized) : null,
      node.type === "macro" ? null : h("a", { class: "end", href: lineageAddress({ focus: node.id, up: 2, down: 2 }) }, "Lineage →")),
    h("h1", {}, node.exposure?.label || displayName(node)), tags.length ? h("p", { class: "tags" }, tags) : null, headFacts(project, node));
}

function section(title, body) {
  return h("section", { id: anchorOf(title), "aria-label": title }, h("h2", {}, title), body);
}

function anchorOf(title) {
  return `at-${title.toLowerCase().replace(/\W+/g, "-")}`;
}

/** Buttons and not links: the hash is the page's address. */
function sectionLinks(sections) {
  const jump = (title) => document.getElementById(anchorOf(title)).scrollIntoView({ block: "start" });
  return h("nav", { class: "jump", "aria-label": "On this page" }, sections.map(([title]) => h("button", { type: "button", class: "quiet", onclick: () => jump(title) }, title)));
}

function descriptionBody(_, node) {
  if (node.type === "test" && !node.description) return null;
  const own = node.description ? markdown(node.description) : h("p", { class: "faint" }, `This ${node.type.replace("_", " ")} has no description.`);
  const source = node.source?.description ? h("details", {}, h("summary", {}, `About the source ${node.source.name}`), markdown(node.source.description)) : null;
  return [own, source];
}

function argumentBody(_, node) {
  if (!node.arguments) return null;
  return h("table", {}, h("thead", {}, h("tr", {}, ["Argument", "Type", "Description"].map((label) => h("th", { scope: "col" }, label)))),
    h("tbody", {}, node.arguments.map((one) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, one.name)), h("td", { class: "type" }, one.type || ""), h("td", {}, markdown(one.description))))));
}

function lineageBody(node, view) {
  return [view.element, h("p", { class: "faint" }, "Drag to move, Ctrl and wheel to zoom. ", h("a", { href: lineageAddress({ focus: node.id, up: "all", down: "all" }) }, "Everything upstream and downstream"))];
}

/** Tests of single columns stand in the column table; here is each test, by column. */
function testBody(project, node) {
  const tests = project.tests.get(node.id);
  if (node.type === "test") return testedBody(project, node);
  if (!tests.length) return ["model", "source", "seed", "snapshot"].includes(node.type) ? h("p", { class: "faint" }, "Nothing tests this.") : null;
  const declared = new Set((node.columns || []).flatMap((column) => columnTests(project, node, column.name)));
  const rows = [...tests].sort((a, b) => declared.has(a) - declared.has(b) || (a.column || "").localeCompare(b.column || "") || testLabel(a).localeCompare(testLabel(b)));
  const row = (test) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: nodeAddress(test.id) }, testLabel(test)), testDetail(test)), h("td", {}, test.column ? h("code", {}, test.column) : h("span", { class: "faint" }, test.type === "unit_test" ? "unit test" : "whole relation")), h("td", {}, (test.severity || "").toLowerCase()), h("td", {}, plainSummary(test.description, 140)));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["Test", "Column", "Severity", "Description"].map((label) => h("th", { scope: "col" }, label)))), h("tbody", {}, rows.map(row))));
}

function testedBody(project, node) {
  if (!node.test) return null;
  const tested = project.byId.get(node.attached);
  const rest = Object.entries(node.test.kwargs || {}).filter(([key]) => key !== "model" && key !== "column_name");
  return factList([
    ["Test", testLabel(node)], ["Tests", tested && h("a", { href: nodeAddress(tested.id, node.column) }, displayName(tested), node.column ? `.${node.column}` : "")],
    ...rest.map(([key, value]) => [key, anyValue(value)]),
  ]);
}

/** Raw and compiled side by side as tabs; names in either link to the nodes they mean. */
function codeBody(project, node) {
  const texts = [["Source", node.raw], ["Compiled", node.compiled]].filter(([, code]) => code);
  if (!texts.length) return null;
  const names = linkedNames(project, node);
  const body = h("div");
  const language = node.language === "python" ? "python" : "sql";
  const tabs = texts.map(([label, code]) => h("button", { type: "button", onclick: () => show(label, code) }, label));
  const show = (label, code) => {
    fill(body, codeBlock(code, { language, names }));
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.textContent === label));
  };
  show(...texts[0]);
  return [h("div", { class: "tabs", role: "group", "aria-label": "Code shown" }, tabs), body];
}

function linkedNames(project, node) {
  const names = new Map();
  for (const id of node.parents) {
    const parent = project.byId.get(id);
    if (parent.relation) names.set(parent.relation, id);
    if (parent.type === "source") names.set(`source:${parent.source.name}.${parent.name}`, id);
    else names.set(`ref:${parent.name}`, id);
  }
  return names;
}

function parentBody(project, node) {
  const macros = (node.macros || []).filter((id) => project.byId.has(id));
  return neighbourLists(project, [...node.parents, ...macros]);
}

function childBody(project, node) {
  if (node.type === "macro") return neighbourLists(project, project.macroUsers.get(node.id) || []);
  return neighbourLists(project, project.children.get(node.id).filter((id) => !["test", "unit_test"].includes(project.byId.get(id).type)));
}

/** Links by type; a long list of one type stays closed until asked for. */
function neighbourLists(project, ids) {
  const nodes = [...new Set(ids)].map((id) => project.byId.get(id)).filter(Boolean).sort(compareNodes);
  if (!nodes.length) return null;
  const types = [...new Set(nodes.map((node) => node.type))];
  return types.map((type) => {
    const some = nodes.filter((node) => node.type === type);
    const links = h("ul", { class: "columns" }, some.map((node) => h("li", {}, h("span", { class: `dot type-${type}` }), h("a", { href: nodeAddress(node.id) }, displayName(node)))));
    return h("details", { class: "neighbours", open: some.length <= 24 && type !== "macro" }, h("summary", {}, RESOURCE_TYPES[type], h("span", { class: "count" }, String(some.length))), links);
  });
}

function configBody(_, node) {
  const rows = Object.entries({ ...node.config, ...(node.meta ? { meta: node.meta } : {}) }).map(([key, value]) => [key, anyValue(value)]);
  return factList(rows);
}

function showColumn(target, column) {
  const row = column && target.querySelector(`[data-column="${CSS.escape(column.toLowerCase())}"]`);
  if (!row) return;
  row.classList.add("pointed");
  row.scrollIntoView({ block: "center" });
}
