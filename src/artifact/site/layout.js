// Layered layout of a directed graph, left to right: ranks, order within ranks, coordinates, then components stacked.
// Long edges leave one node as one shared trunk, so a source read in ten ranks costs ten bends and not fifty-five.
import { orderLayers } from "./layout_order.js";

const BOX_HEIGHT = 26;
const ROW_GAP = 10;
const TRUNK_HEIGHT = 8;
const COLUMN_GAP = 56;
const COMPONENT_GAP = 28;
/** A layer with more boxes than this is folded into columns side by side, lest a large graph become a thin tower. */
const BOXES_IN_COLUMN = 140;
const FOLD_GAP = 14;

/** `nodes` are `{ id, width }`, `edges` pairs of ids. Answers boxes by id, routes, and the size of it all. */
export function layoutGraph(nodes, edges) {
  const parts = components(nodes, edges);
  const result = { boxes: new Map(), routes: [], width: 0, height: 0 };
  for (const part of parts.filter((one) => one.edges.length)) place(result, layoutComponent(part));
  const single = parts.filter((one) => !one.edges.length).flatMap((one) => one.nodes);
  if (single.length) place(result, layoutGrid(single, Math.max(result.width, 900)));
  return result;
}

/** Stacks one laid-out part under what is there. */
function place(result, part) {
  const top = result.height ? result.height + COMPONENT_GAP : 0;
  for (const [id, box] of part.boxes) result.boxes.set(id, { ...box, y: box.y + top });
  for (const route of part.routes) {
    result.routes.push({ ...route, points: route.points.map((point) => ({ ...point, y: point.y + top })) });
  }
  result.width = Math.max(result.width, part.width);
  result.height = top + part.height;
}

/** Connected parts, the largest first. */
function components(nodes, edges) {
  const leader = new Map(nodes.map((node) => [node.id, node.id]));
  const find = (id) => {
    while (leader.get(id) !== id) {
      leader.set(id, leader.get(leader.get(id)));
      id = leader.get(id);
    }
    return id;
  };
  for (const [from, to] of edges) leader.set(find(from), find(to));
  const parts = new Map();
  const partOf = (id) => parts.get(find(id)) || parts.set(find(id), { nodes: [], edges: [] }).get(find(id));
  for (const node of nodes) partOf(node.id).nodes.push(node);
  for (const edge of edges) partOf(edge[0]).edges.push(edge);
  return [...parts.values()].sort((a, b) => b.nodes.length - a.nodes.length);
}

function layoutGrid(nodes, width) {
  const cell = Math.max(...nodes.map((node) => node.width)) + 20;
  const columns = Math.max(1, Math.floor(width / cell));
  const boxes = new Map(nodes.map((node, i) => [
    node.id,
    { x: (i % columns) * cell, y: Math.floor(i / columns) * (BOX_HEIGHT + ROW_GAP), w: node.width, h: BOX_HEIGHT },
  ]));
  const rows = Math.ceil(nodes.length / columns);
  return { boxes, routes: [], width: Math.min(nodes.length, columns) * cell, height: rows * (BOX_HEIGHT + ROW_GAP) };
}

function layoutComponent(part) {
  const ranks = assignRanks(part);
  const net = withTrunks(part, ranks);
  orderLayers(net);
  foldLayers(net);
  assignRows(net);
  return coordinates(net);
}

/** Longest path from the left; then nodes with more readers than parents move right, next to their first reader. */
function assignRanks({ nodes, edges }) {
  const out = new Map(nodes.map((node) => [node.id, []]));
  const waiting = new Map(nodes.map((node) => [node.id, 0]));
  for (const [from, to] of edges) {
    out.get(from).push(to);
    waiting.set(to, waiting.get(to) + 1);
  }
  const parents = new Map(waiting);
  const rank = new Map(nodes.map((node) => [node.id, 0]));
  const order = nodes.filter((node) => !waiting.get(node.id)).map((node) => node.id);
  for (const id of order) {
    for (const to of out.get(id)) {
      rank.set(to, Math.max(rank.get(to), rank.get(id) + 1));
      waiting.set(to, waiting.get(to) - 1);
      if (waiting.get(to) === 0) order.push(to);
    }
  }
  for (const id of order.reverse()) {
    const readers = out.get(id);
    if (readers.length > parents.get(id)) rank.set(id, Math.max(rank.get(id), Math.min(...readers.map((to) => rank.get(to))) - 1));
  }
  return rank;
}

/** The net of vertices: real ones first, then the bends of long edges. An edge against the ranks (a cycle) is left out. */
function withTrunks({ nodes, edges }, ranks) {
  const net = { vertices: [], layers: [], routes: [] };
  const index = new Map(nodes.map((node) => [node.id, addVertex(net, ranks.get(node.id), node)]));
  const trunks = new Map();
  for (const [from, to] of edges) {
    const [start, end] = [index.get(from), index.get(to)];
    if (net.vertices[start].rank >= net.vertices[end].rank) continue;
    const trunk = trunks.get(start) || trunks.set(start, [start]).get(start);
    const length = net.vertices[end].rank - net.vertices[start].rank;
    while (trunk.length < length) trunk.push(extendTrunk(net, trunk));
    link(net, trunk[length - 1], end);
    net.routes.push({ from, to, path: [...trunk.slice(0, length), end] });
  }
  return net;
}

