// What the lake holds: a card for each dataset, and a way to find one.
import { clone, el, slot } from "./dom";
import { address, type DatasetEntry, type Lake } from "./server";
import { plural, withoutScheme } from "./text";

export function finder(datasets: DatasetEntry[]) {
  const root = clone("finder");
  const entries = datasets.map((dataset) => {
    const link = el("a", { href: `#/${dataset.name}` }, el("strong", {}, dataset.title || dataset.name));
    if (dataset.title !== dataset.name) link.append(el("code", {}, dataset.name));
    if (dataset.licence) link.append(" ", el("small", {}, withoutScheme(dataset.licence)));
    if (dataset.description) link.append(el("span", {}, dataset.description));
    const text = `${dataset.name} ${dataset.title} ${dataset.description ?? ""}`.toLowerCase();
    return { node: el("li", {}, link), text };
  });
  const find = slot<HTMLInputElement>(root, "find");
  const update = () => {
    const words = find.value.toLowerCase().split(/\s+/);
    for (const entry of entries) entry.node.hidden = !words.every((word) => entry.text.includes(word));
    const found = entries.filter((entry) => !entry.node.hidden).length;
    const all = plural(entries.length, "dataset");
    slot(root, "found").textContent = found < entries.length ? `${found} of ${all}` : all;
  };
  slot(root, "list").append(...entries.map((entry) => entry.node));
  find.oninput = update;
  update();
  return root;
}

export function home(lake: Lake, again: () => void) {
  const root = clone("home");
  slot(root, "title").textContent = lake.title || "Datasets";
  slot(root, "address").textContent = address("NAME.csv?COLUMN=VALUE");
  const list = lake.dataset.length ? finder(lake.dataset) : clone("empty");
  if (!lake.dataset.length) slot(list, "again").onclick = again;
  root.append(list);
  return root;
}
