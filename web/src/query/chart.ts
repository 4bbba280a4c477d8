// The chart of an answer and the controls that choose it. The table beside it says the same to who cannot see it.
import type { Table } from "@uwdata/flechette";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { el, slot } from "../dom";
import { choose, KINDS, offered, type ChartChoice } from "./series";
import { plotOf, type Plot } from "./plot";

export interface Wanted {
  chart?: string;
  x?: string;
  y?: string;
}

const HEIGHT = { most: 340, part: 0.62 };  // of the width

export class Chart {
  private readonly canvas: HTMLElement;
  private readonly note: HTMLElement;
  private readonly selects: Record<keyof Wanted, HTMLSelectElement>;
  private readonly resized = new ResizeObserver(() => this.fit());
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly recolour = () => this.draw();
  private table: Table | null = null;
  private plot: uPlot | null = null;
  private made: Plot | null = null;  // what the plot was made of
  private drawn = 0;

  // `wanted`: what was chosen by hand; `changed` tells of a new choice.
  constructor(private readonly root: HTMLElement, public wanted: Wanted, changed: () => void) {
    this.canvas = slot(root, "canvas");
    this.note = slot(root, "note");
    this.selects = { chart: slot(root, "kind"), x: slot(root, "x"), y: slot(root, "y") };
    for (const [name, select] of Object.entries(this.selects) as [keyof Wanted, HTMLSelectElement][]) {
      select.onchange = () => {
        // Columns that fitted another kind of chart are chosen anew.
        this.wanted = name === "chart" ? { chart: select.value } : { ...this.wanted, [name]: select.value };
        this.draw();
        changed();
      };
    }
    this.resized.observe(this.canvas);
    this.dark.addEventListener("change", this.recolour);
  }

  close() {
    this.resized.disconnect();
    this.dark.removeEventListener("change", this.recolour);
    this.plot?.destroy();
  }

  show(table: Table) {
    this.table = table;
    this.draw();
  }

  private draw() {
    const choice = this.table && choose(this.table, this.wanted);
    this.root.hidden = !choice;
    if (this.table && choice) this.plotChoice(this.table, choice);
    this.root.dataset.drawn = String(this.drawn += 1);
  }

  private plotChoice(table: Table, choice: ChartChoice) {
    this.offer(table, choice);
    const plot = plotOf(table, choice);
    this.note.textContent = plot.note;
    if (this.plot && this.made?.shape === plot.shape) {
      this.made.labels.splice(0, Infinity, ...plot.labels);
      this.plot.setData(plot.data);
    } else {
      this.plot?.destroy();
      this.made = plot;
      this.plot = new uPlot({ ...plot.options, ...this.size() }, plot.data, this.canvas);
      this.plot.root.querySelector("canvas")!.setAttribute("aria-hidden", "true");
    }
    this.canvas.ariaLabel = describe(choice, plot.data);
  }

  private offer(table: Table, choice: ChartChoice) {
    const kinds = KINDS.filter((kind) => offered(table, kind).x.length && (kind !== "map" || choice.kind === "map" ||
      offered(table, "map").x.length > 1));
    const { x, y } = offered(table, choice.kind);
    fill(this.selects.chart, kinds, choice.kind);
    fill(this.selects.x, x, choice.x);
    fill(this.selects.y, y, choice.y);
    this.selects.y.parentElement!.hidden = !y.length;
  }

  private size() {
    const width = Math.max(this.canvas.clientWidth, 200);
    return { width, height: Math.round(Math.min(HEIGHT.most, width * HEIGHT.part)) };
  }

  private fit() {
    const { width, height } = this.size();
    if (this.plot && (this.plot.width !== width || this.plot.height !== height)) this.plot.setSize({ width, height });
  }
}

function fill(select: HTMLSelectElement, names: readonly string[], chosen: string) {
  const same = select.options.length === names.length && names.every((name, i) => select.options[i]!.value === name);
  if (!same) select.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
  select.value = chosen;
}

function describe({ kind, x, y }: ChartChoice, [xs]: uPlot.AlignedData) {
  const of = y ? `${y} by ${x}` : x;
  return `${kind[0]!.toUpperCase()}${kind.slice(1)} chart of ${of}, ${xs.length} ${kind === "bar" || kind === "histogram" ? "bars" : "points"}; the rows are in the table`;
}
