// What the page reads from its server, and how it writes it down: text, CSV, problems, addresses.

// --- Text ---

export const number = new Intl.NumberFormat("en");
export const plural = (count, noun) => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;

export function byteText(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  return `${(bytes / 1000 ** power).toLocaleString("en", { maximumSignificantDigits: 3 })} ${units[power]}`;
}

// RFC 4180, exactly: an unquoted empty field is null, "" is the empty string, and every other value stays the text it
// was; a JSON number beyond 2^53 would not.
export function parseCsv(text) {
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

export const withoutScheme = (text) => text.replace(/^https?:\/\/(.*?)\/?$/, "$1");

// --- The server ---

// What RFC 9457 says of a failure, or the same words for one that the server could not tell of.
export class Problem extends Error {
  constructor(said) {
    super(said.detail ?? said.title);
    Object.assign(this, said);
  }
}

export const address = (path) => new URL(path, new URL(".", location.href)).href;

export async function getText(path, signal) {
  let response, text;
  try {
    response = await fetch(address(path), { signal });
    text = await response.text();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem(response ? { title: "The answer is cut", detail: "The connection ended before it did." }
      : { title: "No answer", detail: "The server cannot be reached." });
  }
  if (response.ok) return text;
  let said;
  try { said = JSON.parse(text); } catch { /* the status has to do */ }
  throw new Problem({ title: `Status ${response.status}`, status: response.status, ...said });
}

export const getJson = async (path, signal) => JSON.parse(await getText(path, signal));

// Commas and colons stay readable; a quote must not end the quotes of a curl line.
const encode = (text) => encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/'/g, "%27");
export const queryText = (pairs) => pairs.map(([key, value], i) => `${i ? "&" : "?"}${encode(key)}=${encode(value)}`).join("");
