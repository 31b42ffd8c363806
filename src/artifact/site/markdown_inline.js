// Inline markdown: code, emphasis, links, breaks. Images are not fetched: a picture on the web becomes a link to it.
import { h, outsideLink } from "./dom.js";

const INLINE_RULES = [
  [/^\\([\\`*_{}[\]()#+\-.!|<>~])/, (m) => m[1]],
  [/^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/, (m) => h("code", {}, m[2].trim())],
  [/^!\[([^\]]*)\]\(\s*<?([^\s)>]+)>?[^)]*\)/, (m) => picture(m[2], m[1])],
  [/^\[((?:[^[\]]|\[[^\]]*\])*)\]\(\s*<?([^\s)>]*)>?(?:\s+["'][^)]*["'])?\s*\)/, (m) => outsideLink(m[2], inlineMarkdown(m[1]))],
  [/^<((?:https?:\/\/|mailto:)[^\s>]+)>/i, (m) => outsideLink(m[1], m[1])],
  [/^https?:\/\/[^\s<>()]*[^\s<>().,;:!?'"]/i, (m) => outsideLink(m[0], m[0])],
  [/^(\*\*|__)(?=\S)([\s\S]*?\S)\1(?!\w)/, (m) => h("strong", {}, inlineMarkdown(m[2]))],
  [/^~~(?=\S)([\s\S]*?\S)~~/, (m) => h("s", {}, inlineMarkdown(m[1]))],
  [/^\*(?=[^\s*])([\s\S]*?[^\s*])\*(?!\*)/, (m) => h("em", {}, inlineMarkdown(m[1]))],
  [/^_(?=[^\s_])([\s\S]*?[^\s_])_(?!\w)/, (m) => h("em", {}, inlineMarkdown(m[1]))],
  [/^<br\s*\/?>/i, () => h("br")],
  [/^<!-{2}[\s\S]*?-{2}>/, () => ""],
  [/^( {2,}|\\)\n/, () => h("br")],
];

/** Characters at which a rule can begin; everything between them is copied at once. */
const INLINE_START = /[\\`!\[<*_~]|https?:\/\/| {2,}\n/i;

/** A list of text and elements. */
export function inlineMarkdown(text) {
  const out = [];
  let rest = text;
  let before = "";
  while (rest) {
    const skip = rest.search(INLINE_START);
    if (skip !== 0) {
      const plain = skip < 0 ? rest : rest.slice(0, skip);
      out.push(plain);
      before = plain.at(-1);
      rest = rest.slice(plain.length);
      continue;
    }
    const taken = takeInline(rest, before) || { part: rest[0], length: 1 };
    out.push(taken.part);
    before = rest[taken.length - 1];
    rest = rest.slice(taken.length);
  }
  return out;
}

/** An underscore inside a word is part of a name, as in `customer_id`, and begins nothing. */
function takeInline(rest, before) {
  if (rest[0] === "_" && /\w/.test(before || "")) return null;
  for (const [pattern, make] of INLINE_RULES) {
    const match = pattern.exec(rest);
    if (match) return { part: make(match), length: match[0].length };
  }
  return null;
}

function picture(address, alternative) {
  if (/^data:image\/(png|jpeg|gif|webp);base64,[a-z0-9+/=]+$/i.test(address)) return h("img", { src: address, alt: alternative });
  return outsideLink(address, `▧ ${alternative || "picture"}`);
}
