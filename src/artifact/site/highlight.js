// Code with colours: SQL with Jinja in it, line numbers, and names that link to the nodes they mean.
import { h, copyButton } from "./dom.js";
import { nodeAddress } from "./data.js";

const SQL_KEYWORDS = new Set(`all alter and any as asc assert at auto begin between by call case cast clone cluster collate column commit
  constraint copy create cross cube current database default delete desc describe distinct do drop else end escape except exists
  explain false fetch filter first flatten following for foreign from full function grant group grouping having if ignore ilike in
  inner insert intersect interval into is join key last lateral left like limit match_recognize materialized matched merge minus
  natural not null nulls of offset on only or order outer over partition pivot preceding primary procedure qualify range recursive
  references regexp rename replace respect returning returns revoke right rlike rollback rollup row rows sample schema select
  semi set sets show similar some sample table tablesample temporary then to transient trim true truncate unbounded union unique
  unpivot update use using values view when where window with within without`.split(/\s+/));

const JINJA_KEYWORDS = new Set(`and block call do else elif endblock endcall endfilter endfor endif endmacro endmaterialization endraw
  endset endsnapshot endtest extends false filter for from if import in include is macro materialization none not or raw recursive
  set snapshot test true None True False`.split(/\s+/));

const SQL_TOKEN = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^'\\]|''|\\.)*'|\$\$[\s\S]*?\$\$)|("(?:[^"]|"")*")|(\{#[\s\S]*?#\})|(\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\})|(\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|([a-z_][\w$]*)|(\s+|[\s\S])/giy;
const JINJA_TOKEN = /('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(\b\d+(?:\.\d+)?\b)|([a-z_]\w*)|(\s+|[\s\S])/giy;

/** Code in a figure with line numbers and a copy button; `names` maps a name in the text to a node id. */
export function codeBlock(code, { language = "sql", names = new Map(), plain = false } = {}) {
  const text = code.replace(/^\s*\n/, "").trimEnd();
  const parts = /^(sql|jinja|jinja-sql|)$/.test(language) ? sqlParts(text, names) : [text];
  const lines = plain ? parts : splitLines(parts);
  const pre = h("pre", { class: plain ? "code" : "code numbered", tabindex: "0" }, h("code", {}, lines));
  return h("figure", { class: "code-figure" }, plain ? null : copyButton(text, "Copy code"), pre);
}

/** Text and spans; adjacent plain text is one string. */
function sqlParts(text, names) {
  const parts = [];
  const links = [...names].filter(([name]) => name.length > 2);
  SQL_TOKEN.lastIndex = 0;
  while (SQL_TOKEN.lastIndex < text.length) {
    const at = SQL_TOKEN.lastIndex;
    const link = links.find(([name]) => text.startsWith(name, at) && !/\w/.test(text[at - 1] || "") && !/\w/.test(text[at + name.length] || ""));
    if (link) {
      parts.push(h("a", { href: nodeAddress(link[1]) }, link[0]));
      SQL_TOKEN.lastIndex = at + link[0].length;
    } else {
      pushSqlToken(parts, SQL_TOKEN.exec(text), text, names);
    }
  }
  return parts;
}

function pushSqlToken(parts, token, text, names) {
  const [all, comment, string, quoted, jinjaComment, jinja, number, word] = token;
  const resume = SQL_TOKEN.lastIndex;
  if (comment || jinjaComment) parts.push(mark("comment", all));
  else if (string) parts.push(mark("string", all));
  else if (quoted) parts.push(mark("quoted", all));
  else if (jinja) parts.push(h("span", { class: "t-jinja" }, jinjaParts(all, names)));
  else if (number) parts.push(mark("number", all));
  else if (word && SQL_KEYWORDS.has(word.toLowerCase())) parts.push(mark("keyword", all));
  else if (word && /^\s*\(/.test(text.slice(resume, resume + 8))) parts.push(mark("call", all));
  else pushText(parts, all);
}

/** Inside braces: `ref('x')` and `source('a', 'b')` link to what they name. */
function jinjaParts(text, names) {
  const parts = [];
  JINJA_TOKEN.lastIndex = 0;
  let token;
  let previous = null;
  while (JINJA_TOKEN.lastIndex < text.length && (token = JINJA_TOKEN.exec(text))) {
    const [all, string, number, word] = token;
    const id = string && (names.get(`ref:${all.slice(1, -1)}`) || names.get(`source:${previous}.${all.slice(1, -1)}`));
    if (id) parts.push(h("a", { href: nodeAddress(id) }, all));
    else if (string) parts.push(mark("string", all));
    else if (number) parts.push(mark("number", all));
    else if (word && JINJA_KEYWORDS.has(word)) parts.push(mark("keyword", all));
    else pushText(parts, all);
    if (string) previous = all.slice(1, -1);
  }
  return parts;
}

function mark(kind, text) {
  return h("span", { class: `t-${kind}` }, text);
}

function pushText(parts, text) {
  if (typeof parts.at(-1) === "string") parts[parts.length - 1] += text;
  else parts.push(text);
}

/** One `span.line` per line, so that numbers are a matter of style and are not copied with the text. */
function splitLines(parts) {
  const lines = [[]];
  for (const part of parts) {
    const text = typeof part === "string" ? part : part.textContent;
    if (!text.includes("\n")) lines.at(-1).push(part);
    else splitPart(part, lines);
  }
  return lines.map((line) => h("span", { class: "line" }, line, "\n"));
}

function splitPart(part, lines) {
  if (typeof part === "string") {
    part.split("\n").forEach((piece, i) => {
      if (i) lines.push([]);
      if (piece) lines.at(-1).push(piece);
    });
    return;
  }
  const inner = [[]];
  for (const child of [...part.childNodes]) splitPart(child.nodeType === Node.TEXT_NODE ? child.data : child, inner);
  inner.forEach((pieces, i) => {
    if (i) lines.push([]);
    if (pieces.length) {
      const copy = part.cloneNode(false);
      copy.append(...pieces);
      lines.at(-1).push(copy);
    }
  });
}
