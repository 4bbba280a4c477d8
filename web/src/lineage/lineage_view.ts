// What is made from what, drawn: datasets, views and models from left to right. Each node leads to its dataset and to SQL
// over it, and shows what it stands on and what stands on it.
import { clone, slot } from "../dom";
import { queryLink } from "../query/link";
import { selectAll } from "../query/names";
import type { LineageNode } from "../server";
import { plural } from "../text";
import { place, type Picture } from "./layout";

const KINDS: Record<string, string> = { incremental: "incremental table", external: "Parquet object", broken: "cannot be read" };
// At most so wide that four stand beside each other on a desk, and of the window that a phone shows where an edge leads.
const NODE = { height: 58, least: 150, most: 236, part: 0.5, padding: 14, sql: 50 };
const NAME_FONT = "600 14px system-ui, sans-serif";  // as the style sheet has it
const KIND_FONT = "12px system-ui, sans-serif";

function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number>, ...children: (Node | string)[]) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

const kindText = ({ kind, tests }: LineageNode) => `${KINDS[kind] ?? kind}${tests ? ` · ${plural(tests, "test")}` : ""}`;

function measure() {
  const context = document.createElement("canvas").getContext("2d")!;
  return (text: string, font: string) => {
    context.font = font;
    return context.measureText(text).width;
  };
}

export function lineageView(nodes: LineageNode[]) {
  const root = clone("lineage");
  slot(root, "summary").textContent = summary(nodes);
  slot(root, "picture").hidden = !nodes.length;
  if (!nodes.length) return root;
  const width = measure();
  const widest = Math.max(...nodes.map((node) => Math.max(width(node.name, NAME_FONT), width(kindText(node), KIND_FONT))));
  const most = Math.min(NODE.most, innerWidth * NODE.part);
  const size = { width: Math.min(Math.max(widest + 2 * NODE.padding + NODE.sql, NODE.least), most), height: NODE.height };
  const room = size.width - 2 * NODE.padding - NODE.sql;
  const cut = (text: string, font: string) => {
    let shown = text;
    while (width(shown, font) > room) shown = `${shown.replace("…", "").slice(0, -1)}…`;
    return shown;
  };
  slot(root, "picture").replaceChildren(draw(place(nodes, size), size.width, cut));
  return root;
}

function summary(nodes: LineageNode[]) {
  if (!nodes.length) return "Nothing here is made from anything else: no views in eider.yaml, and no models.";
  const made = nodes.filter(({ kind }) => kind !== "dataset").length;
  return `${plural(made, "view or model", "views and models")} made from ${plural(nodes.length - made, "dataset")}, from left to right.`;
}

function draw({ width, height, nodes, edges }: Picture, nodeWidth: number, cut: (text: string, font: string) => string) {
  const lines = edges.map((edge) => ({ ...edge, line: svg("path", { d: edge.path, class: "edge", "marker-end": "url(#arrow)" }) }));
  const boxes = new Map(nodes.map(({ node, left, top }) => [node.name, box(node, left, top, nodeWidth, cut)]));
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Lineage, left to right" },
                      arrow(), ...lines.map(({ line }) => line), ...boxes.values());
  const reach = (start: string, from: "from" | "to", to: "from" | "to") => {
    const reached = new Set([start]);
    for (const name of reached) for (const edge of edges) if (edge[from] === name) reached.add(edge[to]);  // a Set grows under way
    return reached;
  };
  const show = (name: string | null) => {
    picture.classList.toggle("tracing", name !== null);
    const [behind, ahead] = name === null ? [new Set(), new Set()] : [reach(name, "to", "from"), reach(name, "from", "to")];
    for (const [other, node] of boxes) node.classList.toggle("traced", behind.has(other) || ahead.has(other));
    for (const { from, to, line } of lines) {
      line.classList.toggle("traced", (behind.has(from) && behind.has(to)) || (ahead.has(from) && ahead.has(to)));
    }
  };
  for (const [name, node] of boxes) {
    node.addEventListener("pointerenter", () => show(name));
    node.addEventListener("pointerleave", () => show(null));
    node.addEventListener("focusin", () => show(name));
    node.addEventListener("focusout", () => show(null));
  }
  return picture;
}

const arrow = () => svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7.5, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
                        svg("path", { d: "M0 .5 8 4 0 7.5z", class: "head" }));

function box(node: LineageNode, left: number, top: number, width: number, cut: (text: string, font: string) => string) {
  const { name, kind, reads, description } = node;
  const { height, padding, sql } = NODE;
  const asked = kind !== "broken";
  const edge = width - sql;  // where the part for SQL begins
  const from = reads.length ? `, made from ${reads.join(", ")}` : "";
  const dataset = svg("a", { href: `#/${name}`, "aria-label": `${name}, ${kindText(node)}${from}` },
                      svg("title", {}, [name, description].filter(Boolean).join("\n")),
                      svg("rect", { class: "hit", width: asked ? edge : width, height, rx: 8 }),
                      svg("text", { class: "name", x: padding, y: 25 }, cut(name, NAME_FONT)),
                      svg("text", { class: "kind", x: padding, y: 44 }, cut(kindText(node), KIND_FONT)));
  const group = svg("g", { class: `node ${kind}`, transform: `translate(${left} ${top})` },
                    svg("rect", { class: "box", width, height, rx: 8 }), dataset);
  if (asked) {
    group.append(svg("path", { class: "split", d: `M${edge} 1V${height - 1}` }),
                 svg("a", { href: queryLink({ sql: selectAll(name) }), "aria-label": `Ask ${name} in SQL` },
                     svg("rect", { class: "hit", x: edge, width: sql, height, rx: 8 }),
                     svg("text", { class: "sql", x: edge + sql / 2, y: height / 2 + 4, "text-anchor": "middle" }, "SQL")));
  }
  return group;
}
