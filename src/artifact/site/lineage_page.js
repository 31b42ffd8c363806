// The lineage page: which part of the graph is shown (all of it in the address), and the graph itself.
import { h, fill } from "./dom.js";
import { FLOW_TYPES, RESOURCE_TYPES, upstream, downstream, displayName, compareNodes, nodeAddress } from "./data.js";
import { selectNodes } from "./selection.js";
import { plainSummary } from "./markdown.js";
import { GraphView } from "./graph_view.js";
import { addressOf, goTo } from "./router.js";

/** More nodes than this, and the page begins with a part of the graph. */
const SHOWN_AT_ONCE = 400;

/** Draws the page for parameters `focus up down types tag package select all`; answers what to call on leaving. */
export function lineagePage(project, target, params) {
  const state = stateOf(project, params);
  const side = h("aside", { class: "graph-side", "aria-label": "Selected node", hidden: true });
  const view = new GraphView(project, {
    open: (id) => goTo(nodeAddress(id)),
    focus: (id) => goTo(lineageAddress({ ...state, focus: id, select: "" })),
    select: (id) => showSelected(project, side, id, state),
  });
  const shown = shownNodes(project, state);
  fill(target, h("div", { class: "lineage" },
    h("h1", { class: "unseen" }, "Lineage"), controls(project, state, shown, view), h("div", { class: "graph-area" }, view.element, side), nodeList(project, shown.ids)));
  view.show(shown.ids, state.focus);
  if (state.focus && view.camera.k < 0.5) view.centre(state.focus);
  return { title: state.focus ? `Lineage of ${displayName(project.byId.get(state.focus))}` : "Lineage", close: () => view.close() };
}

/** The address of a state; what is as usual is left out of it. */
export function lineageAddress(state) {
  const { focus, up, down, types, tag, pkg, select, all } = state;
  return addressOf("lineage", {
    focus, up: focus && up !== 2 ? up : "", down: focus && down !== 2 ? down : "",
    types: types && types.join() !== FLOW_TYPES.join() ? types.join() : "", tag, package: pkg, select, all: all ? "1" : "",
  });
}

function stateOf(project, params) {
  const focus = project.byId.has(params.focus) && project.byId.get(params.focus).type !== "macro" ? params.focus : null;
  const state = {
    focus, up: depthParam(params.up), down: depthParam(params.down), types: params.types ? params.types.split(",") : FLOW_TYPES,
    tag: params.tag || "", pkg: params.package || "", select: params.select || "", all: params.all === "1",
  };
  if (focus && !state.types.includes(project.byId.get(focus).type)) state.types = [...state.types, project.byId.get(focus).type];
  const flow = project.nodes.filter((node) => state.types.includes(node.type)).length;
  if (flow > SHOWN_AT_ONCE && !focus && !state.all && !state.select && !state.tag && !state.pkg) {
    state.focus = mostConnected(project);
    state.begun = flow;
  }
  return state;
}

function depthParam(text) {
  if (text === "all") return "all";
  return /^\d+$/.test(text || "") ? Number(text) : 2;
}

/** A place to begin in a large graph: the model with the most direct neighbours. */
function mostConnected(project) {
  const degree = (node) => node.parents.length + project.children.get(node.id).filter((id) => FLOW_TYPES.includes(project.byId.get(id).type)).length;
  const models = project.nodes.filter((node) => node.type === "model");
  return models.length ? models.reduce((best, node) => (degree(node) > degree(best) ? node : best)).id : null;
}

/** `{ ids, error }`: the focus with its neighbourhood, then every filter. */
function shownNodes(project, state) {
  const selection = state.select ? selectNodes(project, state.select) : {};
  const near = state.focus ? neighbourhood(project, state) : null;
  const ids = new Set();
  for (const node of project.nodes) {
    const kept = state.types.includes(node.type) && (!near || near.has(node.id)) && (!selection.ids || selection.ids.has(node.id));
    const fits = (!state.tag || (node.tags || []).includes(state.tag)) && (!state.pkg || node.package === state.pkg);
    if ((kept && fits) || node.id === state.focus) ids.add(node.id);
  }
  return { ids, error: selection.error };
}

function neighbourhood(project, { focus, up, down }) {
  const steps = (depth) => (depth === "all" ? Infinity : depth);
  return new Set([focus, ...upstream(project, focus, steps(up)), ...downstream(project, focus, steps(down))]);
}

function controls(project, state, shown, view) {
  const change = (part) => goTo(lineageAddress({ ...state, ...part }));
  return h("div", { class: "graph-controls" },
    h("div", { class: "row" }, focusControl(project, state, change), selectControl(state, change, shown.error),
      choice("Tag", unique(project.nodes.flatMap((node) => node.tags || [])), state.tag, (tag) => change({ tag })),
      choice("Package", unique(project.nodes.filter((node) => node.type !== "macro").map((node) => node.package)), state.pkg, (pkg) => change({ pkg })),
      findControl(project, shown.ids, view)),
    h("div", { class: "row" }, typeControl(project, state, change), h("span", { class: "faint grow" }, countText(shown, state)),
      state.begun ? h("a", { href: lineageAddress({ ...state, focus: null, all: true }) }, `Show all ${state.begun}`) : null));
}

function countText(shown, state) {
  const count = `${shown.ids.size} ${shown.ids.size === 1 ? "node" : "nodes"}`;
  return state.begun ? `${count} around the most connected model; search or select to go elsewhere` : count;
}

