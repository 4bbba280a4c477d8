// The page at "/": which datasets the lake holds, what one of them looks like, and links that download it.
//
// It asks its own origin for /datasets, /NAME and /NAME.csv, and nothing else. What a reader has chosen stands in the
// hash with the parameters of a download, "#/flights?origin=JFK&_sort=-delay", so that a view can be shared.
// Addresses are relative to the page: a proxy may put it below a prefix.

import { OPERATORS, WRITTEN, WITHOUT_VALUE, EXAMPLES, KINDS, kindOf } from "./operators.js";
import { number, plural, byteText, parseCsv, withoutScheme, Problem, address, getText, getJson, queryText } from "./server.js";

const PREVIEW_ROWS = 20;
const PREVIEW_COLUMNS = 60;  // more make a browser slow
const CELL_LENGTH = 200;
const TOOLTIP_LENGTH = 2000;
const TYPING_MS = 300;

const FORMATS = {
  csv: ["CSV", "spreadsheets and most programs"],
  tsv: ["TSV", "the same, split by tabs"],
  json: ["JSON", "an array of records"],
  ndjson: ["NDJSON", "one record a line"],
  parquet: ["Parquet", "typed and small, for analysis"],
  arrow: ["Arrow", "an IPC stream, for data frames"],
  xlsx: ["Excel", "a workbook, up to 1,048,575 rows"],
  geojson: ["GeoJSON", "points and shapes, for maps"],
};

// --- Elements ---

