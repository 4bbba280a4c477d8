// A dataset: what is known of it, its first rows as filters choose them, and links that download them.
// What is chosen stands in the hash with the parameters of a download, "#/flights?origin=JFK&_sort=-delay".
import { curlKey } from "../access/key";
import { clone, copy, el, slot } from "../dom";
import { FORMATS } from "../formats";
import { problemBox } from "../problem";
import { queryLink } from "../query/link";
import { selectAll } from "../query/names";
import { address, getText, parseCsv, Problem, queryText, type Dataset, type Pair } from "../server";
import { byteText, number, plural, withoutScheme } from "../text";
import { choicePairs, filterPair, filterPairs, readChoice, readDatasetLink, type Choice } from "./choice";
import { FilterRow } from "./filter_row";
import { KINDS, kindOf } from "./operators";
import { previewTable } from "./preview";

const PREVIEW_ROWS = 20;
const PREVIEW_COLUMNS = 60;  // more make a browser slow
const TYPING_MS = 300;

export class DatasetView {
  readonly root = clone("dataset");
  private readonly types: Map<string, string>;
  private readonly listable: boolean;  // `_columns` and `_sort` can name every column
  private readonly filterable: string[];
  private readonly downloads = new Map<string, HTMLAnchorElement>();
  private readonly boxes = new Map<string, HTMLInputElement>();
  private rows: FilterRow[] = [];
  private choice: Choice;
  private command: string;  // the format of the curl line that is shown
  private timer = 0;
  private loading: AbortController | null = null;

  constructor(readonly meta: Dataset, query: string) {
    this.types = new Map(meta.columns.map((column) => [column.name, column.type]));
    this.listable = meta.columns.every((column) => !/^-|,/.test(column.name));
    this.filterable = meta.columns.filter((column) => column.filterable).map((column) => column.name);
    this.command = meta.formats[0] ?? "csv";
    this.choice = readChoice(meta.columns, query);
    this.describe();
    this.listFormats();
    this.listColumns();
    this.listen();
    this.read(query);
  }

  close() {
    clearTimeout(this.timer);
    this.loading?.abort();
  }

  // Takes over an address of this dataset; false: it is another's.
  follow(hash: string) {
    const link = readDatasetLink(hash);
    if (link?.name !== this.meta.name) return false;
    this.read(link.query);
    return true;
  }

  private read(query: string) {
    this.choice = readChoice(this.meta.columns, query);
    slot<HTMLInputElement>(this.root, "limit").value = this.choice.limit;
    this.rows = this.choice.filters.map((filter) => this.filterRow(filter));
    this.slot("filters").replaceChildren(...this.rows.map((row) => row.root));
    this.changed(0);
  }

  private slot(name: string) { return slot(this.root, name); }

  private describe() {
    const { meta } = this;
    this.slot("title").textContent = meta.title || meta.name;
    this.slot("name").textContent = meta.title === meta.name ? "" : meta.name;
    this.slot("description").textContent = meta.description ?? "";
    slot<HTMLAnchorElement>(this.root, "sql").href = queryLink({ sql: selectAll(meta.name) });
    if (meta.licence) {
      const name = withoutScheme(meta.licence);
      const licence = name === meta.licence ? name : el("a", { href: meta.licence, rel: "license" }, name);
      this.slot("licence").append(" · Licence: ", licence);
    }
    const fact = (name: string, value: Node | string) =>
      this.slot("facts").append(el("div", {}, el("dt", {}, name), el("dd", {}, value)));
    fact("Rows", meta.rows == null ? "not counted" : number.format(meta.rows));
    fact("Columns", number.format(meta.columns.length));
    fact("Size", byteText(meta.bytes));
    fact("Files", number.format(meta.objects));
    const when = new Date(meta.modified).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
    fact("Modified", el("time", { dateTime: meta.modified, title: meta.modified }, when));
    this.slot("frame").style.setProperty("--rows", String(Math.min(meta.rows ?? PREVIEW_ROWS, PREVIEW_ROWS)));
    this.listExamples();
  }

