// What is chosen of a dataset: the parameters of a download, as the controls hold them and as an address says them.
import type { Column, Pair } from "../server";
import { WRITTEN } from "./operators";

export interface Filter {
  column: string;
  operator: string;
  value: string;
}

export interface Choice {
  filters: Filter[];
  columns: string[];  // empty: all
  sort: string;
  limit: string;
  rest: Pair[];  // has no control and goes to the server as it is
}

// "#/NAME?PARAMETERS"; null: the hash is no dataset's.
export function readDatasetLink(hash: string) {
  const [, name, query = ""] = /^#\/([\w-]{1,100})(?:\?(.*))?$/.exec(hash) ?? [];
  return name ? { name, query } : null;
}

export function readChoice(columns: Column[], query: string): Choice {
  const choice: Choice = { filters: [], columns: [], sort: "", limit: "", rest: [] };
  const filterable = new Set(columns.filter((column) => column.filterable).map((column) => column.name));
  for (const [key, value] of new URLSearchParams(query)) {
    const [, column = "", operator = ""] = /^(.+)__(\w+?)$/.exec(key) ?? [];
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
export function filterPair({ column, operator, value }: Filter): Pair | null {
  if (operator === "empty") return [column, ""];
  if (operator === "isnull" || operator === "notnull") return [`${column}__${operator}`, "1"];
  if (value === "") return null;
  return [operator === "eq" ? column : `${column}__${operator}`, value];
}

export function filterPairs(choice: Choice): Pair[] {
  return [...choice.filters.map(filterPair).filter((pair) => pair !== null), ...choice.rest];
}

export function choicePairs(choice: Choice): Pair[] {
  const pairs = filterPairs(choice);
  if (choice.columns.length) pairs.push(["_columns", choice.columns.join(",")]);
  if (choice.sort) pairs.push(["_sort", choice.sort]);
  if (choice.limit) pairs.push(["_limit", choice.limit]);
  return pairs;
}
