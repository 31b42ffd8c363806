// Finding nodes by words: an index of lower-case text per field, and a rank by where the words were found.
import { displayName, isBuiltIn } from "./data.js";

/** Words such as `type:model` narrow the search before the others rank it. */
const SEARCH_FILTERS = {
  type: (node, value) => node.type.startsWith(value),
  tag: (node, value) => (node.tags || []).some((tag) => tag.toLowerCase() === value),
  package: (node, value) => node.package.toLowerCase() === value,
  column: (node, value) => (node.columns || []).some((column) => column.name.toLowerCase().includes(value)),
};

const TYPE_BONUS = { model: 8, source: 6, exposure: 6, snapshot: 6, seed: 5, metric: 5, test: -14, unit_test: -10, macro: -6 };

/** Code is long: it is lowered only when a search first needs it. */
export function buildSearch(project) {
  const entries = project.nodes.map((node) => ({
    node,
    name: displayName(node).toLowerCase(),
    columns: (node.columns || []).map((column) => column.name.toLowerCase()),
    columnText: (node.columns || []).map((column) => column.description || "").join("\n").toLowerCase(),
    text: [node.description, (node.tags || []).join(" "), node.path, node.group, node.source?.description].filter(Boolean).join("\n").toLowerCase(),
    bonus: (TYPE_BONUS[node.type] || 0) - (isBuiltIn(project, node) ? 30 : 0),
    code: null,
  }));
  return { entries };
}

/** The best matches first: `{ node, column, where }`, `where` naming the field when it is not the name. */
export function searchNodes(index, query, limit = 40) {
  const { filters, words } = parseQuery(query);
  if (!words.length && !filters.length) return [];
  const found = [];
  for (const entry of index.entries) {
    if (!filters.every(([key, value]) => SEARCH_FILTERS[key](entry.node, value))) continue;
    const hit = rankEntry(entry, words);
    if (hit) found.push({ ...hit, node: entry.node, score: hit.score + entry.bonus });
  }
  found.sort((a, b) => b.score - a.score || a.node.name.localeCompare(b.node.name));
  return found.slice(0, limit);
}

function parseQuery(query) {
  const filters = [];
  const words = [];
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const split = /^([a-z]+):(.+)$/.exec(word);
    if (split && Object.hasOwn(SEARCH_FILTERS, split[1])) filters.push([split[1], split[2]]);
    else words.push(word);
  }
  return { filters, words };
}

/** Every word must be found somewhere; the worst place found is the one that is named. */
function rankEntry(entry, words) {
  let score = words.length ? 0 : 50;
  let worst = { score: Infinity };
  let column = null;
  for (const word of words) {
    const hit = rankWord(entry, word);
    if (!hit) return null;
    score += hit.score;
    column = hit.column || column;
    if (hit.score < worst.score) worst = hit;
  }
  return { score: score / Math.max(1, words.length), column, where: worst.where || null };
}

function rankWord(entry, word) {
  const { name } = entry;
  if (name === word) return { score: 120 };
  const at = name.indexOf(word);
  if (at === 0) return { score: 95 - lengthLoss(name, word) };
  if (at > 0) return { score: (/[_.\W]/.test(name[at - 1]) ? 82 : 68) - lengthLoss(name, word) };
  const exact = entry.columns.indexOf(word);
  const column = exact >= 0 ? exact : entry.columns.findIndex((one) => one.includes(word));
  if (column >= 0) return { score: exact >= 0 ? 60 : 50, column: entry.node.columns[column].name, where: "column" };
  if (entry.text.includes(word)) return { score: 38, where: "description" };
  if (entry.columnText.includes(word)) return { score: 30, where: "column description" };
  if (word.length > 2 && codeOf(entry).includes(word)) return { score: 12, where: "code" };
  return null;
}

function lengthLoss(name, word) {
  return Math.min(12, (name.length - word.length) / 4);
}

function codeOf(entry) {
  entry.code ??= `${entry.node.raw || ""}\n${entry.node.raw ? "" : entry.node.compiled || ""}`.toLowerCase();
  return entry.code;
}
