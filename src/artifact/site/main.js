// The start: reads the data, wires the frame of the page, and shows what the address names.
import { h } from "./dom.js";
import { loadProject } from "./data.js";
import { applyTheme, startTheme, switchTheme } from "./theme.js";
import { startRouter, goTo } from "./router.js";
import { startSearch } from "./search_box.js";
import { startSidebar } from "./sidebar.js";
import { overviewPage } from "./overview_page.js";
import { nodePage } from "./node_page.js";
import { lineagePage, lineageAddress } from "./lineage_page.js";
import { listPage } from "./list_page.js";

const SHORTCUTS = [["/", "search"], ["g", "lineage of this node, or of the project"], ["o", "overview"], ["i", "index of models"], ["t", "light or dark"], ["?", "this list"],
  ["← → ↑ ↓", "in a graph: along edges, and within a column"], ["Enter", "in a graph: open the node"], ["f", "in a graph: focus on the node"], ["+ − 0", "in a graph: zoom, fit"]];

const PAGES = {
  "": (project, target) => overviewPage(project, target),
  node: (project, target, { rest, params }) => nodePage(project, target, rest, params),
  lineage: (project, target, { params }) => lineagePage(project, target, params),
  list: (project, target, { params }) => listPage(project, target, params),
};

applyTheme();
document.addEventListener("DOMContentLoaded", startSite);

function startSite() {
  const project = loadProject();
  const place = (id) => document.getElementById(id);
  const site = { project, content: place("content"), siteTitle: document.title, shown: null, sidebar: startSidebar(project, place("sidebar")) };
  startTheme(place("theme"));
  startSearch(project, place("search"), place("results"));
  place("skip").addEventListener("click", () => site.content.focus());
  place("help").addEventListener("click", showHelp);
  place("menu").addEventListener("click", () => toggleMenu());
  document.addEventListener("keydown", (event) => shortcut(site, event));
  startRouter((address) => showPage(site, address));
}

function showPage(site, address) {
  site.shown?.close();
  const page = Object.hasOwn(PAGES, address.page) ? PAGES[address.page] : PAGES[""];
  site.content.className = `page-${address.page || "overview"}`;
  site.content.scrollTop = 0;
  const first = site.shown === null;
  site.shown = page(site.project, site.content, address);
  document.title = site.shown.title ? `${site.shown.title} · ${site.siteTitle}` : site.siteTitle;
  markTopLinks(address.page);
  site.sidebar(site.shown.id || null);
  toggleMenu(false);
  if (!first && !document.activeElement?.closest("#content, #sidebar")) site.content.focus({ preventScroll: true });
}

function markTopLinks(page) {
  for (const [id, name] of [["to-lineage", "lineage"], ["to-list", "list"], ["brand", ""]]) {
    const link = document.getElementById(id);
    if (page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** On narrow screens the contents slide over the page. */
function toggleMenu(open = document.body.dataset.menu !== "open") {
  document.body.dataset.menu = open ? "open" : "closed";
  document.getElementById("menu").setAttribute("aria-expanded", String(open));
}

function shortcut(site, event) {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") return focusSearch(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return undefined;
  const keys = {
    "/": () => focusSearch(event), o: () => goTo("#/"), i: () => goTo("#/list?type=model"), t: switchTheme, "?": showHelp,
    g: () => goTo(site.shown.id ? lineageAddress({ focus: site.shown.id, up: 2, down: 2 }) : "#/lineage"),
  };
  if (Object.hasOwn(keys, event.key)) keys[event.key]();
  return undefined;
}

function focusSearch(event) {
  event.preventDefault();
  const input = document.getElementById("search");
  input.focus();
  input.select();
}

function showHelp() {
  const dialog = h("dialog", { "aria-label": "Keyboard shortcuts" }, h("h2", {}, "Keyboard"), h("dl", { class: "keys" }, SHORTCUTS.map(([key, text]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)))),
    h("p", { class: "faint" }, "Searches can be narrowed with ", h("code", {}, "type:"), ", ", h("code", {}, "tag:"), ", ", h("code", {}, "package:"), " and ", h("code", {}, "column:"), "."), h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Close"));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
