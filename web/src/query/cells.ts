// Values of an Arrow table as text, exactly: by their type, and never through a number that cannot hold them.
import { Type, type DataType } from "@uwdata/flechette";

const pad = (value: number | bigint, digits: number) => String(value).padStart(digits, "0");

export const PER_SECOND = [1n, 1_000n, 1_000_000n, 1_000_000_000n];  // by Arrow's unit

function fractionText(value: bigint, unit: number) {
  const digits = unit ? pad(value, unit * 3).replace(/0+$/, "") : "";
  return digits && `.${digits}`;
}

// Since 1970, in UTC, as the server writes times.
function timestampText(value: bigint, unit: number) {
  const per = PER_SECOND[unit]!;
  const fraction = ((value % per) + per) % per;
  const date = new Date(Number((value - fraction) / per) * 1000);
  if (Number.isNaN(date.getTime())) return "beyond what a browser can tell";  // infinity, or 270,000 years from now
  return date.toISOString().replace("T", " ").replace(".000Z", "") + fractionText(fraction, unit);
}

function timeText(value: bigint, unit: number) {
  const per = PER_SECOND[unit]!;
  const seconds = value / per;
  return `${pad(seconds / 3600n, 2)}:${pad((seconds / 60n) % 60n, 2)}:${pad(seconds % 60n, 2)}${fractionText(value % per, unit)}`;
}

function decimalText(value: number | bigint, scale: number) {
  const digits = pad(value < 0 ? -value : value, scale + 1);
  const text = scale ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
  return value < 0 ? `-${text}` : text;
}

// The shortest text that reads back as the same 32-bit number.
function floatText(value: number) {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

function intervalText([months, days, nanos]: Iterable<number>) {
  const parts = [[months, "month"], [days, "day"], [(nanos ?? 0) / 1e9, "second"]] as const;
  return parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`).join(" ") || "0 seconds";
}

const bytesText = (bytes: Uint8Array) => [...bytes].map((byte) =>
  byte > 31 && byte < 127 && byte !== 92 ? String.fromCharCode(byte) : `\\x${pad(byte.toString(16) as never, 2).toUpperCase()}`).join("");

// As JSON has it, but for values that are no JSON, which stay the text they are elsewhere.
function nestedText(value: unknown, type: DataType): string {
  if (value === null || value === undefined) return "null";
  const children = ("children" in type && type.children) || [];
  if (type.typeId === Type.Struct) {
    const struct = value as Record<string, unknown>;
    return `{${children.map((child) => `${JSON.stringify(child.name)}: ${nestedText(struct[child.name], child.type)}`).join(", ")}}`;
  }
  if (value instanceof Map) {
    const [key, item] = (children[0]!.type as unknown as { children: { type: DataType }[] }).children;
    return `{${[...value].map(([k, v]) => `${nestedText(k, key!.type)}: ${nestedText(v, item!.type)}`).join(", ")}}`;
  }
  if (children.length && typeof value === "object") {
    return `[${Array.from(value as ArrayLike<unknown>, (item) => nestedText(item, children[0]!.type)).join(", ")}]`;
  }
  const text = cellText(value, type);
  return typeof value === "string" ? JSON.stringify(text) : text;
}

export function cellText(value: unknown, type: DataType): string {
  switch (type.typeId) {
    case Type.Float: return type.precision < 2 ? floatText(value as number) : String(value);
    case Type.Decimal: return decimalText(value as number | bigint, type.scale);
    case Type.Date: return timestampText(BigInt(value as number), 1).split(" ")[0]!;
    case Type.Timestamp: return timestampText(value as bigint, type.unit) + (type.timezone ? "+00" : "");
    case Type.Time: return timeText(BigInt(value as number | bigint), type.unit);
    case Type.Interval: return intervalText(value as Iterable<number>);
    case Type.Binary:
    case Type.LargeBinary:
    case Type.FixedSizeBinary: return bytesText(value as Uint8Array);
    case Type.Dictionary: return cellText(value, type.dictionary);
    case Type.List: case Type.LargeList: case Type.FixedSizeList: case Type.Struct: case Type.Map:
      return nestedText(value, type);
    default: return String(value);
  }
}

export type Kind = "number" | "time" | "text" | "other";

// What a chart may do with a column, and how a table aligns it.
export function kindOfType(type: DataType): Kind {
  switch (type.typeId) {
    case Type.Int: case Type.Float: case Type.Decimal: return "number";
    case Type.Date: case Type.Timestamp: return "time";
    case Type.Utf8: case Type.LargeUtf8: case Type.Utf8View: case Type.Bool: return "text";
    case Type.Dictionary: return kindOfType(type.dictionary);
    default: return "other";
  }
}
