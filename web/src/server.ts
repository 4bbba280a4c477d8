// What the page asks its server, and how answers and addresses are written: problems, CSV, query strings.
import { keyHeaders } from "./access/key";

// What RFC 9457 says of a failure, or the same words for one that the server could not tell of.
export interface ProblemText {
  title?: string;
  detail?: string;
  status?: number;
  parameter?: string;
  request_id?: string;
  retryAfter?: number;  // seconds
}

export class Problem extends Error {
  constructor(readonly said: ProblemText) { super(said.detail ?? said.title); }
}

export interface DatasetEntry {
  name: string;
  title: string;
  description?: string;
  licence?: string;
}

export interface Lake {
  title: string;
  dataset: DatasetEntry[];
  catalogs?: { name: string }[];  // of others
}

// Of a catalog of others; its name as SQL writes it.
export interface CatalogTable {
  name: string;
  path: string[];
  columns?: { name: string; type: string }[];
}

export interface Column {
  name: string;
  type: string;
  filterable: boolean;
  minimum?: string;
  maximum?: string;
  nulls?: number;
}

export interface Dataset extends DatasetEntry {
  columns: Column[];
  rows: number | null;
  bytes: number;
  objects: number;
  modified: string;
  formats: string[];
  examples: string[];
}

export const address = (path: string) => new URL(path, new URL(".", location.href)).href;

// The response of a request that succeeded; a Problem for any other. An abort is passed on as it is. It is asked with the
// key of this tab, if `init` has none.
export async function ask(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path), { ...init, headers: { ...keyHeaders(), ...init.headers } });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem({ title: "No answer", detail: "The server cannot be reached." });
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));  // without one the status has to do
  throw new Problem({ title: `Status ${response.status}`, status: response.status, ...said, retryAfter: waitOf(response) });
}

// RFC 9110 section 10.2.3: seconds, or a date, as a proxy may say it.
function waitOf(response: Response) {
  const text = response.headers.get("Retry-After");
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

// The whole body as `take` reads it. A connection that ends before the answer does is a Problem too; what the browser
// says itself, as of a full disk, is passed on.
export async function whole<T>(response: Response, signal: AbortSignal, take: (response: Response) => Promise<T>) {
  try {
    return await take(response);
  } catch (error) {
    if (signal.aborted || error instanceof DOMException) throw error;
    throw new Problem({ title: "The answer is cut", detail: "The connection ended before it did." });
  }
}

export async function getText(path: string, signal: AbortSignal): Promise<string> {
  return whole(await ask(path, { signal }), signal, (response) => response.text());
}

const getJson = async (path: string, signal: AbortSignal) => JSON.parse(await getText(path, signal));
export const getLake = (signal: AbortSignal): Promise<Lake> => getJson("datasets", signal);

// Whether the server knows this key; a Problem says why not.
export const tryKey = (key: string, signal: AbortSignal) =>
  ask("datasets", { signal, headers: keyHeaders(key), cache: "no-store" });

export interface LineageNode {
  name: string;
  kind: string;  // "dataset", "view", "table", "incremental", "external", or "broken"
  reads: string[];
  description?: string;
  tests?: number;
}

// Each node behind what it reads.
export const getLineage = async (signal: AbortSignal): Promise<LineageNode[]> => (await getJson("lineage.json", signal)).nodes;

const datasets = new Map<string, Dataset>();  // as last described, for completion

export async function getDataset(name: string, signal: AbortSignal): Promise<Dataset> {
  const dataset: Dataset = await getJson(encodeURIComponent(name), signal);
  datasets.set(name, dataset);
  return dataset;
}

export const knownDataset = (name: string) => datasets.get(name);

const catalogs = new Map<string, CatalogTable[]>();  // as last asked, for completion

export async function getCatalog(name: string, signal: AbortSignal): Promise<CatalogTable[]> {
  const { tables } = await getJson(`catalogs/${encodeURIComponent(name)}`, signal);
  catalogs.set(name, tables);
  return tables;
}

export const knownTables = () => [...catalogs.values()].flat();

export function postQuery(order: object, signal: AbortSignal): Promise<Response> {
  return ask("query", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order), signal });
}

// RFC 4180, exactly: an unquoted empty field is null, "" is the empty string, and every other value stays the text it
// was; a JSON number beyond 2^53 would not.
export function parseCsv(text: string): (string | null)[][] {
  const rows = [];
  let at = 0;

  function quoted() {
    let value = "";
    for (at += 1; ; at += 1) {
      const quote = text.indexOf('"', at);
      if (quote < 0) throw new Problem({ title: "The answer is cut", detail: "It ends within a quoted value." });
      value += text.slice(at, quote);
      at = quote + 1;
      if (text[at] !== '"') return value;
      value += '"';
    }
  }

  function bare() {
    const start = at;
    while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at += 1;
    return at > start ? text.slice(start, at) : null;
  }

  while (at < text.length) {
    const row = [];
    do row.push(text[at] === '"' ? quoted() : bare()); while (text[at++] === ",");
    if (text[at - 1] === "\r" && text[at] === "\n") at += 1;
    rows.push(row);
  }
  return rows;
}

export type Pair = [string, string];

// Commas and colons stay readable; a quote must not end the quotes of a curl line.
const encode = (text: string) => encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/'/g, "%27");
export const queryText = (pairs: Pair[]) =>
  pairs.map(([key, value], i) => `${i ? "&" : "?"}${encode(key)}=${encode(value)}`).join("");
