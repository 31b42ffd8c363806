// The contents at the left: the project by folders, the warehouse by schemas, or groups; branches are made when opened.
import { h, fill } from "./dom.js";
import { RESOURCE_TYPES, displayName, nodeAddress, isBuiltIn } from "./data.js";

const SIDEBAR_VIEWS = { Project: projectPaths, Warehouse: warehousePaths, Groups: groupPaths };

/** Draws the contents; answers `show(id)`, which opens the branch of a node and marks it. */
export function startSidebar(project, target) {
  const views = Object.keys(SIDEBAR_VIEWS).filter((name) => name !== "Groups" || project.groups.length);
  const state = { project, target, view: views[0], current: null, tree: null };
  const tabs = h("div", { class: "tabs", role: "group", "aria-label": "Arrange by" }, views.map((name) =>
    h("button", { type: "button", "aria-pressed": "false", onclick: () => drawView(state, name) }, name)));
  state.tabs = tabs;
  state.body = h("div", { class: "tree" });
  fill(target, tabs, state.body);
  drawView(state, views[0]);
  return (id) => {
    state.current = id;
    reveal(state);
  };
}

function drawView(state, name) {
  state.view = name;
  for (const tab of state.tabs.children) tab.setAttribute("aria-pressed", String(tab.textContent === name));
  state.tree = buildTree(SIDEBAR_VIEWS[name](state.project));
  fill(state.body, branchList(state.tree));
  reveal(state);
}

/** `[path, node]` pairs to nested `{ branches, leaves }`. */
function buildTree(pairs) {
  const root = newBranch("");
  for (const [path, node] of pairs) {
    let at = root;
    for (const part of path) {
      if (!at.branches.has(part)) at.branches.set(part, newBranch(part));
      at = at.branches.get(part);
      at.ids.add(node.id);
    }
    at.leaves.push(node);
  }
  return root;
}

function newBranch(label) {
  return { label, branches: new Map(), leaves: [], ids: new Set(), details: null };
}

function branchList(branch) {
  const leaves = branch.leaves.sort((a, b) => shortName(a).localeCompare(shortName(b)));
  return h("ul", {}, [...branch.branches.values()].map((inner) => h("li", {}, branchDetails(inner))),
    leaves.map((node) => h("li", {}, h("a", { href: nodeAddress(node.id), "data-id": node.id, title: displayName(node) }, h("span", { class: `dot type-${node.type}`, title: node.type }), shortName(node)))));
}

/** Inside its branch a source's table needs no source name. */
function shortName(node) {
  return node.type === "source" ? node.name : displayName(node);
}

function branchDetails(branch) {
  const details = h("details", {}, h("summary", {}, branch.label, h("span", { class: "count" }, String(branch.ids.size))));
  branch.details = details;
  details.addEventListener("toggle", () => openBranch(branch));
  return details;
}

function openBranch(branch) {
  if (branch.details.childElementCount === 1) branch.details.append(branchList(branch));
}

function reveal(state) {
  for (const old of state.body.querySelectorAll("[aria-current]")) old.removeAttribute("aria-current");
  let branch = state.tree;
  while (branch) {
    branch = [...branch.branches.values()].find((inner) => inner.ids.has(state.current));
    if (!branch) break;
    branch.details.open = true;
    openBranch(branch);
  }
  const link = state.current && state.body.querySelector(`[data-id="${CSS.escape(state.current)}"]`);
  if (!link) return;
  link.setAttribute("aria-current", "page");
  link.scrollIntoView({ block: "nearest" });
}

/** Sources by source, the project's own folders, then macros, then the same of every package. */
function projectPaths(project) {
  const types = Object.keys(RESOURCE_TYPES);
  const nodes = project.nodes.filter((node) => node.type !== "test");
  const order = (node) => (node.package === project.project ? 0 : isBuiltIn(project, node) ? 2 : 1);
  nodes.sort((a, b) => order(a) - order(b) || a.package.localeCompare(b.package) || types.indexOf(a.type) - types.indexOf(b.type) || (a.path || "").localeCompare(b.path || ""));
  const own = nodes.filter((node) => order(node) === 0).map((node) => [projectPath(node), node]);
  const others = nodes.filter((node) => order(node) > 0).map((node) => [[order(node) === 2 ? "Built-in macros" : "Packages", node.package, ...projectPath(node)], node]);
  return [...own, ...others];
}

function projectPath(node) {
  const label = RESOURCE_TYPES[node.type];
  if (node.type === "source") return [label, node.source.name];
  return [label, ...(node.path || "").split(/[\\/]/).slice(1, -1)];
}

function warehousePaths(project) {
  const stored = project.nodes.filter((node) => node.relation || node.type === "source");
  const pairs = stored.filter((node) => node.type !== "test").map((node) => [[node.database || "default database", node.schema || "default schema"], node]);
  return pairs.sort((a, b) => a[0].join().localeCompare(b[0].join()));
}

function groupPaths(project) {
  const nodes = project.nodes.filter((node) => node.type === "model" || node.group);
  const pairs = nodes.filter((node) => node.type !== "test").map((node) => [[node.group || "No group"], node]);
  return pairs.sort((a, b) => (a[0][0] === "No group") - (b[0][0] === "No group") || a[0][0].localeCompare(b[0][0]));
}