  private listExamples() {
    const queries = this.meta.examples.map((path) => path.split("?")[1]).filter((query) => query !== undefined);
    const links = queries.map((query) => el("a", { href: `#/${this.meta.name}?${query}` }, query));
    if (links.length) this.slot("examples").append("For example:", ...links);
  }

  private listFormats() {
    const { meta } = this;
    for (const format of meta.formats) {
      const [label, purpose] = FORMATS[format] ?? [format, ""];
      const row = clone("format");
      const [download, link, curl] = [slot<HTMLAnchorElement>(row, "download"), slot(row, "link"), slot(row, "curl")];
      for (const control of [download, link, curl]) control.ariaLabel = `${control.textContent}: ${label}`;
      slot(row, "label").textContent = label;
      slot(row, "purpose").textContent = purpose;
      link.onclick = () => copy(this.link(format), link);
      curl.onclick = () => {
        this.command = format;
        this.showLinks();
        void copy(this.curl(format), curl);
      };
      download.dataset.bytes = String(meta.bytes);
      this.downloads.set(format, download);
      this.slot("formats").append(row);
    }
  }

  private listColumns() {
    for (const column of this.meta.columns) {
      const box = el("input", { type: "checkbox", ariaLabel: `Use ${column.name}`, disabled: !this.listable });
      box.onchange = () => this.chooseColumns(box);
      this.boxes.set(column.name, box);
      const filter = el("button", { className: "plain", ariaLabel: `Filter by ${column.name}`,
                                    onclick: () => this.addFilter(column.name) }, "Filter");
      const range = column.minimum === undefined || column.maximum === undefined ? ""
        : `${column.minimum} – ${column.maximum}`;
      this.slot("columns").append(el("tr", {}, el("td", {}, box), el("td", {}, column.name),
                                     el("td", {}, el("code", {}, column.type)), el("td", { className: "range" }, range),
                                     el("td", {}, column.filterable ? filter : "no")));
    }
  }

  private listen() {
    this.slot("add").hidden = !this.filterable.length;
    this.slot("add").onclick = () => this.addFilter(this.filterable[0]!);
    this.slot("clear").onclick = () => { this.read(""); this.slot("add").focus(); };
    const limit = slot<HTMLInputElement>(this.root, "limit");
    limit.oninput = () => {
      this.choice.limit = limit.value = limit.value.replace(/\D/g, "");
      this.changed(TYPING_MS);
    };
    this.slot("copy").onclick = () => copy(this.curl(this.command), this.slot("copy"));
  }

