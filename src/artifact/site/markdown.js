// Markdown to elements: blocks here, inline text in markdown_inline.js. Raw HTML is shown as text, never taken as HTML.
import { h } from "./dom.js";
import { inlineMarkdown } from "./markdown_inline.js";
import { codeBlock } from "./highlight.js";

/** A description as a `div` of rendered blocks. */
export function markdown(text) {
  return h("div", { class: "markdown" }, markdownBlocks(String(text || "").replace(/\r\n?/g, "\n").split("\n")));
}

/** The first sentence or line of a description as plain text, for lists. */
export function plainSummary(text, limit = 160) {
  const line = String(text || "").split(/\n\s*\n/)[0].replace(/[#*_`>|]|\[|\]\([^)]*\)/g, "").replace(/\s+/g, " ").trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** Each rule takes lines from `at` and answers `{ element, next }`, or null when the block is not its kind. */
const BLOCK_RULES = [fenceBlock, headingBlock, ruleBlock, quoteBlock, tableBlock, listBlock];

function markdownBlocks(lines) {
  const elements = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const block = firstBlock(lines, at) || paragraphBlock(lines, at);
    elements.push(block.element);
    at = block.next;
  }
  return elements;
}

function firstBlock(lines, at) {
  for (const rule of BLOCK_RULES) {
    const block = rule(lines, at);
    if (block) return block;
  }
  return null;
}

function fenceBlock(lines, at) {
  const open = /^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)/.exec(lines[at]);
  if (!open) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(open[1])) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  return { element: codeBlock(code, { language: open[2] || "text", plain: true }), next: end + 1 };
}

/** A page has one h1, its own; headings in descriptions start below the section's. */
function headingBlock(lines, at) {
  const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(lines[at]);
  if (!heading) return null;
  const level = Math.min(6, heading[1].length + 2);
  return { element: h(`h${level}`, {}, inlineMarkdown(heading[2])), next: at + 1 };
}

function ruleBlock(lines, at) {
  return /^ {0,3}([-*_])(\s*\1){2,}\s*$/.test(lines[at]) ? { element: h("hr"), next: at + 1 } : null;
}

function quoteBlock(lines, at) {
  if (!/^ {0,3}>/.test(lines[at])) return null;
  let end = at;
  while (end < lines.length && /^ {0,3}>/.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return { element: h("blockquote", {}, markdownBlocks(inner)), next: end };
}

function tableBlock(lines, at) {
  const divider = lines[at + 1];
  if (!lines[at].includes("|") || !divider || !/^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(divider)) return null;
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const align = tableCells(divider).map(cellAlignment);
  const row = (line, tag) => h("tr", {}, tableCells(line).map((cell, i) => h(tag, { class: align[i] }, inlineMarkdown(cell))));
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const table = h("table", {}, h("thead", {}, row(lines[at], "th")), h("tbody", {}, body));
  return { element: h("div", { class: "scroll" }, table), next: end };
}

function tableCells(line) {
  const bare = line.trim().replace(/^\|/, "").replace(/(^|[^\\])\|$/, "$1");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function cellAlignment(mark) {
  if (/^:-+:$/.test(mark)) return "center";
  return /^-+:$/.test(mark) ? "right" : null;
}

const LIST_ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;

function listBlock(lines, at) {
  const first = LIST_ITEM.exec(lines[at]);
  if (!first) return null;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let next = at;
  while (next < lines.length) {
    const item = LIST_ITEM.exec(lines[next]);
    if (!item || item[1].length > first[1].length + 1 || /\d/.test(item[2]) !== ordered) break;
    const taken = listItem(lines, next, item);
    items.push(taken.element);
    next = taken.next;
  }
  const start = ordered ? parseInt(first[2], 10) : null;
  return { element: h(ordered ? "ol" : "ul", { start: start === 1 ? null : start }, items), next };
}

/** An item holds its own line and every following line that is indented deeper, or that merely continues it. */
function listItem(lines, at, item) {
  const indent = item[1].length;
  const inner = [item[3]];
  let next = at + 1;
  while (next < lines.length) {
    const line = lines[next];
    const depth = line.search(/\S/);
    const lazy = depth >= 0 && lines[next - 1].trim() && !LIST_ITEM.test(line) && !/^ {0,3}(#|>|```)/.test(line);
    const blank = depth < 0 && next + 1 < lines.length && lines[next + 1].search(/\S/) > indent + 1;
    if (depth <= indent && !lazy && !blank) break;
    inner.push(line.replace(new RegExp(`^\\s{0,${indent + item[2].length + 1}}`), ""));
    next += 1;
  }
  return { element: h("li", {}, tightBlocks(inner)), next };
}

/** A single paragraph in an item is set without paragraph space. */
function tightBlocks(lines) {
  const task = /^\[([ xX])\]\s+/.exec(lines[0]);
  if (task) lines = [lines[0].slice(task[0].length), ...lines.slice(1)];
  const mark = task ? h("input", { type: "checkbox", disabled: true, checked: task[1] !== " ", "aria-label": "task" }) : null;
  const blocks = markdownBlocks(lines);
  const head = blocks[0]?.tagName === "P" ? [...blocks.shift().childNodes] : [];
  return [mark, head, blocks];
}

function paragraphBlock(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !firstBlockStarts(lines, end)) end += 1;
  return { element: h("p", {}, inlineMarkdown(lines.slice(at, end).join("\n"))), next: end };
}

function firstBlockStarts(lines, at) {
  return /^ {0,3}(#{1,6}\s|>|`{3}|~{3})/.test(lines[at]) || /^\s*([-*+]|1[.)])\s+\S/.test(lines[at]) || tableBlock(lines, at) !== null;
}
