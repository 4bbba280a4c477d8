// Links to what the server has, such as downloads. Without a key the browser follows them itself. It would send no key, so
// with one the page asks, and saves the answer.
import { save } from "../saving";
import { ask } from "../server";
import { currentKey } from "./key";

// Of a dataset; CSV is some times its Parquet.
const LARGE_BYTES = 50e6;

export function followLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!(link instanceof HTMLAnchorElement) || currentKey() === null) return;
    const base = new URL(".", location.href).href;
    const path = link.href.startsWith(base) ? link.href.slice(base.length) : "";
    if (!path || path.startsWith("#")) return;  // another host's, or a view of the page
    event.preventDefault();
    const last = decodeURIComponent(path.split("?")[0]!);
    void save({ name: last.includes(".") ? last : `${last}.json`, large: Number(link.dataset.bytes ?? 0) > LARGE_BYTES,
                ask: (signal) => ask(path, { signal }) });
  });
}