  // The controls were used: links follow at once, rows when typing rests.
  private changed(delay: number) {
    this.showLinks();
    this.showNotes();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      history.replaceState(null, "", `#/${this.meta.name}${queryText(choicePairs(this.choice))}`);
      void this.load();
    }, delay);
  }

  // --- Choosing ---

  private addFilter(column: string) {
    const filter = { column, operator: KINDS[kindOf(this.types.get(column) ?? "")].operators[0]!, value: "" };
    this.choice.filters.push(filter);
    const row = this.filterRow(filter);
    this.rows.push(row);
    this.slot("filters").append(row.root);
    this.changed(0);
    row.focus();
  }

  private filterRow(filter: Choice["filters"][number]) {
    return new FilterRow(filter, this.types, this.filterable, (typing) => this.changed(typing ? TYPING_MS : 0), (row) => {
      this.choice.filters.splice(this.choice.filters.indexOf(filter), 1);
      this.rows.splice(this.rows.indexOf(row), 1);
      row.root.remove();
      this.slot("add").focus();
      this.changed(0);
    });
  }

  private chooseColumns(box: HTMLInputElement) {
    const used = [...this.boxes].filter(([, { checked }]) => checked).map(([name]) => name);
    if (!used.length) box.checked = true;  // a download has at least one column
    else this.choice.columns = used.length < this.boxes.size ? used : [];
    this.changed(TYPING_MS);
  }

  private sortBy(name: string) {
    const next: Record<string, string> = { [name]: `-${name}`, [`-${name}`]: "" };
    this.choice.sort = next[this.choice.sort] ?? name;
    this.changed(0);
  }

  // --- Showing ---

  private link(format: string) { return address(`${this.meta.name}.${format}${queryText(choicePairs(this.choice))}`); }
  private curl(format: string) { return `curl -fo ${this.meta.name}.${format}${curlKey()} '${this.link(format)}'`; }

  private showLinks() {
    for (const [format, download] of this.downloads) download.href = this.link(format);
    this.slot("command").textContent = this.curl(this.command);
  }

  private showNotes() {
    const { choice } = this;
    for (const [name, box] of this.boxes) box.checked = !choice.columns.length || choice.columns.includes(name);
    const keys = filterPairs(choice).map(([key]) => key);
    const twice = keys.find((key, i) => this.types.has(key) && keys.indexOf(key) !== i);
    const notes = choice.rest.map((pair) => `Also asked for: ${pair.join("=")}.`);
    if (twice) notes.push(`Several values for “${twice}”: a row may have any of them.`);
    this.slot("note").textContent = notes.join(" ");
    this.slot("clear").hidden = !choice.filters.length && !choicePairs(choice).length;
  }

  private previewPairs(): Pair[] {
    let { columns } = this.choice;
    const wanted = columns.length ? columns : [...this.types.keys()];
    if (wanted.length > PREVIEW_COLUMNS && this.listable) columns = wanted.slice(0, PREVIEW_COLUMNS);
    return choicePairs({ ...this.choice, columns, limit: String(this.previewLimit()) });
  }

  private previewLimit() {
    const { limit } = this.choice;
    return limit === "" ? PREVIEW_ROWS : Math.min(PREVIEW_ROWS, Number(limit));
  }

  private async load() {
    this.loading?.abort();
    const { signal } = this.loading = new AbortController();
    const frame = this.slot("frame");
    frame.ariaBusy = "true";
    try {
      const path = `${this.meta.name}.csv${queryText(this.previewPairs())}`;
      const [header, ...rows] = parseCsv(await getText(path, signal));
      this.showProblem(null);
      this.showRows((header ?? []).map((name) => name ?? ""), rows);
    } catch (error) {
      if (signal.aborted) return;  // a later choice has taken over
      this.showProblem(error);
    }
    frame.ariaBusy = "false";
  }

  // At the filter that the server names, or else in place of the rows.
  private showProblem(error: unknown) {
    for (const row of this.rows) row.complain("");
    this.slot("refused").hidden = !error;
    if (!error) return;
    this.slot("status").textContent = "No rows, for the reason given";
    const said = error instanceof Problem ? error.said : {};
    const named = this.rows.filter(({ filter }) => said.parameter && filterPair(filter)?.[0] === said.parameter);
    const row = named.find(({ filter }) => filter.value && said.detail?.includes(filter.value)) ?? named[0];
    this.slot("frame").replaceChildren(row ? "" : problemBox(error, () => this.load()));
    row?.complain(said.detail ?? said.title ?? "");
  }

  private showRows(header: string[], rows: (string | null)[][]) {
    const frame = this.slot("frame");
    const focused = [...frame.querySelectorAll("th button")].indexOf(document.activeElement!);
    frame.replaceChildren(previewTable({ header, rows, types: this.types, sort: this.choice.sort,
                                         sortBy: this.listable ? (name) => this.sortBy(name) : null }));
    frame.querySelectorAll<HTMLElement>("th button")[focused]?.focus();
    this.showStatus(rows.length, header.length);
  }

  private showStatus(count: number, columns: number) {
    const filtered = filterPairs(this.choice).length > 0;
    const noun = filtered ? "matching row" : "row";
    const all = this.choice.columns.length || this.meta.columns.length;
    const cut = count >= this.previewLimit();
    const total = !filtered && cut && this.meta.rows != null ? this.meta.rows : count;
    const first = !cut || (total === count && !filtered) ? "" : "First ";
    const rows = total > count ? `${count} of ${plural(total, noun)}` : plural(count, noun);
    this.slot("status").textContent = first + rows + (columns < all ? `, ${columns} of ${plural(all, "column")}` : "");
  }
}
