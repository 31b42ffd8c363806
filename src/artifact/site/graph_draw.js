// Drawing a laid-out graph on a canvas: only what the view shows, with less detail the further away it is.

const LABEL_FROM_SCALE = 0.42;
export const LABEL_FONT = "12px system-ui, -apple-system, 'Segoe UI', sans-serif";

/** The colours of the page's current theme, read from its style sheet. */
export function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const types = ["source", "seed", "snapshot", "model", "exposure", "metric", "test", "other"];
  return {
    paper: read("paper"), text: read("text"), faint: read("faint"), edge: read("edge"), accent: read("accent"), mark: read("mark"),
    box: read("box"), types: Object.fromEntries(types.map((type) => [type, read(`type-${type}`)])),
  };
}

/** Draws a scene: `{ layout, camera, nodes, palette, lit, selected, hovered, matches, focus, size }`. */
export function drawScene(context, scene) {
  const { camera, size } = scene;
  context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  context.setTransform(size.ratio * camera.k, 0, 0, size.ratio * camera.k, camera.x * size.ratio, camera.y * size.ratio);
  const view = { left: -camera.x / camera.k, top: -camera.y / camera.k };
  view.right = view.left + size.width / camera.k;
  view.bottom = view.top + size.height / camera.k;
  drawRoutes(context, scene, view);
  for (const [id, box] of scene.layout.boxes) if (inView(box, view)) drawBox(context, scene, id, box);
  context.globalAlpha = 1;
}

function inView(box, view) {
  return box.x < view.right && box.x + box.w > view.left && box.y < view.bottom && box.y + box.h > view.top;
}

/** Lit edges last, so that they lie over the others. */
function drawRoutes(context, scene, view) {
  const lit = [];
  context.lineWidth = Math.max(1, 0.6 / scene.camera.k);
  context.strokeStyle = scene.palette.edge;
  context.globalAlpha = scene.lit ? 0.35 : 1;
  context.beginPath();
  for (const route of scene.layout.routes) {
    if (!routeInView(route, view)) continue;
    if (scene.lit?.has(route.from) && scene.lit.has(route.to)) lit.push(route);
    else traceRoute(context, route.points);
  }
  context.stroke();
  context.globalAlpha = 1;
  context.strokeStyle = scene.palette.accent;
  context.lineWidth = Math.max(1.5, 0.9 / scene.camera.k);
  context.beginPath();
  for (const route of lit) traceRoute(context, route.points);
  context.stroke();
}

function routeInView(route, view) {
  const { points } = route;
  if (points[0].x > view.right || points.at(-1).x < view.left) return false;
  return points.some((p) => p.y > view.top) && points.some((p) => p.y < view.bottom);
}

/** Straight through a column, curved between columns. */
function traceRoute(context, points) {
  context.moveTo(points[0].x, points[0].y);
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1], points[i]];
    if (a.y === b.y) {
      context.lineTo(b.x, b.y);
    } else {
      const half = (b.x - a.x) / 2;
      context.bezierCurveTo(a.x + half, a.y, b.x - half, b.y, b.x, b.y);
    }
  }
}

function drawBox(context, scene, id, box) {
  const { palette, camera } = scene;
  const node = scene.nodes.get(id);
  const found = scene.matches?.has(id);
  context.globalAlpha = (scene.lit && !scene.lit.has(id)) || (scene.matches && !found) ? 0.28 : 1;
  const colour = palette.types[node.type] || palette.types.other;
  if (camera.k < LABEL_FROM_SCALE) {
    context.fillStyle = node.color || colour;
    context.fillRect(box.x, box.y + 2, box.w, box.h - 4);
  } else {
    drawLabelledBox(context, scene, { node, box, colour });
  }
  if (id === scene.selected || id === scene.focus || found || id === scene.hovered) outline(context, scene, id, box);
}

function drawLabelledBox(context, { palette }, { node, box, colour }) {
  context.fillStyle = palette.box;
  context.strokeStyle = palette.edge;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(box.x + 0.5, box.y + 0.5, box.w - 1, box.h - 1, 4);
  context.fill();
  context.stroke();
  context.fillStyle = node.color || colour;
  context.beginPath();
  context.roundRect(box.x, box.y, 6, box.h, [4, 0, 0, 4]);
  context.fill();
  context.fillStyle = palette.text;
  context.font = LABEL_FONT;
  context.textBaseline = "middle";
  context.fillText(node.label, box.x + 13, box.y + box.h / 2 + 0.5);
}

function outline(context, scene, id, box) {
  const strong = id === scene.selected || id === scene.focus;
  context.strokeStyle = scene.matches?.has(id) ? scene.palette.mark : scene.palette.accent;
  context.lineWidth = (strong ? 2 : 1.5) / Math.min(1, scene.camera.k);
  context.beginPath();
  context.roundRect(box.x - 1, box.y - 1, box.w + 2, box.h + 2, 5);
  context.stroke();
}
