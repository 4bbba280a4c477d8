// Options of uPlot for each kind of chart. Colours are the style sheet's, read when the chart is drawn.
import type { Table } from "@uwdata/flechette";
import uPlot from "uplot";
import { kindOfType } from "./cells";
import { bars, bins, points, type ChartChoice } from "./series";

// Options read what is drawn from the plot and from `labels`, so a plot of the same shape takes other data.
export interface Plot {
  options: Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
  labels: string[];  // of bars
  shape: string;
  note: string;
}

const style = () => {
  const computed = getComputedStyle(document.documentElement);
  return (name: string) => computed.getPropertyValue(name).trim();
};

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const LABEL_PX = 6.4;  // of one character at 11 px
const FONT = "11px system-ui, sans-serif";

function axes(colour: (name: string) => string): [uPlot.Axis, uPlot.Axis] {
  const axis = { stroke: colour("--quiet"), font: FONT, ticks: { show: false } };
  return [{ ...axis, grid: { show: false }, size: 40 },
          { ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 48, values: (_, splits) => splits.map((n) => compact.format(n)) }];
}

// The axis begins at zero where lengths are compared.
const fromZero: uPlot.Range.Function = (_, least, most) => {
  const [low, high] = [Math.min(0, least ?? 0), Math.max(0, most ?? 1)];
  return [low, high === low ? low + 1 : high + (high - low) * 0.05];
};

function base(choice: ChartChoice, colour: (name: string) => string): Plot["options"] {
  const value = (_: uPlot, n: number | null) => (n == null ? "–" : exact.format(n));
  return { legend: { live: true, markers: { show: false } }, cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
           ms: 1, tzDate: (ms) => uPlot.tzDate(new Date(ms), "Etc/UTC"), padding: [12, 12, 0, 4],
           axes: axes(colour), scales: { x: { time: false }, y: {} },
           series: [{ label: choice.x, value }, { label: choice.y, value, stroke: colour("--accent"), width: 1.75 }] };
}

type Parts = Pick<Plot, "options" | "data"> & Partial<Plot>;

function barPlot(table: Table, choice: ChartChoice, colour: (name: string) => string): Parts {
  const { labels, heights, cut } = bars(table, choice.x, choice.y);
  const options = base(choice, colour);
  const widest = () => Math.min(14, Math.max(...labels.map((label) => label.length), 2));
  options.scales = { x: { time: false, range: () => [-0.6, labels.length - 0.4] }, y: { range: fromZero } };
  options.axes![0] = {
    ...options.axes![0]!,
    // As many labels as fit beside each other.
    splits: (plot) => {
      const step = Math.max(1, Math.ceil((labels.length * (widest() + 2) * LABEL_PX) / Math.max(plot.bbox.width / devicePixelRatio, 1)));
      return labels.map((_, i) => i).filter((i) => i % step === 0);
    },
    values: (_, splits) => splits.map((i) => (labels[i]!.length > widest() ? `${labels[i]!.slice(0, widest() - 1)}…` : labels[i]!)),
  };
  options.series[0]!.value = (_, i: number | null) => (i == null ? "–" : labels[i]!);
  Object.assign(options.series[1]!, { paths: uPlot.paths.bars!({ size: [0.7, 56], radius: 0.12 }), points: { show: false },
                                      fill: colour("--bar"), width: 0 });
  return { options, data: [Float64Array.from(labels.keys()), heights], labels,
           note: cut ? `First ${labels.length} of ${exact.format(cut)}` : "" };
}

function histogramPlot(table: Table, choice: ChartChoice, colour: (name: string) => string): Parts {
  const { middles, counts } = bins(table, choice.x);
  const options = base({ ...choice, y: "rows" }, colour);
  const time = kindOfType(table.getChild(choice.x).type) === "time";
  const beside: uPlot.Range.Function = ({ data: [xs] }) => {
    const [first = 0, second = 1] = xs;
    return [first - (second - first), (xs.at(-1) ?? 1) + (second - first)];
  };
  options.scales = { x: { time, range: beside }, y: { range: fromZero } };
  Object.assign(options.series[1]!, { paths: uPlot.paths.bars!({ size: [0.94] }), points: { show: false },
                                      fill: colour("--bar"), width: 0 });
  return { options, data: [middles, counts], shape: String(time) };
}

const SQUARE_DEGREES = 0.8;  // of a degree of latitude is one of longitude, about where most people live

// Beyond 270,000 years a Date has no text.
const timeText = (ms: number) => (Math.abs(ms) > 8.64e15 ? "–" : new Date(ms).toISOString().slice(0, 19).replace("T", " ").replace(" 00:00:00", ""));

const MOST_MARKED = 40;    // points of a line; more hide it
const MOST_LARGE = 2000;

function pointPlot(table: Table, choice: ChartChoice, colour: (name: string) => string): Parts {
  const data = points(table, choice.x, choice.y);
  const options = base(choice, colour);
  const line = choice.kind === "line";
  const time = kindOfType(table.getChild(choice.x).type) === "time";
  const size = data[0].length > MOST_LARGE ? 3 : 5;
  options.scales = { x: { time }, y: {} };
  if (time) options.series[0]!.value = (_, ms: number | null) => (ms == null ? "–" : timeText(ms));
  if (line) {
    const show = (plot: uPlot) => plot.data[0].length < MOST_MARKED;
    Object.assign(options.series[1]!, { fill: colour("--area"), points: { show, size: 5, fill: colour("--surface") } });
  } else {
    Object.assign(options.series[1]!, { paths: () => null, points: { show: true, size, fill: colour("--bar"), width: 0 } });
  }
  if (choice.kind === "map") options.scales = mapScales();
  return { options, data, shape: `${time} ${size}` };
}

// One scale for both axes, so that shapes keep theirs: the one that has room to spare gets wider.
function mapScales(): uPlot.Scales {
  const range = ({ bbox: { width, height }, data: [xs, ys] }: uPlot, across: boolean): [number, number] => {
    const [left, right] = [xs[0] ?? -180, xs.at(-1) ?? 180];
    const [low, high] = extent(ys as Float64Array);
    const perPixel = Math.max(((right - left || 1) * SQUARE_DEGREES) / (width || 1), (high - low || 1) / (height || 1)) * 1.08;
    const half = across ? (perPixel * width) / SQUARE_DEGREES / 2 : (perPixel * height) / 2;
    const middle = across ? (left + right) / 2 : (low + high) / 2;
    return [middle - half, middle + half];
  };
  return { x: { time: false, range: (plot) => range(plot, true) }, y: { range: (plot) => range(plot, false) } };
}

function extent(values: Float64Array): [number, number] {
  if (!values.length) return [-90, 90];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

export function plotOf(table: Table, choice: ChartChoice): Plot {
  const colour = style();
  const parts = { bar: barPlot, histogram: histogramPlot, line: pointPlot, scatter: pointPlot, map: pointPlot };
  const made = parts[choice.kind](table, choice, colour);
  // Its colours, too: what is drawn in the light is no shape for the dark.
  return { labels: [], note: "", ...made, shape: JSON.stringify([choice, made.shape, colour("--accent")]) };
}
