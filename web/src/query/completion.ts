// What the editor knows of SQL here: DuckDB's words and functions, the datasets, tables of catalogs that were looked at,
// and the columns of what the text names.
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { PostgreSQL, sql, SQLDialect, type SQLNamespace } from "@codemirror/lang-sql";
import { knownDataset, knownTables } from "../server";
import { named } from "./names";

// Of PostgreSQL's words some are statements that a lake refuses; they are highlighted all the same.
const FUNCTIONS = ("abs any_value approx_count_distinct approx_quantile arg_max arg_min array_agg avg bit_count ceil " +
  "coalesce concat contains corr count count_if covar_pop current_date date_diff date_part date_trunc dayname dayofweek " +
  "epoch epoch_ms first floor format generate_series greatest hour histogram ifnull isodow kurtosis lag last last_day " +
  "lead least left len length list ln log log10 lower lpad ltrim mad max md5 median min minute mode month monthname now " +
  "nullif ntile percent_rank position power quantile_cont quantile_disc quarter radians rank regexp_extract " +
  "regexp_matches regexp_replace repeat replace reverse right round row_number rpad rtrim second sign skewness " +
  "split_part sqrt starts_with stddev string_agg string_split strftime strptime struct_pack substring sum to_json " +
  "trim try_cast typeof unnest upper var_pop variance week weekday year lake read_csv read_json read_parquet range").split(" ");

const WORDS = " qualify pivot unpivot sample asof semi anti positional summarize describe exclude replace columns ilike " +
  "macro try_cast struct map tablesample ";

const duckdb = SQLDialect.define({
  ...PostgreSQL.spec,
  keywords: `${PostgreSQL.spec.keywords}${WORDS}`,
  builtin: FUNCTIONS.join(" "),
});

const functions: Completion[] = FUNCTIONS.map((name) => ({ label: name, type: "function", detail: "()", boost: -2,
                                                            apply: `${name}(` }));

export const tablesIn = (text: string, tables: string[]) => {
  const words = new Set(text.toLowerCase().match(/[\w-]+/g));
  return tables.filter((table) => words.has(table.toLowerCase()));
};

function columns(text: string, tables: string[]): Completion[] {
  const tablesNamed = [...tablesIn(text, tables).map(knownDataset), ...knownTables().filter(({ name }) => text.includes(name))];
  return tablesNamed.flatMap((table) => (table?.columns ?? []).map(({ name, type }) => (
    { label: name, apply: named(name), type: "property", detail: type.toLowerCase(), boost: 2 })));
}

// Columns and functions wherever a word begins; tables, aliases and keywords come from the language.
const source = (tables: string[]) => (context: CompletionContext): CompletionResult | null => {
  const word = context.matchBefore(/[a-z_]\w*/i);
  if (!word && !context.explicit) return null;
  const before = context.state.sliceDoc(Math.max(0, (word?.from ?? context.pos) - 1), word?.from ?? context.pos);
  if (before === "." || before === "'") return null;
  return { from: word?.from ?? context.pos, options: [...columns(context.state.doc.toString(), tables), ...functions],
           validFor: /^\w*$/ };
};

export function sqlLanguage(tables: string[]) {
  const schema: Record<string, SQLNamespace> =
    Object.fromEntries(tables.map((table) => [table, (knownDataset(table)?.columns ?? []).map(({ name }) => name)]));
  for (const { path, columns = [] } of knownTables()) {
    let level: Record<string, SQLNamespace> = schema;
    for (const part of path.slice(0, -1)) level = (level[part] ??= {}) as Record<string, SQLNamespace>;
    level[path.at(-1)!] = columns.map(({ name }) => name);
  }
  return [sql({ dialect: duckdb, schema, upperCaseKeywords: true }),
          duckdb.language.data.of({ autocomplete: source(tables) })];
}
