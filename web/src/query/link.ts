// A query as an address, "#sql=SELECT …&chart=line&x=date&y=n", so that it can be shared.

export interface QueryState {
  sql: string;
  chart?: string;  // what was chosen by hand; what is left out is chosen by what the answer holds
  x?: string;
  y?: string;
}

export function queryLink({ sql, ...chosen }: QueryState) {
  const parameters = new URLSearchParams({ sql });
  for (const [key, value] of Object.entries(chosen)) if (value) parameters.set(key, value);
  return `#${parameters}`;
}

// Null: the hash is no query's.
export function readQueryLink(hash: string): QueryState | null {
  if (!hash.startsWith("#sql=")) return null;
  const parameters = new URLSearchParams(hash.slice(1));
  const chosen = (key: string) => parameters.get(key) ?? undefined;
  return { sql: parameters.get("sql") ?? "", chart: chosen("chart"), x: chosen("x"), y: chosen("y") };
}
