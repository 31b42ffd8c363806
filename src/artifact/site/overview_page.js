// The landing page: the project's own overview when it has one, and in any case what there is and what is lacking.
import { h, fill } from "./dom.js";
import { RESOURCE_TYPES, RELATION_TYPES, isDocumented, isTested, displayName, nodeAddress } from "./data.js";
import { markdown } from "./markdown.js";
import { addressOf } from "./router.js";
import { ownerText } from "./facts.js";

export function overviewPage(project, target) {
  fill(target, h("article", { class: "overview" },
    project.overview ? markdown(project.overview) : h("header", {}, h("h1", {}, project.project), h("p", { class: "faint" }, summaryLine(project))),
    h("section", { "aria-label": "Contents" }, project.overview ? h("h2", {}, "In this project") : null, countTiles(project)),
    h("section", {}, h("h2", {}, "Coverage"), coverageTable(project)), exposureSection(project), groupSection(project),
    h("section", {}, h("h2", {}, "Schemas"), schemaTable(project)),
    project.overview ? h("footer", { class: "faint" }, summaryLine(project)) : null));
  return { title: project.overview ? "" : "Overview", close: () => {} };
}

function summaryLine(project) {
  const when = project.generated_at ? ` · made ${project.generated_at.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC")}` : "";
  return `${project.adapter || "unknown adapter"}${when}`;
}

function countTiles(project) {
  const tile = (type) => {
    const count = project.nodes.filter((node) => node.type === type && !project.builtin_packages.includes(node.package)).length;
    return count ? h("a", { class: `tile type-${type}`, href: addressOf("list", { type }) }, h("strong", {}, count.toLocaleString("en")), count === 1 ? type.replace("_", " ") : RESOURCE_TYPES[type].toLowerCase()) : null;
  };
  return h("div", { class: "tiles" }, Object.keys(RESOURCE_TYPES).map(tile));
}

/** What has a description, described columns, tests: of the project itself, or of its packages when it only has those. */
function coverageTable(project) {
  const relations = project.nodes.filter((node) => RELATION_TYPES.includes(node.type));
  const own = relations.filter((node) => node.package === project.project);
  const counted = own.length ? own : relations;
  const rows = RELATION_TYPES.map((type) => [type, counted.filter((node) => node.type === type)]).filter(([, nodes]) => nodes.length);
  if (!rows.length) return h("p", { class: "faint" }, "This project has no relations.");
  const lacks = (type, nodes, what) => lacking(project, { type, missing: what, package: own.length ? project.project : "" }, nodes);
  const row = ([type, nodes]) => h("tr", {},
    h("th", { scope: "row" }, RESOURCE_TYPES[type]), h("td", {}, meter(nodes.filter(isDocumented).length, nodes.length)), h("td", {}, columnMeter(nodes)),
    h("td", {}, meter(nodes.filter((node) => isTested(project, node)).length, nodes.length)),
    h("td", {}, lacks(type, nodes, "description")), h("td", {}, lacks(type, nodes, "tests")));
  const head = ["Type", "Described", "Columns described", "Tested", "Without description", "Without tests"];
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, head.map((label) => h("th", { scope: "col" }, label)))), h("tbody", {}, rows.map(row))));
}

function columnMeter(nodes) {
  const columns = nodes.flatMap((node) => node.columns || []);
  return columns.length ? meter(columns.filter((column) => column.description).length, columns.length) : h("span", { class: "faint" }, "no columns known");
}

function meter(part, whole) {
  const bar = h("meter", { min: "0", max: String(whole), value: String(part), "aria-label": `${part} of ${whole}` });
  return h("span", { class: "meter" }, bar, `${Math.floor((100 * part) / whole)} %`, h("span", { class: "faint" }, ` ${part} of ${whole}`));
}

function lacking(project, filter, nodes) {
  const has = (node) => (filter.missing === "tests" ? isTested(project, node) : isDocumented(node));
  const count = nodes.filter((node) => !has(node)).length;
  return count ? h("a", { href: addressOf("list", filter) }, String(count)) : h("span", { class: "faint" }, "none");
}

function exposureSection(project) {
  const exposures = project.nodes.filter((node) => node.type === "exposure");
  if (!exposures.length) return null;
  return h("section", {}, h("h2", {}, "Exposures"), h("ul", { class: "columns" }, exposures.map((node) => h("li", {}, h("span", { class: "dot type-exposure" }), h("a", { href: nodeAddress(node.id) }, node.exposure?.label || displayName(node)), h("span", { class: "faint" }, ` ${node.exposure?.kind || ""}`)))));
}

function groupSection(project) {
  if (!project.groups.length) return null;
  const row = (group) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: addressOf("list", { group: group.name }) }, group.name)), h("td", {}, ownerText(group.owner)), h("td", {}, String(project.nodes.filter((node) => node.group === group.name && node.type !== "test").length)), h("td", {}, group.description || ""));
  return h("section", {}, h("h2", {}, "Groups"), h("table", {}, h("thead", {}, h("tr", {}, ["Group", "Owner", "Nodes", ""].map((label) => h("th", { scope: "col" }, label)))), h("tbody", {}, project.groups.map(row))));
}

/** Schemas with what is in them, by type. */
function schemaTable(project) {
  const schemas = new Map();
  for (const node of project.nodes.filter((one) => RELATION_TYPES.includes(one.type) && one.schema)) {
    const key = [node.database, node.schema].filter(Boolean).join(".");
    const counts = schemas.get(key) || schemas.set(key, {}).get(key);
    counts[node.type] = (counts[node.type] || 0) + 1;
  }
  const row = ([key, counts]) => h("tr", {}, h("th", { scope: "row" }, h("a", { class: "plain", href: addressOf("list", { schema: key }) }, h("code", {}, key))), RELATION_TYPES.map((type) => h("td", { class: "right" }, counts[type] ? String(counts[type]) : "")));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Schema"), RELATION_TYPES.map((type) => h("th", { scope: "col", class: "right" }, RESOURCE_TYPES[type])))), h("tbody", {}, [...schemas].sort((a, b) => a[0].localeCompare(b[0])).map(row))));
}