function focusControl(project, state, change) {
  if (!state.focus) return null;
  const depth = (label, key) => h("label", {}, label, h("select", { onchange: (event) => change({ [key]: depthParam(event.target.value) }) },
    [0, 1, 2, 3, 4, 6, "all"].map((value) => h("option", { value, selected: state[key] === value }, String(value)))));
  return h("div", { class: "focus" }, h("span", { class: "faint" }, "Focus"), h("a", { href: nodeAddress(state.focus) }, displayName(project.byId.get(state.focus))),
    depth("up", "up"), depth("down", "down"),
    h("button", { type: "button", class: "quiet", "aria-label": "Remove the focus", title: "Remove the focus", onclick: () => change({ focus: null }) }, "×"));
}

function selectControl(state, change, error) {
  const input = h("input", { type: "text", value: state.select, placeholder: "+orders+1 tag:daily", spellcheck: "false", "aria-invalid": error ? "true" : null,
    title: "dbt's selection syntax: union by space, intersection by comma, --exclude" });
  const form = h("form", { class: "select" }, h("label", {}, "Select", input), error ? h("span", { class: "problem", role: "alert" }, error) : null);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change({ select: input.value.trim(), focus: input.value.trim() ? null : state.focus });
  });
  return form;
}

function choice(label, values, current, act) {
  if (values.length < 2 && !current) return null;
  const select = h("select", {}, h("option", { value: "" }, "any"), values.map((value) => h("option", { value, selected: value === current }, value)));
  select.addEventListener("change", () => act(select.value));
  return h("label", {}, label, select);
}

function typeControl(project, state, change) {
  const present = Object.keys(RESOURCE_TYPES).filter((type) => type !== "macro" && project.nodes.some((node) => node.type === type));
  const toggle = (type) => change({ types: present.filter((one) => state.types.includes(one) !== (one === type)), all: state.all || Boolean(state.begun) });
  return h("div", { class: "types", role: "group", "aria-label": "Resource types" }, present.map((type) =>
    h("button", { type: "button", class: `chip type-${type}`, "aria-pressed": String(state.types.includes(type)), onclick: () => toggle(type) }, RESOURCE_TYPES[type])));
}

/** Marks what is found among the shown nodes; Enter goes from one to the next. */
function findControl(project, ids, view) {
  const input = h("input", { type: "search", placeholder: "in this graph", "aria-label": "Find in this graph", spellcheck: "false" });
  let at = -1;
  const hits = () => [...ids].filter((id) => displayName(project.byId.get(id)).toLowerCase().includes(input.value.trim().toLowerCase()));
  input.addEventListener("input", () => {
    at = -1;
    view.mark(input.value.trim() ? new Set(hits()) : null);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !input.value.trim() || !hits().length) return;
    at = (at + (event.shiftKey ? hits().length - 1 : 1)) % hits().length;
    view.select(hits()[at]);
    view.centre(hits()[at]);
  });
  return h("label", {}, "Find", input);
}

function showSelected(project, side, id, state) {
  side.hidden = !id;
  if (!id) return;
  const node = project.byId.get(id);
  fill(side, h("p", { class: "faint" }, `${node.type.replace("_", " ")}${node.materialized ? ` · ${node.materialized}` : ""} · ${node.package}`),
    h("h2", {}, h("a", { href: nodeAddress(id) }, displayName(node))), h("p", {}, plainSummary(node.description, 240) || h("span", { class: "faint" }, "No description")),
    h("p", { class: "row" }, h("a", { class: "button", href: nodeAddress(id) }, "Open"),
      h("a", { class: "button", href: lineageAddress({ ...state, focus: id, select: "", all: false }) }, "Focus"),
      h("a", { class: "button", href: lineageAddress({ ...state, focus: id, up: "all", down: 0, select: "" }) }, "All upstream"),
      h("a", { class: "button", href: lineageAddress({ ...state, focus: id, up: 0, down: "all", select: "" }) }, "All downstream")));
}

/** The graph in words, for whoever cannot or would rather not look at a picture. */
function nodeList(project, ids) {
  const list = h("ul", { class: "columns" });
  const details = h("details", { class: "node-list" }, h("summary", {}, "These nodes as a list"), list);
  details.addEventListener("toggle", () => {
    if (list.childElementCount) return;
    const nodes = [...ids].map((id) => project.byId.get(id)).sort(compareNodes);
    fill(list, nodes.map((node) => h("li", {}, h("span", { class: `dot type-${node.type}`, title: node.type }), h("a", { href: nodeAddress(node.id) }, displayName(node)))));
  });
  return details;
}

function unique(values) {
  return [...new Set(values)].sort((a, b) => a.localeCompare(b));
}

/** A small graph of direct neighbours for a node's page, or null when it has none. */
export function smallLineage(project, node) {
  const flow = (ids) => [...ids].filter((id) => FLOW_TYPES.includes(project.byId.get(id).type));
  const around = (depth) => new Set([node.id, ...flow(upstream(project, node.id, depth)), ...flow(downstream(project, node.id, depth))]);
  const wide = around(2);
  const ids = wide.size > 40 ? around(1) : wide;
  if (ids.size < 2) return null;
  const view = new GraphView(project, { open: (id) => goTo(nodeAddress(id)), focus: (id) => goTo(lineageAddress({ focus: id, up: 2, down: 2 })), select: (id) => id && id !== node.id && goTo(nodeAddress(id)) }, { pageScrolls: true });
  view.element.classList.add("small");
  return { view, show: () => view.show(ids, node.id) };
}