function el(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

const slot = (root, name) => root.querySelector(`[data-slot="${name}"]`);
const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const main = document.getElementById("main");
const layout = document.querySelector(".layout");
const side = document.querySelector(".side");

function problemBox(error, again) {
  const box = clone("problem");
  slot(box, "title").textContent = error.title ?? "This page has a fault";
  slot(box, "detail").textContent = error.detail ?? (error instanceof Problem ? "" : String(error));
  slot(box, "id").textContent = error.request_id ? `Request ${error.request_id}` : "";
  slot(box, "again").hidden = error.status === 400;
  slot(box, "again").onclick = again;
  return box;
}

async function copy(text, button) {
  let done = true;
  try { await navigator.clipboard.writeText(text); } catch {  // a page from a host without TLS has no clipboard
    const area = el("textarea", { className: "unseen", value: text });
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const label = button.dataset.label ??= button.textContent;
  button.textContent = done ? "Copied" : "Not copied";
  document.getElementById("said").textContent = `${button.ariaLabel ?? label}: ${done ? "done" : "not possible"}`;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => { button.textContent = label; }, 1500);
}

// --- Lists of datasets ---

function finder(datasets) {
  const root = clone("finder");
  const entries = datasets.map((dataset) => {
    const link = el("a", { href: `#/${dataset.name}` }, el("strong", {}, dataset.title || dataset.name),
                    el("code", {}, dataset.name));
    if (dataset.licence) link.append(el("small", {}, ` · ${withoutScheme(dataset.licence)}`));
    if (dataset.description) link.append(el("span", {}, dataset.description));
    return { node: el("li", {}, link), text: `${dataset.name} ${dataset.title} ${dataset.description}`.toLowerCase() };
  });
  const find = slot(root, "find");
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

function home(lake) {
  const root = clone("home");
  slot(root, "title").textContent = lake.title || "Datasets";
  slot(root, "description").textContent = lake.description ?? "";
  slot(root, "address").textContent = address("NAME.csv?COLUMN=VALUE");
  const list = lake.dataset.length ? finder(lake.dataset) : clone("empty");
  if (!lake.dataset.length) slot(list, "again").onclick = route;
  root.append(list);
  return root;
}

// --- What is chosen of a dataset ---

// The parameters of a download, as the controls hold them. `rest` has no control and goes to the server as it is.
function readChoice(columns, query) {
  const choice = { filters: [], columns: [], sort: "", limit: "", rest: [] };
  const filterable = new Set(columns.filter((column) => column.filterable).map((column) => column.name));
  for (const [key, value] of new URLSearchParams(query)) {
    const [, column, operator] = /^(.+)__(\w+?)$/.exec(key) ?? [];
    if (filterable.has(key)) choice.filters.push({ column: key, operator: value ? "eq" : "empty", value });
    else if (filterable.has(column) && WRITTEN.includes(operator)) choice.filters.push({ column, operator, value });
    else if (key === "_columns") choice.columns = value.split(",");
    else if (key === "_sort") choice.sort = value;
    else if (key === "_limit" && /^\d+$/.test(value)) choice.limit = value;
    else choice.rest.push([key, value]);
  }
  return choice;
}

// A filter that still lacks its value filters nothing.
function filterPair({ column, operator, value }) {
  if (operator === "empty") return [column, ""];
  if (operator === "isnull" || operator === "notnull") return [`${column}__${operator}`, "1"];
  if (value === "") return null;
  return [operator === "eq" ? column : `${column}__${operator}`, value];
}

const filterPairs = (choice) => [...choice.filters.map(filterPair).filter(Boolean), ...choice.rest];

function choicePairs(choice) {
  const pairs = filterPairs(choice);
  if (choice.columns.length) pairs.push(["_columns", choice.columns.join(",")]);
  if (choice.sort) pairs.push(["_sort", choice.sort]);
  if (choice.limit) pairs.push(["_limit", choice.limit]);
  return pairs;
}

// --- A dataset ---

let serial = 0;  // of filters, for their ids

class DatasetView {
  constructor(meta, query) {
    this.meta = meta;
    this.types = new Map(meta.columns.map((column) => [column.name, column.type]));
    // `_columns` and `_sort` cannot name the others.
    this.listable = meta.columns.every((column) => !/^-|,/.test(column.name));
    this.root = clone("dataset");
    this.command = meta.formats[0];
    this.describe();
    this.listFormats();
    this.listColumns();
    this.listen();
    this.read(query);
  }

  slot(name) { return slot(this.root, name); }

  close() {
    clearTimeout(this.timer);
    this.loading?.abort();
  }

  describe() {
    const { meta } = this;
    this.slot("title").textContent = meta.title || meta.name;
    this.slot("name").textContent = meta.name;
    this.slot("description").textContent = meta.description ?? "";
    if (meta.licence) {
      const name = withoutScheme(meta.licence);
      const link = name !== meta.licence && el("a", { href: meta.licence, rel: "license" }, name);
      this.slot("licence").append(" · Licence: ", link || name);
    }
    const fact = (name, value) => this.slot("facts").append(el("div", {}, el("dt", {}, name), el("dd", {}, value)));
    fact("Rows", meta.rows == null ? "not counted" : number.format(meta.rows));
    fact("Columns", number.format(meta.columns.length));
    if (meta.bytes != null) fact("Size", byteText(meta.bytes));
    if (meta.objects != null) fact("Files", number.format(meta.objects));
    if (meta.modified) {
      const when = new Date(meta.modified).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
      fact("Modified", el("time", { dateTime: meta.modified, title: meta.modified }, when));
    }
    this.slot("frame").style.setProperty("--rows", Math.min(meta.rows ?? PREVIEW_ROWS, PREVIEW_ROWS));
    this.listExamples();
  }

  listExamples() {
    const queries = (this.meta.examples ?? []).map((path) => path.split("?")[1]).filter(Boolean);
    const links = queries.map((query) => el("a", { href: `#/${this.meta.name}?${query}` }, query));
    if (links.length) this.slot("examples").append("For example:", ...links);
  }

  listFormats() {
    this.downloads = new Map();
    for (const format of this.meta.formats) {
      const [label, purpose] = FORMATS[format] ?? [format, ""];
      const row = clone("format");
      const [download, link, curl] = ["download", "link", "curl"].map((name) => slot(row, name));
      for (const control of [download, link, curl]) control.ariaLabel = `${control.textContent}: ${label}`;
      slot(row, "label").textContent = label;
      slot(row, "purpose").textContent = purpose;
      link.onclick = () => copy(this.link(format), link);
      curl.onclick = () => {
        this.command = format;
        this.showLinks();
        copy(this.curl(format), curl);
      };
      this.downloads.set(format, download);
      this.slot("formats").append(row);
    }
  }

  listColumns() {
    this.boxes = new Map();
    for (const column of this.meta.columns) {
      const box = el("input", { type: "checkbox", ariaLabel: `Use ${column.name}`, disabled: !this.listable,
                                onchange: () => this.chooseColumns(box) });
      this.boxes.set(column.name, box);
      const filter = el("button", { className: "plain", ariaLabel: `Filter by ${column.name}`,
                                    onclick: () => this.addFilter(column.name) }, "Filter");
      this.slot("columns").append(el("tr", {}, el("td", {}, box), el("td", {}, column.name),
                                     el("td", {}, el("code", {}, column.type)),
                                     el("td", {}, column.filterable ? filter : "no")));
    }
  }

  listen() {
    this.filterable = this.meta.columns.filter((column) => column.filterable);
    this.slot("add").hidden = !this.filterable.length;
    this.slot("add").onclick = () => this.addFilter(this.filterable[0].name);
    this.slot("clear").onclick = () => { this.read(""); this.slot("add").focus(); };
    this.slot("limit").oninput = ({ target }) => {
      this.choice.limit = target.value = target.value.replace(/\D/g, "");
      this.changed(TYPING_MS);
    };
    this.slot("copy").onclick = ({ target }) => copy(this.curl(this.command), target);
  }

  // Takes over what the hash says.
  read(query) {
    this.choice = readChoice(this.meta.columns, query);
    this.slot("limit").value = this.choice.limit;
    this.slot("filters").replaceChildren(...this.choice.filters.map((filter) => this.filterRow(filter)));
    this.changed(0);
  }

  // The controls were used: links follow at once, rows when typing rests.
  changed(delay) {
    this.showLinks();
    this.showNotes();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      history.replaceState(null, "", `#/${this.meta.name}${queryText(choicePairs(this.choice))}`);
      this.load();
    }, delay);
  }

  // --- Choosing ---

  addFilter(column) {
    const filter = { column, operator: KINDS[kindOf(this.types.get(column))].operators[0], value: "" };
    this.choice.filters.push(filter);
    const row = this.filterRow(filter);
    this.slot("filters").append(row);
    this.changed(0);
    slot(row, "column").focus();
    row.scrollIntoView({ block: "nearest" });
  }

  filterRow(filter) {
    const row = filter.row = clone("filter");
    slot(row, "error").id = `error-${serial += 1}`;
    slot(row, "value").setAttribute("aria-describedby", `error-${serial}`);
    const [column, operator, value] = ["column", "operator", "value"].map((name) => slot(row, name));
    const option = (text, name) => el("option", { value: name }, text);
    column.append(...this.filterable.map(({ name }) => option(name, name)));
    column.value = filter.column;
    value.value = filter.value;
    const offer = () => {
      const kind = KINDS[kindOf(this.types.get(filter.column))];
      const offered = new Set([...kind.operators, filter.operator]);
      operator.replaceChildren(...[...offered].map((name) => option(OPERATORS[name], name)));
      operator.value = filter.operator;
      value.disabled = WITHOUT_VALUE.includes(filter.operator);
      value.placeholder = EXAMPLES[filter.operator] ?? kind.example;
    };
    column.onchange = () => {
      filter.column = column.value;
      const { operators } = KINDS[kindOf(this.types.get(filter.column))];
      if (!operators.includes(filter.operator)) filter.operator = operators[0];
      offer();
      this.changed(0);
    };
    operator.onchange = () => { filter.operator = operator.value; offer(); this.changed(0); };
    value.oninput = () => { filter.value = value.value; this.changed(TYPING_MS); };
    slot(row, "remove").onclick = () => {
      this.choice.filters.splice(this.choice.filters.indexOf(filter), 1);
      row.remove();
      this.slot("add").focus();
      this.changed(0);
    };
    offer();
    return row;
  }

  chooseColumns(box) {
    const used = [...this.boxes.keys()].filter((name) => this.boxes.get(name).checked);
    if (!used.length) box.checked = true;  // a download has at least one column
    else this.choice.columns = used.length < this.boxes.size ? used : [];
    this.changed(TYPING_MS);
  }

  sortBy(name) {
    const next = { [name]: `-${name}`, [`-${name}`]: "" };
    this.choice.sort = next[this.choice.sort] ?? name;
    this.changed(0);
  }

  // --- Showing ---

  link(format) { return address(`${this.meta.name}.${format}${queryText(choicePairs(this.choice))}`); }
  curl(format) { return `curl -fo ${this.meta.name}.${format} '${this.link(format)}'`; }

  showLinks() {
    for (const [format, download] of this.downloads) download.href = this.link(format);
    this.slot("command").textContent = this.curl(this.command);
  }

  showNotes() {
    const { choice } = this;
    for (const [name, box] of this.boxes) box.checked = !choice.columns.length || choice.columns.includes(name);
    const keys = filterPairs(choice).map(([key]) => key);
    const twice = keys.find((key, i) => this.types.has(key) && keys.indexOf(key) !== i);
    const notes = choice.rest.map((pair) => `Also asked for: ${pair.join("=")}.`);
    if (twice) notes.push(`Several values for “${twice}”: a row may have any of them.`);
    this.slot("note").textContent = notes.join(" ");
    this.slot("clear").hidden = !choice.filters.length && !choicePairs(choice).length;
  }

  previewPairs() {
    let { columns } = this.choice;
    const wanted = columns.length ? columns : [...this.types.keys()];
    if (wanted.length > PREVIEW_COLUMNS && this.listable) columns = wanted.slice(0, PREVIEW_COLUMNS);
    const limit = Math.min(PREVIEW_ROWS, this.choice.limit || PREVIEW_ROWS);
    return choicePairs({ ...this.choice, columns, limit: String(limit) });
  }

  async load() {
    this.loading?.abort();
    const { signal } = this.loading = new AbortController();
    const frame = this.slot("frame");
    frame.ariaBusy = "true";
    try {
      const path = `${this.meta.name}.csv${queryText(this.previewPairs())}`;
      const [header, ...rows] = parseCsv(await getText(path, signal));
      this.showProblem(null);
      this.showRows(header ?? [], rows);
    } catch (error) {
      if (signal.aborted) return;  // a later choice has taken over
      this.showProblem(error);
    }
    frame.ariaBusy = "false";
  }

  // At the filter that the server names, or else in place of the rows.
  showProblem(error) {
    for (const { row } of this.choice.filters) {
      slot(row, "error").textContent = "";
      slot(row, "value").ariaInvalid = null;
    }
    this.slot("refused").hidden = !error;
    if (!error) return;
    this.slot("status").textContent = "No rows, for the reason given";
    const named = this.choice.filters.filter((filter) => filterPair(filter)?.[0] === error.parameter);
    const filter = named.find(({ value }) => value && error.detail?.includes(value)) ?? named[0];
    this.slot("frame").replaceChildren(filter ? "" : problemBox(error, () => this.load()));
    if (!filter) return;
    slot(filter.row, "error").textContent = error.detail ?? error.title;
    slot(filter.row, "value").ariaInvalid = "true";
  }

  showRows(header, rows) {
    const kinds = header.map((name) => kindOf(this.types.get(name) ?? ""));
    const order = this.choice.sort.split(",");
    const heads = header.map((name, i) => {
      const type = this.types.get(name) ?? "";
      const sort = { title: `Sort by ${name}`, disabled: !this.listable, onclick: () => this.sortBy(name) };
      const button = el("button", sort, el("span", {}, name), el("small", { title: type }, type));
      const head = el("th", { scope: "col", className: kinds[i] }, button);
      if (order.includes(name)) head.ariaSort = "ascending";
      if (order.includes(`-${name}`)) head.ariaSort = "descending";
      return head;
    });
    const lines = rows.map((row) => el("tr", {}, ...row.map((value, i) => cell(value, kinds[i]))));
    const frame = this.slot("frame");
    const focused = [...frame.querySelectorAll("th button")].indexOf(document.activeElement);
    frame.replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...lines)));
    frame.querySelectorAll("th button")[focused]?.focus();
    this.showStatus(rows.length, header.length);
  }

  showStatus(count, columns) {
    const filtered = filterPairs(this.choice).length > 0;
    const noun = filtered ? "matching row" : "row";
    const all = this.choice.columns.length || this.meta.columns.length;
    const cut = count >= Math.min(PREVIEW_ROWS, this.choice.limit || PREVIEW_ROWS);
    const total = !filtered && cut && this.meta.rows != null ? this.meta.rows : count;
    const first = !cut || total === count && !filtered ? "" : "First ";
    const rows = total > count ? `${count} of ${plural(total, noun)}` : plural(count, noun);
    this.slot("status").textContent = first + rows + (columns < all ? `, ${columns} of ${plural(all, "column")}` : "");
  }
}

