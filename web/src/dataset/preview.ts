// The first rows of a dataset as a table whose heads sort.
import { el } from "../dom";
import { kindOf } from "./operators";

const CELL_LENGTH = 200;
const TOOLTIP_LENGTH = 2000;

export interface Preview {
  header: string[];
  rows: (string | null)[][];
  types: Map<string, string>;
  sort: string;
  sortBy: ((column: string) => void) | null;  // null: no column can be named to sort by
}

export function previewTable({ header, rows, types, sort, sortBy }: Preview) {
  const kinds = header.map((name) => kindOf(types.get(name) ?? ""));
  const order = sort.split(",");
  const heads = header.map((name, i) => {
    const type = types.get(name) ?? "";
    const button = el("button", { title: `Sort by ${name}`, disabled: !sortBy, onclick: () => sortBy?.(name) },
                      el("span", {}, name), el("small", { title: type }, type));
    const head = el("th", { scope: "col", className: kinds[i] }, button);
    if (order.includes(name)) head.ariaSort = "ascending";
    if (order.includes(`-${name}`)) head.ariaSort = "descending";
    return head;
  });
  const lines = rows.map((row) => el("tr", {}, ...row.map((value, i) => cell(value, kinds[i]!))));
  return el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...lines));
}

export function cell(value: string | null, kind: string) {
  if (value === null) return el("td", { className: kind }, el("span", { className: "none null" }, "NULL"));
  if (value === "") return el("td", {}, el("span", { className: "none", title: "empty text" }, '""'));
  const cut = (length: number) => (value.length > length ? `${value.slice(0, length)}…` : value);
  return el("td", { className: kind, title: value.length > 30 ? cut(TOOLTIP_LENGTH) : "" },
            cut(CELL_LENGTH).replace(/\r?\n/g, " ↵ "));
}
