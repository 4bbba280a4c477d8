// The formats of downloads: what people call them, and what they are for.

export const FORMATS: Record<string, [label: string, purpose: string]> = {
  csv: ["CSV", "spreadsheets and most programs"],
  tsv: ["TSV", "the same, split by tabs"],
  json: ["JSON", "an array of records"],
  ndjson: ["NDJSON", "one record a line"],
  parquet: ["Parquet", "typed and small, for analysis"],
  arrow: ["Arrow", "an IPC stream, for data frames"],
  xlsx: ["Excel", "a workbook, up to 1,048,575 rows"],
  geojson: ["GeoJSON", "points and shapes, for maps"],
};
