// The menu that saves an answer whole, in the format of choice. A query is a POST, so the page fetches what a link
// cannot, and hands it to the browser as a file.
import { clone, copy, el, save, slot } from "../dom";
import { FORMATS } from "../formats";
import { address, postQuery, whole } from "../server";

const OFFERED = ["csv", "tsv", "json", "ndjson", "parquet", "arrow", "xlsx"];

export class DownloadMenu {
  readonly root = clone<HTMLDetailsElement>("downloads");
  private going: AbortController | null = null;

  constructor(private readonly sql: () => string, private readonly failed: (error: unknown) => void) {
    for (const format of OFFERED) {
      const [label, purpose] = FORMATS[format]!;
      const button = el("button", { className: "plain", onclick: () => this.download(format) }, el("strong", {}, label),
                        el("small", {}, purpose));
      slot(this.root, "list").append(el("li", {}, button));
    }
    const curl = slot(this.root, "curl");
    curl.onclick = () => copy(this.curl(), curl);
    slot(this.root, "stop").onclick = () => this.going?.abort();
    this.root.onkeydown = ({ key }) => {
      if (key !== "Escape" || !this.root.open) return;
      this.root.open = false;
      this.root.querySelector("summary")!.focus();
    };
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.root.contains(relatedTarget)) this.root.open = false;
    });
  }

  close() { this.going?.abort(); }

  private curl() {
    const body = JSON.stringify({ sql: this.sql(), format: "csv" }).replace(/'/g, "'\\''");
    return `curl -fo query.csv '${address("query")}' -H 'Content-Type: application/json' -d '${body}'`;
  }

  private async download(format: string) {
    this.going?.abort();
    const { signal } = this.going = new AbortController();
    this.busy(true);
    try {
      const response = await postQuery({ sql: this.sql(), format }, signal);
      save(await whole(response, signal, (body) => body.blob()), `query.${format}`);
      this.root.open = false;
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    } finally {
      if (this.going?.signal === signal) this.busy(false);
    }
  }

  private busy(yes: boolean) {
    slot(this.root, "busy").hidden = !yes;
    this.root.ariaBusy = String(yes);
  }
}
