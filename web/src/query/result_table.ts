// The rows of an answer. Only those in sight are elements; the others are the height of two empty rows.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { Table } from "@uwdata/flechette";
import { cell } from "../dataset/preview";
import { el } from "../dom";
import { cellText, kindOfType } from "./cells";

const ROW_PX = 32;        // as the style sheet has it
const SAMPLED_ROWS = 60;  // that say how wide a column is
const WIDTH_CH = { least: 7, most: 36 };
const MOST_COLUMNS = 200;  // more make a browser slow

export class ResultTable {
  private readonly rows = el("tbody");
  private readonly virtualizer: Virtualizer<HTMLElement, HTMLTableRowElement>;
  private readonly unmount: () => void;
  private table: Table | null = null;

  constructor(private readonly frame: HTMLElement) {
    this.virtualizer = new Virtualizer(this.options(0));
    this.unmount = this.virtualizer._didMount();
    this.virtualizer._willUpdate();
  }

  close() { this.unmount(); }

  show(table: Table) {
    this.table = table;
    const fields = table.schema.fields.slice(0, MOST_COLUMNS);
    const heads = fields.map(({ name, type }) => el("th", { scope: "col", className: kindOfType(type) }, el("span", {}, name),
                                                    el("small", {}, typeText(type))));
    const widths = fields.map((field, i) => this.width(table, i, field.name));
    const group = el("colgroup", {}, ...widths.map((width) => {
      const col = el("col");
      col.style.width = `${width}ch`;
      return col;
    }));
    const grid = el("table", { className: "rows" }, group, el("thead", {}, el("tr", {}, ...heads)), this.rows);
    grid.style.width = `max(100%, ${widths.reduce((sum, width) => sum + width, 0)}ch)`;
    grid.setAttribute("aria-rowcount", String(table.numRows + 1));
    this.frame.replaceChildren(grid);
    this.frame.scrollTop = 0;
    this.virtualizer.setOptions(this.options(table.numRows));
    this.virtualizer._willUpdate();
    this.virtualizer.measure();  // which paints
  }

  private options(count: number) {
    return { count, getScrollElement: () => this.frame, estimateSize: () => ROW_PX, overscan: 6,
             scrollToFn: elementScroll, observeElementRect, observeElementOffset, onChange: () => this.paint(),
             initialRect: { width: 800, height: 480 } };
  }

  private width(table: Table, index: number, name: string) {
    const column = table.getChildAt(index);
    let widest = name.length + 1;
    for (let row = 0; row < Math.min(table.numRows, SAMPLED_ROWS); row += 1) {
      const value = column.at(row);
      if (value !== null) widest = Math.max(widest, cellText(value, column.type).length);
    }
    return Math.min(Math.max(widest, WIDTH_CH.least), WIDTH_CH.most) + 3.5;  // the cell's padding
  }

  private paint() {
    const { table } = this;
    if (!table) return;
    const items = this.virtualizer.getVirtualItems();
    const columns = Array.from({ length: Math.min(table.numCols, MOST_COLUMNS) }, (_, i) => table.getChildAt(i));
    const kinds = columns.map(({ type }) => kindOfType(type));
    const lines = items.map(({ index }) => {
      const line = el("tr", {}, ...columns.map((column, i) => {
        const value = column.at(index);
        return cell(value === null || value === undefined ? null : cellText(value, column.type), kinds[i]!);
      }));
      line.setAttribute("aria-rowindex", String(index + 2));
      return line;
    });
    const before = items[0]?.start ?? 0;
    const after = this.virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
    this.rows.replaceChildren(gap(before), ...lines, gap(after));
  }
}

function gap(height: number) {
  const row = el("tr", { className: "gap", hidden: height <= 0, ariaHidden: "true" });
  row.style.height = `${height}px`;
  return row;
}

const typeText = (type: { toString(): string; typeId: number }) => TYPE_NAMES[type.typeId] ?? "nested";

const TYPE_NAMES: Record<number, string> = {
  2: "integer", 3: "float", 4: "bytes", 5: "text", 6: "boolean", 7: "decimal", 8: "date", 9: "time", 10: "timestamp",
  11: "interval", 15: "bytes", 19: "bytes", 20: "text",
};
