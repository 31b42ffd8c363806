// The lineage graph as one can handle it: pan, zoom, hover, select, and walk along edges with the keyboard.
import { h, fill, announce } from "./dom.js";
import { layoutGraph } from "./layout.js";
import { drawScene, readPalette, LABEL_FONT } from "./graph_draw.js";
import { displayName, reach } from "./data.js";
import { plainSummary } from "./markdown.js";
import { onThemeChange } from "./theme.js";

const MAX_LABEL = 44;
const SCALE_RANGE = [0.01, 2.5];

/** Where the keyboard goes from the selected node. */
const GRAPH_KEYS = {
  ArrowLeft: (view) => view.step("up"), ArrowRight: (view) => view.step("down"),
  ArrowUp: (view) => view.stepBeside(-1), ArrowDown: (view) => view.stepBeside(1),
  Enter: (view) => view.selected && view.on.open(view.selected),
  f: (view) => view.selected && view.on.focus(view.selected),
  "+": (view) => view.zoomBy(1.25), "=": (view) => view.zoomBy(1.25), "-": (view) => view.zoomBy(0.8), 0: (view) => view.fit(),
  Escape: (view) => view.select(null),
};

/** `on` has `open(id)`, `select(id or null)` and `focus(id)`; with `pageScrolls`, the wheel zooms only with Ctrl. */
export class GraphView {
  constructor(project, on, { pageScrolls = false } = {}) {
    Object.assign(this, { project, on, pageScrolls, selected: null, hovered: null, matches: null, focus: null, nodes: new Map() });
    this.layout = { boxes: new Map(), routes: [], width: 0, height: 0 };
    this.camera = { x: 0, y: 0, k: 1 };
    this.palette = readPalette();
    this.canvas = h("canvas", { tabindex: "0", role: "application", "aria-roledescription": "lineage graph", "aria-label": "Lineage graph. Arrow keys walk along edges, Enter opens the node, F focuses it, plus and minus zoom, 0 fits." });
    this.tip = h("div", { class: "graph-tip", hidden: true });
    this.element = h("div", { class: "graph" }, this.canvas, this.tip, this.buttons());
    this.context = this.canvas.getContext("2d");
    this.pointers = new Map();
    this.listen();
  }

