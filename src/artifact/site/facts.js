// Facts as lists of names and values: what a node is, its config, freshness, owner, and values of any shape.
import { h, copyButton, outsideLink } from "./dom.js";

/** Rows of `[label, value]`; rows without a value are left out; null when none is left. */
export function factList(rows) {
  const kept = rows.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  if (!kept.length) return null;
  return h("dl", { class: "facts" }, kept.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}

/** Any JSON value: objects as facts, lists of plain values in one line, the rest as text. */
export function anyValue(value) {
  if (Array.isArray(value)) {
    const plain = value.every((one) => typeof one !== "object" || one === null);
    return plain ? h("code", {}, value.join(", ")) : h("ul", { class: "values" }, value.map((one) => h("li", {}, anyValue(one))));
  }
  if (value && typeof value === "object") return factList(Object.entries(value).map(([key, inner]) => [key, anyValue(inner)])) || "";
  return h("code", { class: "value" }, String(value));
}

/** What the header of a node says in short. */
export function headFacts(project, node) {
  const group = node.group && project.groupByName.get(node.group);
  const { catalog, source, exposure } = node;
  return factList([
    ["Relation", node.relation && [h("code", {}, node.relation), copyButton(node.relation, "Copy the relation's name")]],
    ["File", node.path && h("code", {}, node.path)],
    ["Package", node.package !== project.project && node.package],
    ["Group", node.group && h("a", { href: `#/list?group=${encodeURIComponent(node.group)}` }, node.group)],
    ["Owner", ownerText(exposure?.owner || group?.owner) || catalog?.owner],
    ["Access", node.access && node.access !== "protected" && node.access],
    ["Contract", node.contract && "enforced"],
    ["Version", node.version !== undefined && `${node.version}${node.latest === node.version ? " (latest)" : ` (latest is ${node.latest})`}`],
    ["Deprecated", node.deprecation_date],
    ["Kind", exposure?.kind], ["Maturity", exposure?.maturity], ["Address", exposure?.url && outsideLink(exposure.url, exposure.url)],
    ["Loader", source?.loader], ["Table", source?.identifier !== node.name && source?.identifier && h("code", {}, source.identifier)],
    ["Severity", node.severity], ["Primary key", node.primary_key && h("code", {}, node.primary_key.join(", "))],
    ...(catalog?.stats || []).map((stat) => [stat.label, typeof stat.value === "number" ? stat.value.toLocaleString("en") : String(stat.value)]),
  ]);
}

/** A name, a mail address, or both. */
export function ownerText(owner) {
  if (!owner || (!owner.name && !owner.email)) return null;
  const mails = [owner.email].flat().filter(Boolean);
  return [owner.name || null, mails.map((mail) => [" ", outsideLink(`mailto:${mail}`, mail)])];
}

/** Source freshness as declared, or null. */
export function freshnessFacts(node) {
  const freshness = node.source?.freshness || node.freshness;
  const loadedAt = node.source?.loaded_at;
  if (!freshness && !loadedAt) return null;
  return factList([
    ["Warn after", periodText(freshness?.warn_after)], ["Error after", periodText(freshness?.error_after)], ["Build after", periodText(freshness?.build_after)],
    ["Filter", freshness?.filter && h("code", {}, freshness.filter)], ["Loaded at", loadedAt && h("code", {}, loadedAt)],
  ]);
}

function periodText(rule) {
  return rule?.count ? `${rule.count} ${rule.period}${rule.count === 1 ? "" : "s"}` : null;
}