function cell(value, kind) {
  if (value === null) return el("td", { className: kind }, el("span", { className: "none null" }, "NULL"));
  if (value === "") return el("td", {}, el("span", { className: "none", title: "empty text" }, '""'));
  const cut = (length) => value.length > length ? `${value.slice(0, length)}…` : value;
  return el("td", { className: kind, title: value.length > 30 ? cut(TOOLTIP_LENGTH) : "" },
            cut(CELL_LENGTH).replace(/\r?\n/g, " ↵ "));
}

// --- The address bar ---

let view = null;  // the DatasetView that is shown, if one is
let going = new AbortController();  // the way to what is shown next

function showSide(lake) {
  side.replaceChildren(lake.dataset.length ? finder(lake.dataset) : "");
  markSide();
}

function markSide() {
  const here = location.hash.split("?")[0];
  for (const link of side.querySelectorAll("a")) link.ariaCurrent = link.hash === here ? "page" : null;
}

async function showHome(signal) {
  const lake = await getJson("datasets", signal);
  signal.throwIfAborted();
  document.title = lake.title || "Eider";
  showSide(lake);
  return home(lake);
}

// The list beside it may come later, and a view does without.
async function showDataset(name, query, signal) {
  markSide();
  if (!side.firstChild) getJson("datasets", signal).then(showSide, () => {});
  const meta = await getJson(name, signal);
  signal.throwIfAborted();
  document.title = `${meta.title || name} · Eider`;
  view = new DatasetView(meta, query);
  return view.root;
}

function showFailure(error, name) {
  return el("div", { className: "home" }, el("p", {}, el("a", { href: "#/" }, "All datasets")),
            el("h1", { tabIndex: -1 }, name || "Datasets"), problemBox(error, route));
}

async function route(event) {
  const [, name, query] = /^#\/([\w-]{1,100})(?:\?(.*))?$/.exec(location.hash) ?? [];
  if (name && view?.meta.name === name && event) return view.read(query);
  going.abort();
  going = new AbortController();
  const { signal } = going;
  view?.close();
  view = null;
  layout.classList.toggle("reading", Boolean(name));
  main.replaceChildren(clone("waiting"));
  let shown;
  try {
    document.title = "Eider";
    shown = await (name ? showDataset(name, query, signal) : showHome(signal));
  } catch (error) {
    if (signal.aborted) return;  // on the way elsewhere by now
    shown = showFailure(error, name);
  }
  main.replaceChildren(shown);
  if (!event) return;
  scrollTo(0, 0);
  main.querySelector("h1").focus({ preventScroll: true });
}

document.querySelector(".skip").onclick = () => {
  main.focus();
  return false;  // the hash is taken
};
addEventListener("hashchange", route);
route();
