// Datasets and their columns beside the editor; each is a button that writes its name there.
import { clone, el, slot } from "../dom";
import { wordsOf } from "../problem";
import { getDataset, type DatasetEntry } from "../server";
import { named } from "./names";

export class TablesPanel {
  readonly root = clone("tables");
  private readonly going = new AbortController();

  // `described`: the columns of a dataset came.
  constructor(datasets: DatasetEntry[], private readonly insert: (text: string) => void, private readonly described: () => void) {
    slot(this.root, "list").append(...datasets.map(({ name }) => this.entry(name)));
  }

  close() { this.going.abort(); }

  // Opens those that a query names, unless somebody has closed them.
  open(names: string[]) {
    for (const entry of this.root.querySelectorAll<HTMLDetailsElement>("details")) {
      if (names.includes(entry.dataset.name!) && !entry.dataset.seen) entry.open = true;
    }
  }

  private entry(name: string) {
    const columns = el("ul", {});
    const link = el("a", { href: `#/${name}`, className: "quiet", ariaLabel: `About ${name}` }, "About and downloads");
    const body = el("div", {}, columns, link);
    const entry = el("details", {}, el("summary", {}, name), body);
    entry.dataset.name = name;
    entry.ontoggle = () => { if (entry.open) void this.describe(name, entry, columns); };
    return el("li", {}, entry);
  }

  private async describe(name: string, entry: HTMLDetailsElement, columns: HTMLUListElement) {
    if (entry.dataset.seen) return;
    entry.dataset.seen = "yes";
    try {
      const dataset = await getDataset(name, this.going.signal);
      const use = el("button", { className: "plain", onclick: () => this.insert(named(name)) }, "Insert name");
      use.ariaLabel = `Insert ${name}`;
      columns.replaceChildren(...dataset.columns.map((column) => {
        const button = el("button", { className: "plain", onclick: () => this.insert(named(column.name)) },
                          el("span", {}, column.name), el("small", {}, column.type.toLowerCase()));
        button.ariaLabel = `Insert ${column.name}, ${column.type.toLowerCase()}`;
        return el("li", {}, button);
      }));
      columns.before(use);
      this.described();
    } catch (error) {
      if (this.going.signal.aborted) return;
      delete entry.dataset.seen;
      columns.replaceChildren(el("li", { className: "error" }, wordsOf(error).detail ?? ""));
    }
  }
}