  buttons() {
    const button = (text, label, act) => h("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    return h("div", { class: "graph-buttons" },
      button("+", "Zoom in", () => this.zoomBy(1.25)), button("−", "Zoom out", () => this.zoomBy(0.8)), button("⤢", "Fit", () => this.fit()));
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.release(event));
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.openAt(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.element);
    this.stopTheme = onThemeChange(() => {
      this.palette = readPalette();
      this.draw();
    });
  }

  /** Releases what outlives the element. */
  close() {
    this.observer.disconnect();
    this.stopTheme();
  }

  /** Shows these nodes and every edge among them. */
  show(ids, focus = null) {
    this.nodes = new Map([...ids].map((id) => [id, this.card(this.project.byId.get(id))]));
    this.edges = [];
    for (const id of this.nodes.keys()) {
      for (const parent of this.project.byId.get(id).parents) if (this.nodes.has(parent)) this.edges.push([parent, id]);
    }
    this.up = new Map([...this.nodes.keys()].map((id) => [id, []]));
    this.down = new Map([...this.nodes.keys()].map((id) => [id, []]));
    for (const [from, to] of this.edges) {
      this.up.get(to).push(from);
      this.down.get(from).push(to);
    }
    this.layout = layoutGraph([...this.nodes.values()], this.edges);
    this.focus = focus;
    this.selected = null;
    this.lit = null;
    this.fitted = false;
    this.resize();
  }

  card(node) {
    const name = displayName(node);
    const label = name.length > MAX_LABEL ? `${name.slice(0, MAX_LABEL - 1)}…` : name;
    this.context.font = LABEL_FONT;
    return { id: node.id, type: node.type, color: safeColour(node.color), label, width: Math.ceil(this.context.measureText(label).width) + 24 };
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.size = { width, height, ratio: window.devicePixelRatio || 1 };
    this.canvas.width = Math.round(width * this.size.ratio);
    this.canvas.height = Math.round(height * this.size.ratio);
    if (!this.fitted) this.fit();
    this.draw();
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (this.size) drawScene(this.context, this);
    });
  }

  /** All of it, in the middle. */
  fit() {
    if (!this.size) return;
    const { width, height } = this.size;
    const k = Math.min(1.1, (width - 40) / this.layout.width, (height - 40) / this.layout.height);
    this.fitted = true;
    this.camera = { k: Math.max(SCALE_RANGE[0], k), x: 0, y: 0 };
    this.camera.x = (width - this.layout.width * this.camera.k) / 2;
    this.camera.y = (height - this.layout.height * this.camera.k) / 2;
    this.draw();
  }

  /** Brings a node to the middle, at a size at which it can be read. */
  centre(id) {
    const box = this.layout.boxes.get(id);
    if (!box || !this.size) return;
    const k = Math.max(this.camera.k, 0.8);
    this.camera = { k, x: this.size.width / 2 - (box.x + box.w / 2) * k, y: this.size.height / 2 - (box.y + box.h / 2) * k };
    this.draw();
  }

  zoomBy(factor, at = { x: this.size.width / 2, y: this.size.height / 2 }) {
    const k = Math.min(SCALE_RANGE[1], Math.max(SCALE_RANGE[0], this.camera.k * factor));
    const ratio = k / this.camera.k;
    this.camera = { k, x: at.x - (at.x - this.camera.x) * ratio, y: at.y - (at.y - this.camera.y) * ratio };
    this.draw();
  }

  wheel(event) {
    if (this.pageScrolls && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), { x: event.offsetX, y: event.offsetY });
  }

  press(event) {
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.canvas.setPointerCapture(event.pointerId);
    this.travelled = this.pointers.size > 1 ? Infinity : 0;
  }

  /** One pointer drags, two pinch, none hovers. */
  move(event) {
    const before = this.pointers.get(event.pointerId);
    const now = { x: event.offsetX, y: event.offsetY };
    if (!before) return this.hover(this.nodeAt(now), now);
    if (this.pointers.size === 2) {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
      this.zoomBy(distance(now, other) / Math.max(1, distance(before, other)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else {
      this.camera.x += now.x - before.x;
      this.camera.y += now.y - before.y;
      this.travelled += distance(now, before);
      this.draw();
    }
    this.pointers.set(event.pointerId, now);
    return undefined;
  }

  release(event) {
    const at = this.pointers.get(event.pointerId);
    this.pointers.delete(event.pointerId);
    if (at && this.travelled < 4 && event.type === "pointerup") this.select(this.nodeAt(at));
  }

  openAt(event) {
    const id = this.nodeAt({ x: event.offsetX, y: event.offsetY });
    if (id) this.on.open(id);
  }

  nodeAt(point) {
    const x = (point.x - this.camera.x) / this.camera.k;
    const y = (point.y - this.camera.y) / this.camera.k;
    for (const [id, box] of this.layout.boxes) if (x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h) return id;
    return null;
  }

  hover(id, at) {
    this.canvas.style.cursor = id ? "pointer" : "grab";
    if (id !== this.hovered) {
      this.hovered = id;
      this.draw();
    }
    this.tip.hidden = !id;
    if (!id) return;
    const node = this.project.byId.get(id);
    fill(this.tip, h("strong", {}, displayName(node)), ` ${node.type.replace("_", " ")}`, node.description ? h("div", {}, plainSummary(node.description, 120)) : null);
    this.tip.style.left = `${Math.min(at.x + 14, this.size.width - 280)}px`;
    this.tip.style.top = `${at.y + 16}px`;
  }

  /** Selecting lights everything that the node comes from or goes into. */
  select(id) {
    this.selected = id;
    this.lit = id ? new Set([id, ...reach(id, (at) => this.up.get(at)), ...reach(id, (at) => this.down.get(at))]) : null;
    if (id) announce(`${displayName(this.project.byId.get(id))}, ${this.project.byId.get(id).type}, ${this.up.get(id).length} parents, ${this.down.get(id).length} readers shown`);
    this.on.select(id);
    this.draw();
  }

  /** Marks search hits; null marks nothing. */
  mark(ids) {
    this.matches = ids;
    this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !GRAPH_KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    GRAPH_KEYS[event.key](this);
  }

  /** To the neighbour that lies most nearly level. */
  step(direction) {
    const from = this.selected || this.focus;
    const next = from ? nearest(this.layout.boxes, from, this[direction].get(from)) : this.layout.boxes.keys().next().value;
    if (next) this.goTo(next);
  }

  /** To the next node above or below in the same column. */
  stepBeside(sign) {
    const from = this.selected || this.focus || this.layout.boxes.keys().next().value;
    const here = this.layout.boxes.get(from);
    const beside = [...this.layout.boxes].filter(([, box]) => box.x === here.x && (box.y - here.y) * sign > 0);
    const next = nearest(this.layout.boxes, from, beside.map(([id]) => id));
    if (next) this.goTo(next);
  }

  goTo(id) {
    this.select(id);
    const box = this.layout.boxes.get(id);
    const [x, y] = [box.x * this.camera.k + this.camera.x, box.y * this.camera.k + this.camera.y];
    if (x < 0 || y < 0 || x + box.w * this.camera.k > this.size.width || y + 30 > this.size.height || this.camera.k < 0.4) this.centre(id);
  }
}

function nearest(boxes, from, ids) {
  const level = boxes.get(from).y;
  return [...ids].sort((a, b) => Math.abs(boxes.get(a).y - level) - Math.abs(boxes.get(b).y - level))[0];
}

function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** `node_color` is data: a colour name or a hexadecimal colour, else the type's own colour. */
function safeColour(text) {
  return text && /^(#[0-9a-f]{3,8}|[a-z]+)$/i.test(text) ? text : null;
}
