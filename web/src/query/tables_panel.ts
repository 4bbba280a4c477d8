// Datasets and their columns, and catalogs of others and their tables, beside the editor; each is a button that writes its
// name there.
import { clone, el, slot } from "../dom";
import { wordsOf } from "../problem";
import { getCatalog, getDataset, type Lake } from "../server";
import { named } from "./names";

export class TablesPanel {
  readonly root = clone("tables");
  private readonly going = new AbortController();

  // `described`: the columns of a dataset, or the tables of a catalog, came.
  constructor({ dataset, catalogs = [] }: Lake, private readonly insert: (text: string) => void,
              private readonly described: () => void) {
    slot(this.root, "list").append(
      ...dataset.map(({ name }) => this.entry(name, (columns) => this.describe(name, columns),
        el("a", { href: `#/${name}`, className: "quiet", ariaLabel: `About ${name}` }, "About and downloads"))),
      ...catalogs.map(({ name }) => this.entry(name, (tables) => this.list(name, tables), el("small", {}, "Catalog"))));
  }

  close() { this.going.abort(); }

  // Opens those that a query names, unless somebody has closed them.
  open(names: string[]) {
    for (const entry of this.root.querySelectorAll<HTMLDetailsElement>("details")) {
      if (names.includes(entry.dataset.name!) && !entry.dataset.seen) entry.open = true;
    }
  }

  // `fill` puts what it holds into its list, when it is first opened.
  private entry(name: string, fill: (list: HTMLUListElement) => Promise<void>, foot: HTMLElement) {
    const list = el("ul", {});
    const entry = el("details", {}, el("summary", {}, name), el("div", {}, list, foot));
    entry.dataset.name = name;
    entry.ontoggle = async () => {
      if (!entry.open || entry.dataset.seen) return;
      entry.dataset.seen = "yes";
      try {
        await fill(list);
        this.described();
      } catch (error) {
        if (this.going.signal.aborted) return;
        delete entry.dataset.seen;
        list.replaceChildren(el("li", { className: "error" }, wordsOf(error).detail ?? ""));
      }
    };
    return el("li", {}, entry);
  }

  private button(text: string, shown: string, detail = "") {
    const button = el("button", { className: "plain", onclick: () => this.insert(text) },
                      el("span", {}, shown), el("small", {}, detail));
    button.ariaLabel = `Insert ${shown}${detail && `, ${detail}`}`;
    return el("li", {}, button);
  }

  private async describe(name: string, list: HTMLUListElement) {
    const dataset = await getDataset(name, this.going.signal);
    const use = el("button", { className: "plain", onclick: () => this.insert(named(name)) }, "Insert name");
    use.ariaLabel = `Insert ${name}`;
    list.replaceChildren(...dataset.columns.map(
      (column) => this.button(named(column.name), column.name, column.type.toLowerCase())));
    list.before(use);
  }

  private async list(name: string, list: HTMLUListElement) {
    const tables = await getCatalog(name, this.going.signal);
    list.replaceChildren(...tables.map((table) => this.button(table.name, table.path.slice(1).join("."))));
    if (!tables.length) list.replaceChildren(el("li", {}, "No tables"));
  }
}
