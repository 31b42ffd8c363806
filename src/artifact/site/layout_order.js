// The order of vertices within each layer: medians of neighbours, swept back and forth; the least crossed order is kept.

/** Reorders `net.layers` in place and keeps every vertex's `at` true. */
export function orderLayers(net) {
  startOrder(net);
  const large = net.vertices.length > 6000;
  let best = { crossings: countCrossings(net), layers: net.layers.map((layer) => [...layer]) };
  for (let sweep = 0; sweep < (large ? 6 : 16) && best.crossings > 0; sweep += 1) {
    sweepLayers(net, sweep % 2 === 0);
    const crossings = countCrossings(net);
    if (crossings < best.crossings) best = { crossings, layers: net.layers.map((layer) => [...layer]) };
  }
  best.layers.forEach((layer, rank) => setLayer(net, rank, layer));
}

/** Depth first from the left, so that what belongs together starts together. */
function startOrder(net) {
  const layers = net.layers.map(() => []);
  const seen = new Uint8Array(net.vertices.length);
  const byReaders = net.layers.flat().sort((a, b) => net.vertices[a].rank - net.vertices[b].rank);
  for (const root of byReaders) {
    const stack = [root];
    while (stack.length) {
      const i = stack.pop();
      if (seen[i]) continue;
      seen[i] = 1;
      layers[net.vertices[i].rank].push(i);
      for (const next of [...net.vertices[i].down].reverse()) if (!seen[next]) stack.push(next);
    }
  }
  layers.forEach((layer, rank) => setLayer(net, rank, layer));
}

function setLayer(net, rank, layer) {
  net.layers[rank] = layer;
  layer.forEach((i, at) => (net.vertices[i].at = at));
}

function sweepLayers(net, rightwards) {
  const ranks = net.layers.map((_, rank) => rank);
  for (const rank of rightwards ? ranks.slice(1) : ranks.reverse().slice(1)) {
    const wish = new Map(net.layers[rank].map((i) => [i, middle(net, net.vertices[i], rightwards)]));
    setLayer(net, rank, [...net.layers[rank]].sort((a, b) => wish.get(a) - wish.get(b) || net.vertices[a].at - net.vertices[b].at));
  }
}

/** Halfway between median and mean: medians alone leave many ties, means alone follow outliers. */
function middle(net, vertex, rightwards) {
  const places = (rightwards ? vertex.up : vertex.down).map((i) => net.vertices[i].at).sort((a, b) => a - b);
  if (!places.length) return vertex.at;
  const half = places.length >> 1;
  const median = places.length % 2 ? places[half] : (places[half - 1] + places[half]) / 2;
  return (median + places.reduce((sum, place) => sum + place, 0) / places.length) / 2;
}

function countCrossings(net) {
  let total = 0;
  for (let rank = 1; rank < net.layers.length; rank += 1) total += crossingsBetween(net, net.layers[rank - 1], net.layers[rank].length);
  return total;
}

/** Inversions among the right ends of edges sorted by their left ends, with a tree of counts. */
function crossingsBetween(net, left, rightSize) {
  const tree = new Int32Array(rightSize + 1);
  let placed = 0;
  let crossings = 0;
  for (const i of left) {
    const ends = net.vertices[i].down.map((j) => net.vertices[j].at);
    for (const end of ends) {
      let notAfter = 0;
      for (let k = end + 1; k > 0; k -= k & -k) notAfter += tree[k];
      crossings += placed - notAfter;
    }
    for (const end of ends) {
      for (let k = end + 1; k <= rightSize; k += k & -k) tree[k] += 1;
      placed += 1;
    }
  }
  return crossings;
}
