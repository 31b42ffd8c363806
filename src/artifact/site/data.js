// The project as the page knows it: the embedded data, indexed once by id, parents, children and tests.

/** Resource types in the order in which they are listed everywhere, with their plurals. */
export const RESOURCE_TYPES = {
  source: "Sources", seed: "Seeds", snapshot: "Snapshots", model: "Models", function: "Functions", exposure: "Exposures",
  metric: "Metrics", semantic_model: "Semantic models", saved_query: "Saved queries", analysis: "Analyses",
  test: "Tests", unit_test: "Unit tests", operation: "Operations", macro: "Macros",
};

/** Types that are part of the flow of data, and so are shown in lineage unless asked otherwise. */
export const FLOW_TYPES = ["source", "seed", "snapshot", "model", "function", "exposure", "metric", "semantic_model", "saved_query"];

/** Types that have rows, and so ought to be described and tested. */
export const RELATION_TYPES = ["source", "seed", "snapshot", "model"];

/** Reads the embedded data and builds the indexes. */
export function loadProject() {
  return indexProject(JSON.parse(document.getElementById("data").textContent));
}

/** Adds to the payload: `byId`, `children`, `tests` (by node), `macroUsers`, `groupByName`. */
export function indexProject(payload) {
  const project = { ...payload, byId: new Map(), children: new Map(), tests: new Map(), macroUsers: new Map() };
  project.groupByName = new Map(payload.groups.map((group) => [group.name, group]));
  for (const node of payload.nodes) {
    project.byId.set(node.id, node);
    project.children.set(node.id, []);
    project.tests.set(node.id, []);
  }
  for (const node of payload.nodes) linkNode(project, node);
  return project;
}

function linkNode(project, node) {
  node.parents = (node.parents || []).filter((id) => project.byId.has(id));
  for (const parent of node.parents) project.children.get(parent).push(node.id);
  for (const macro of node.macros || []) pushTo(project.macroUsers, macro, node.id);
  if (node.type !== "test" && node.type !== "unit_test") return;
  for (const tested of testedNodes(node)) project.tests.get(tested)?.push(node);
}

/** A generic test belongs to the node it is attached to; a singular one to everything it reads. */
function testedNodes(test) {
  return test.attached ? [test.attached] : test.parents;
}

function pushTo(map, key, value) {
  if (map.has(key)) map.get(key).push(value);
  else map.set(key, [value]);
}

/** Ids reached from `start` (excluded) over `next`, at most `depth` steps away. */
export function reach(start, next, depth = Infinity) {
  const seen = new Set([start]);
  let edge = [start];
  for (let step = 0; step < depth && edge.length; step += 1) {
    edge = edge.flatMap((id) => next(id)).filter((id) => !seen.has(id) && seen.add(id));
  }
  seen.delete(start);
  return seen;
}

export function upstream(project, id, depth) {
  return reach(id, (at) => project.byId.get(at)?.parents || [], depth);
}

export function downstream(project, id, depth) {
  return reach(id, (at) => project.children.get(at) || [], depth);
}

/** The tests of one column, by the name the test gives it. */
export function columnTests(project, node, columnName) {
  const wanted = columnName.toLowerCase();
  return project.tests.get(node.id).filter((test) => test.column && bareName(test.column) === wanted);
}

function bareName(name) {
  return name.replace(/^["`]|["`]$/g, "").toLowerCase();
}

/** How a test reads in a list: `unique`, `accepted_values`, `dbt_utils.at_least_one`, or a singular test's name. */
export function testLabel(test) {
  if (!test.test) return test.name;
  return test.test.namespace ? `${test.test.namespace}.${test.test.name}` : test.test.name;
}

/** The name to show: versions and sources need more than their own name. */
export function displayName(node) {
  if (node.type === "source") return `${node.source.name}.${node.name}`;
  if (node.version !== undefined) return `${node.name}.v${node.version}`;
  if (node.type === "test") return node.test ? `${testLabel(node)}${node.column ? ` (${node.column})` : ""}` : node.name;
  return node.name;
}

export function nodeAddress(id, column) {
  return `#/node/${encodeURIComponent(id)}${column ? `?column=${encodeURIComponent(column)}` : ""}`;
}

export function isDocumented(node) {
  return Boolean(node.description);
}

export function isTested(project, node) {
  return project.tests.get(node.id).length > 0;
}

/** Order for lists: by type as in `RESOURCE_TYPES`, then by shown name. */
export function compareNodes(a, b) {
  const types = Object.keys(RESOURCE_TYPES);
  return types.indexOf(a.type) - types.indexOf(b.type) || displayName(a).localeCompare(displayName(b));
}

/** Macros of dbt and of adapters: there in every project, of interest to few. */
export function isBuiltIn(project, node) {
  return node.type === "macro" && project.builtin_packages.includes(node.package);
}