function addVertex(net, rank, node) {
  const vertex = { rank, node, up: [], down: [], at: 0, y: 0, h: node ? BOX_HEIGHT : TRUNK_HEIGHT, fold: 0, room: node ? BOX_HEIGHT + ROW_GAP : TRUNK_HEIGHT };
  net.vertices.push(vertex);
  while (net.layers.length <= rank) net.layers.push([]);
  vertex.at = net.layers[rank].push(net.vertices.length - 1) - 1;
  return net.vertices.length - 1;
}

function extendTrunk(net, trunk) {
  const bend = addVertex(net, net.vertices[trunk.at(-1)].rank + 1, null);
  link(net, trunk.at(-1), bend);
  return bend;
}

function link(net, from, to) {
  net.vertices[from].down.push(to);
  net.vertices[to].up.push(from);
}

/** Boxes of a tall layer take turns among its columns, so each needs only its share of a row's height. */
function foldLayers(net) {
  for (const layer of net.layers) {
    const real = layer.map((i) => net.vertices[i]).filter((vertex) => vertex.node);
    const folds = Math.ceil(real.length / BOXES_IN_COLUMN) || 1;
    real.forEach((vertex, at) => Object.assign(vertex, { fold: at % folds, room: (BOX_HEIGHT + ROW_GAP) / folds }));
  }
}

/** Rows: every vertex wants to be level with its neighbours; each layer grants that as far as the order allows. */
function assignRows(net) {
  for (const layer of net.layers) settleLayer(net, layer, () => 0);
  const sweeps = net.vertices.length > 4000 ? 6 : 14;
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const last = sweep >= sweeps - 2;
    const layers = sweep % 2 ? [...net.layers].reverse() : net.layers;
    for (const layer of layers) {
      settleLayer(net, layer, (v) => meanRow(net, v, last ? [...v.up, ...v.down] : sweep % 2 ? v.down : v.up));
    }
  }
}

function meanRow(net, vertex, neighbours) {
  if (!neighbours.length) return vertex.y;
  return neighbours.reduce((sum, i) => sum + net.vertices[i].y, 0) / neighbours.length;
}

/** Least squares under the order and the least distances: pooling adjacent violators, in one pass. */
function settleLayer(net, layer, wish) {
  const blocks = [];
  let offset = 0;
  layer.forEach((i, at) => {
    const vertex = net.vertices[i];
    if (at) offset += (net.vertices[layer[at - 1]].room + vertex.room) / 2;
    const weight = vertex.node ? 1 : 4;
    let block = { sum: (wish(vertex) - offset) * weight, weight, members: [[vertex, offset]] };
    while (blocks.length && blocks.at(-1).sum / blocks.at(-1).weight > block.sum / block.weight) block = merge(blocks.pop(), block);
    blocks.push(block);
  });
  for (const block of blocks) for (const [vertex, shift] of block.members) vertex.y = block.sum / block.weight + shift;
}

function merge(left, right) {
  for (const member of right.members) left.members.push(member);
  return { sum: left.sum + right.sum, weight: left.weight + right.weight, members: left.members };
}

/** Columns get the width of their widest box, and more room between them where many edges cross. */
function coordinates(net) {
  const columns = [];
  let x = 0;
  for (const layer of net.layers) {
    const pitch = Math.max(0, ...layer.map((i) => net.vertices[i].node?.width || 0)) + FOLD_GAP;
    const folds = 1 + Math.max(0, ...layer.map((i) => net.vertices[i].fold));
    const width = folds * pitch - FOLD_GAP;
    columns.push({ x, width, pitch });
    x += width + COLUMN_GAP + Math.min(120, layer.length * 1.5);
  }
  const top = Math.min(...net.vertices.map((v) => v.y - v.h / 2));
  const bottom = Math.max(...net.vertices.map((v) => v.y + v.h / 2));
  const boxes = new Map();
  for (const vertex of net.vertices) {
    if (vertex.node) boxes.set(vertex.node.id, { x: boxLeft(columns, vertex), y: vertex.y - vertex.h / 2 - top, w: vertex.node.width, h: vertex.h });
  }
  const routes = net.routes.map((route) => ({ from: route.from, to: route.to, points: routePoints(net, route.path, columns, top) }));
  const last = columns.at(-1);
  return { boxes, routes, width: last.x + last.width, height: bottom - top };
}

function boxLeft(columns, vertex) {
  return columns[vertex.rank].x + vertex.fold * columns[vertex.rank].pitch;
}

/** Each vertex on the way is entered at its column's left and left at its column's right. */
function routePoints(net, path, columns, top) {
  const points = [];
  path.forEach((i, at) => {
    const vertex = net.vertices[i];
    const column = columns[vertex.rank];
    const y = vertex.y - top;
    if (at > 0) points.push({ x: column.x, y });
    if (at === 0) points.push({ x: boxLeft(columns, vertex) + vertex.node.width, y });
    if (at === path.length - 1 && vertex.fold) points.push({ x: boxLeft(columns, vertex), y });
    if (at < path.length - 1) points.push({ x: column.x + column.width, y });
  });
  return points;
}
