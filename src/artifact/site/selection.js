// dbt's selection syntax over the embedded project: `+orders+1 tag:daily,path:models/marts --exclude source:*`.
import { upstream, downstream, displayName } from "./data.js";

const SELECTION_TERM = /^(@)?(?:(\d*)(\+))?(.*?)(?:(\+)(\d*))?$/;

const SELECTION_METHODS = {
  tag: (node, matches) => (node.tags || []).some(matches),
  package: (node, matches) => matches(node.package),
  path: (node, matches, value) => Boolean(node.path) && (matches(node.path) || node.path.startsWith(`${value.replace(/\/$/, "")}/`)),
  file: (node, matches) => Boolean(node.path) && (matches(node.path.split("/").pop()) || matches(node.path.split("/").pop().replace(/\.\w+$/, ""))),
  fqn: (node, matches) => matchesName(node, matches),
  name: (node, matches) => matches(node.name),
  resource_type: (node, matches) => matches(node.type),
  source: (node, matches) => node.type === "source" && [node.source.name, displayName(node), `${node.package}.${displayName(node)}`].some(matches),
  exposure: (node, matches) => node.type === "exposure" && matches(node.name),
  metric: (node, matches) => node.type === "metric" && matches(node.name),
  semantic_model: (node, matches) => node.type === "semantic_model" && matches(node.name),
  saved_query: (node, matches) => node.type === "saved_query" && matches(node.name),
  unit_test: (node, matches) => node.type === "unit_test" && matches(node.name),
  group: (node, matches) => Boolean(node.group) && matches(node.group),
  access: (node, matches) => Boolean(node.access) && matches(node.access),
  test_name: (node, matches) => node.type === "test" && Boolean(node.test) && matches(node.test.name),
  test_type: (node, _matches, value) => isTestType(node, value),
  version: (node, _matches, value) => isVersion(node, value),
  column: (node, matches) => (node.columns || []).some((column) => matches(column.name)),
};

/** `{ ids }`, or `{ error }` when the expression uses a method that a finished page cannot know. */
export function selectNodes(project, expression) {
  const [include, ...excluded] = expression.trim().split(/\s+--exclude\s+|^--exclude\s+/);
  try {
    const ids = include ? unionOf(project, include) : new Set(project.byId.keys());
    for (const part of excluded) for (const id of unionOf(project, part)) ids.delete(id);
    return { ids };
  } catch (problem) {
    return { error: problem.message };
  }
}

function unionOf(project, text) {
  const ids = new Set();
  for (const word of text.split(/\s+/).filter(Boolean)) for (const id of intersectionOf(project, word)) ids.add(id);
  return ids;
}

function intersectionOf(project, word) {
  const sets = word.split(",").filter(Boolean).map((term) => termOf(project, term));
  return sets.length ? sets.reduce((left, right) => new Set([...left].filter((id) => right.has(id)))) : new Set();
}

function termOf(project, term) {
  const [, at, upDepth, up, body, down, downDepth] = SELECTION_TERM.exec(term);
  const found = matching(project, body);
  const ids = new Set(found);
  for (const id of found) {
    if (up) addAll(ids, upstream(project, id, depthOf(upDepth)));
    if (down || at) addAll(ids, downstream(project, id, depthOf(downDepth)));
  }
  if (at) for (const id of [...ids]) addAll(ids, upstream(project, id));
  return ids;
}

function depthOf(text) {
  return text ? Number(text) : Infinity;
}

function addAll(set, others) {
  for (const id of others) set.add(id);
}

function matching(project, body) {
  const split = /^([a-z_.]+):(.+)$/.exec(body);
  const [method, value] = split ? [split[1], split[2]] : [body.includes("/") ? "path" : "fqn", body];
  const matches = wildcard(value);
  const test = method.startsWith("config.") ? configMatcher(method.slice(7), matches) : SELECTION_METHODS[method];
  if (!test) throw new Error(`\`${method}:\` cannot be answered by this page`);
  return project.nodes.filter((node) => node.type !== "macro" && test(node, matches, value)).map((node) => node.id);
}

function wildcard(value) {
  const pattern = new RegExp(`^${value.replace(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`);
  return (text) => pattern.test(text);
}

/** A name, or the beginning of its dotted path with or without the package. */
function matchesName(node, matches) {
  const path = node.fqn || [node.name];
  if (matches(node.name) || matches(displayName(node))) return true;
  return path.some((_, i) => matches(path.slice(0, i + 1).join(".")) || (i > 0 && matches(path.slice(1, i + 1).join("."))));
}

function configMatcher(key, matches) {
  return (node) => {
    const value = key.split(".").reduce((at, part) => at?.[part], { ...node.config, materialized: node.materialized });
    return [value].flat().some((one) => one !== undefined && matches(String(one)));
  };
}

function isTestType(node, value) {
  const kinds = node.type === "unit_test" ? ["unit"] : node.type === "test" ? ["data", node.test ? "generic" : "singular"] : [];
  return kinds.includes(value);
}

function isVersion(node, value) {
  if (node.type !== "model") return false;
  if (value === "none") return node.version === undefined;
  if (node.version === undefined) return false;
  const order = Number(node.version) - Number(node.latest);
  return value === "latest" ? order === 0 : value === "prerelease" ? order > 0 : value === "old" && order < 0;
}
