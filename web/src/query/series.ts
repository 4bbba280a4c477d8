// What a chart draws: an answer's columns as numbers, and the kind of chart that fits them where nobody chose one.
import type { Column, Table } from "@uwdata/flechette";
import { Type } from "@uwdata/flechette";
import { cellText, kindOfType, PER_SECOND } from "./cells";

export const KINDS = ["bar", "line", "scatter", "histogram", "map"] as const;
export type ChartKind = (typeof KINDS)[number];

export interface ChartChoice {
  kind: ChartKind;
  x: string;
  y: string;
}

const MOST_BARS = 60;  // more are no longer told apart
const BINS = { least: 5, most: 60 };

const names = (table: Table, kind: string) =>
  table.schema.fields.filter(({ type }) => kindOfType(type) === kind).map(({ name }) => name);

// The columns that this kind of chart can take on each axis.
export function offered(table: Table, kind: ChartKind): { x: string[]; y: string[] } {
  const numbers = names(table, "number");
  const times = names(table, "time");
  const texts = names(table, "text");
  if (kind === "bar") return { x: [...texts, ...times, ...numbers], y: numbers };
  if (kind === "histogram") return { x: [...numbers, ...times], y: [] };
  if (kind === "map") return { x: numbers, y: numbers };
  return { x: [...times, ...numbers], y: numbers };
}

const longitude = /^(lon|lng|long|longitude)$/i;
const latitude = /^(lat|latitude)$/i;

// Null: the answer holds nothing to draw.
export function suggest(table: Table): ChartChoice | null {
  const numbers = names(table, "number");
  const [time] = names(table, "time");
  const [text] = names(table, "text");
  const [first, second] = numbers;
  if (!first || table.numRows < 2) return null;
  const lon = numbers.find((name) => longitude.test(name));
  const lat = numbers.find((name) => latitude.test(name));
  if (lon && lat) return { kind: "map", x: lon, y: lat };
  if (time) return { kind: "line", x: time, y: first };
  if (text) return { kind: "bar", x: text, y: first };
  if (!second) return { kind: "histogram", x: first, y: "" };
  if (rises(toNumbers(table.getChild(first)))) return { kind: table.numRows > MOST_BARS ? "line" : "bar", x: first, y: second };
  return { kind: "scatter", x: first, y: second };
}

// What is chosen as far as the answer allows, the rest as it suggests.
export function choose(table: Table, wanted: { chart?: string; x?: string; y?: string }): ChartChoice | null {
  const fits = suggest(table);
  if (!fits) return null;
  const asked = KINDS.find((kind) => kind === wanted.chart);
  const kind = asked && offered(table, asked).x.length ? asked : fits.kind;
  const { x, y } = offered(table, kind);
  const pick = (from: string[], ...preferred: (string | undefined)[]) =>
    preferred.find((name) => name !== undefined && from.includes(name)) ?? from[0] ?? "";
  const across = pick(x, wanted.x, fits.x);
  return { kind, x: across, y: pick(y, wanted.y, fits.y !== across ? fits.y : undefined, y.find((name) => name !== across)) };
}

function rises(values: Float64Array) {
  return values.every((value, i) => i === 0 || value > values[i - 1]!);
}

// Times in milliseconds; NULL is NaN.
export function toNumbers(column: Column<unknown>): Float64Array {
  const { type } = column;
  const scale = type.typeId === Type.Decimal ? 10 ** type.scale
    : type.typeId === Type.Timestamp ? Number(PER_SECOND[type.unit]) / 1000 : 1;
  const values = new Float64Array(column.length);
  for (let i = 0; i < column.length; i += 1) {
    const value = column.at(i) as number | bigint | null;
    values[i] = value === null ? NaN : Number(value) / scale;
  }
  return values;
}

export interface Bars {
  labels: string[];
  heights: Float64Array;
  cut: number;  // how many there are when not all are drawn, else 0
}

export function bars(table: Table, x: string, y: string): Bars {
  const count = Math.min(table.numRows, MOST_BARS);
  const across = table.getChild(x);
  const labels = Array.from({ length: count }, (_, i) => {
    const value = across.at(i);
    return value === null ? "NULL" : cellText(value, across.type).replace(/ 00:00:00$/, "");
  });
  return { labels, heights: toNumbers(table.getChild(y)).slice(0, count), cut: count < table.numRows ? table.numRows : 0 };
}

// Pairs with both numbers, in the order of x, as the plot wants them.
export function points(table: Table, x: string, y: string): [Float64Array, Float64Array] {
  const across = toNumbers(table.getChild(x));
  const up = toNumbers(table.getChild(y));
  const order = Uint32Array.from(across.keys()).filter((i) => Number.isFinite(across[i]) && Number.isFinite(up[i]));
  if (!rises(across)) order.sort((a, b) => across[a]! - across[b]!);
  return [Float64Array.from(order, (i) => across[i]!), Float64Array.from(order, (i) => up[i]!)];
}

// Counts in bins of equal width, by the rule of Freedman and Diaconis; the first of the pair is each bin's middle.
export function bins(table: Table, x: string): { middles: Float64Array; counts: Float64Array; width: number } {
  const values = toNumbers(table.getChild(x)).filter(Number.isFinite).sort();
  if (!values.length) return { middles: new Float64Array(), counts: new Float64Array(), width: 1 };
  const least = values[0]!;
  const spread = values.at(-1)! - least || 1;
  const quartile = (part: number) => values[Math.floor(part * (values.length - 1))]!;
  const wanted = (2 * (quartile(0.75) - quartile(0.25))) / Math.cbrt(values.length);
  const count = Math.round(Math.min(Math.max(wanted ? spread / wanted : 0, BINS.least), BINS.most));
  const width = spread / count;
  const counts = new Float64Array(count);
  for (const value of values) counts[Math.min(count - 1, Math.floor((value - least) / width))]! += 1;
  return { middles: Float64Array.from(counts, (_, i) => least + (i + 0.5) * width), counts, width };
}
