// Where the nodes of a lineage stand and how its edges run: left to right, each behind what it reads. Sizes in pixels.
import { Graph, layout } from "@dagrejs/dagre";
import type { LineageNode } from "../server";

export interface Placed {
  node: LineageNode;
  left: number;
  top: number;
}

export interface Edge {
  from: string;
  to: string;
  path: string;  // of SVG
}

export interface Picture {
  width: number;
  height: number;
  nodes: Placed[];
  edges: Edge[];
}

const GAP = { layers: 56, nodes: 20, edges: 14, margin: 20 };

interface Point { x: number; y: number }

export function place(nodes: LineageNode[], size: { width: number; height: number }): Picture {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", ranksep: GAP.layers, nodesep: GAP.nodes, edgesep: GAP.edges,
                   marginx: GAP.margin, marginy: GAP.margin });
  const names = new Set(nodes.map(({ name }) => name));
  for (const { name } of nodes) graph.setNode(name, { ...size });
  for (const { name, reads } of nodes) {
    for (const read of reads) if (names.has(read)) graph.setEdge(read, name, {});
  }
  layout(graph);
  const at = (name: string) => graph.node(name) as Point;
  const columns = [...new Set(nodes.map(({ name }) => Math.round(at(name).x)))];
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width, height,
    nodes: nodes.map((node) => ({ node, left: at(node.name).x - size.width / 2, top: at(node.name).y - size.height / 2 })),
    edges: graph.edges().map(({ v, w }) => {
      const { points = [] } = graph.edge(v, w) as { points?: Point[] };
      // Between two columns a curve needs no more than its ends; through a column it must keep to its lane.
      const lanes = points.slice(1, -1).filter(({ x }) => columns.includes(Math.round(x)));
      return { from: v, to: w, path: curve(at(v), lanes, at(w), size.width / 2) };
    }),
  };
}

// Level where it leaves, passes a column and arrives.
function curve(from: Point, lanes: Point[], to: Point, half: number) {
  let x = from.x + half;
  let path = `M${x} ${from.y}`;
  let { y } = from;
  for (const next of [...lanes, to]) {
    const arrives = next.x - half;
    const middle = (x + arrives) / 2;
    path += `C${middle} ${y} ${middle} ${next.y} ${arrives} ${next.y}`;
    if (next !== to) path += `H${x = next.x + half}`;
    ({ y } = next);
  }
  return path;
}
