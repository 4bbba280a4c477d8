// Names as SQL has them, and the query that a dataset begins with.

// DuckDB's reserved words (duckdb_keywords(), version 1.5): none is a name without quotes.
const RESERVED = new Set(("all analyse analyze and any array as asc asymmetric both case cast check collate column constraint " +
  "create default deferrable desc describe distinct do else end except false fetch for foreign from group having in " +
  "initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider " +
  "placing primary qualify references returning select show some summarize symmetric table then to trailing true union " +
  "unique unpivot using variadic when where window with").split(" "));

export const named = (name: string) =>
  (/^[a-z_][a-z0-9_]*$/i.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replace(/"/g, '""')}"`);

export const selectAll = (name: string) => `SELECT *\nFROM ${named(name)}\nLIMIT 100`;
