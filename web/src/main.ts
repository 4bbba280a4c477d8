// The page at "/": the datasets of the lake (#/), one of them (#/NAME?FILTERS), SQL over them (#sql=…), or what is made
// from what (#lineage).
// It asks its own origin and nothing else. Addresses are relative to it: a proxy may put it below a prefix.
import "./style/base.css";
import "./style/dataset.css";
import "./style/query.css";
import "./style/access.css";
import "./style/lineage.css";
import { onKeyChange } from "./access/key";
import { keyButton } from "./access/key_form";
import { followLinks } from "./access/links";
import { readDatasetLink } from "./dataset/choice";
import { DatasetView } from "./dataset/dataset_view";
import { clone, el } from "./dom";
import { finder, home } from "./home";
import { problemBox } from "./problem";
import { readQueryLink, type QueryState } from "./query/link";
import { selectAll } from "./query/names";
import { getDataset, getLake, getLineage, type Lake } from "./server";

interface View {
  root: HTMLElement;
  follow?(hash: string): boolean;  // takes over an address that it can show itself
  close?(): void;
  focus?(): void;
}

const main = document.getElementById("main")!;
const layout = document.querySelector(".layout")!;
const side = document.querySelector<HTMLElement>(".side")!;

let shown: View | null = null;
let going = new AbortController();  // the way to what is shown next

const LINEAGE = "#lineage";

function markHere() {
  const here = location.hash.split("?")[0] || "#/";
  for (const link of side.querySelectorAll("a")) link.ariaCurrent = link.getAttribute("href") === here ? "page" : null;
  const tab = readQueryLink(here) ? "to-query" : here === LINEAGE ? "to-lineage" : "to-datasets";
  for (const link of document.querySelectorAll(".tabs a")) link.ariaCurrent = link.id === tab ? "page" : null;
}

// Only where something is made from something; whoever may not know sees no tab.
async function offerLineage() {
  const nodes = await getLineage(AbortSignal.timeout(60_000)).catch(() => []);
  document.getElementById("to-lineage")!.hidden = nodes.every(({ kind }) => kind === "dataset");
}

function showFinder(lake: Lake) {
  side.replaceChildren(lake.dataset.length ? finder(lake.dataset) : "");
  markHere();
}

async function homeView(signal: AbortSignal): Promise<View> {
  side.replaceChildren();
  const lake = await getLake(signal);
  document.title = lake.title || "Eider";
  return { root: home(lake, route) };
}

// The list beside it may come later, and a view does without.
async function datasetView(name: string, query: string, signal: AbortSignal): Promise<View> {
  if (!side.querySelector(".finder")) {
    side.replaceChildren();
    getLake(signal).then(showFinder, () => {});
  }
  const meta = await getDataset(name, signal);
  signal.throwIfAborted();
  document.title = `${meta.title || name} · Eider`;
  return new DatasetView(meta, query);
}

async function queryView(state: QueryState, signal: AbortSignal): Promise<View> {
  const [{ QueryView }, lake] = await Promise.all([import("./query/query_view"), getLake(signal)]);
  signal.throwIfAborted();
  document.title = `SQL · ${lake.title || "Eider"}`;
  const first = lake.dataset[0]?.name;
  const start = first ? selectAll(first) : "";
  const view = new QueryView(lake, state.sql ? state : { ...state, sql: start });
  side.replaceChildren(view.panel.root);
  return view;
}

async function drawnLineage(signal: AbortSignal): Promise<View> {
  side.replaceChildren();
  const [{ lineageView }, nodes] = await Promise.all([import("./lineage/lineage_view"), getLineage(signal)]);
  document.title = "Lineage · Eider";
  return { root: lineageView(nodes) };
}

async function route(event?: Event) {
  if (event && shown?.follow?.(location.hash)) return;
  const state = readQueryLink(location.hash);
  const dataset = readDatasetLink(location.hash);
  going.abort();
  const { signal } = going = new AbortController();
  shown?.close?.();
  shown = null;
  layout.className = `layout ${state ? "querying" : dataset ? "reading" : ""}`;
  markHere();
  main.replaceChildren(clone("waiting"));
  try {
    document.title = "Eider";
    const view = await (state ? queryView(state, signal)
      : location.hash === LINEAGE ? drawnLineage(signal)
      : dataset ? datasetView(dataset.name, dataset.query, signal) : homeView(signal));
    if (signal.aborted) return view.close?.();
    shown = view;
    main.replaceChildren(view.root);
  } catch (error) {
    if (signal.aborted) return;  // on the way elsewhere by now
    main.replaceChildren(el("div", { className: "home" }, el("p", {}, el("a", { href: "#/" }, "All datasets")),
                            el("h1", { tabIndex: -1 }, dataset?.name ?? "Eider"), problemBox(error, route)));
  }
  if (!event) return;
  scrollTo(0, 0);
  focusShown();
}

function focusShown() {
  if (shown?.focus) shown.focus();
  else main.querySelector("h1")!.focus({ preventScroll: true });
}

document.querySelector<HTMLElement>(".skip")!.onclick = () => {
  main.focus();
  return false;  // the hash is taken
};
addEventListener("hashchange", route);
followLinks();
const { show: showKey } = keyButton(document.getElementById("key")!);
onKeyChange(async () => {
  const within = main.contains(document.activeElement);  // the field in place of what wants a key
  showKey();
  side.replaceChildren();  // other datasets may be there now
  void offerLineage();
  await route();
  if (within) focusShown();
});
void route();
void offerLineage();
