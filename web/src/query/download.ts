// The menu that saves an answer whole, in the format of choice. A query is a POST, so the page asks for what a link cannot.
import { curlKey } from "../access/key";
import { clone, copy, el, slot } from "../dom";
import { FORMATS } from "../formats";
import { save } from "../saving";
import { address, postQuery } from "../server";

const OFFERED = ["csv", "tsv", "json", "ndjson", "parquet", "arrow", "xlsx"];

export class DownloadMenu {
  readonly root = clone<HTMLDetailsElement>("downloads");
  large = false;  // the answer has more rows than are shown

  constructor(private readonly sql: () => string) {
    for (const format of OFFERED) {
      const [label, purpose] = FORMATS[format]!;
      const button = el("button", { className: "plain", onclick: () => this.download(format) }, el("strong", {}, label),
                        el("small", {}, purpose));
      slot(this.root, "list").append(el("li", {}, button));
    }
    const curl = slot(this.root, "curl");
    curl.onclick = () => copy(this.curl(), curl);
    this.root.onkeydown = ({ key }) => {
      if (key !== "Escape" || !this.root.open) return;
      this.root.open = false;
      this.root.querySelector("summary")!.focus();
    };
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.root.contains(relatedTarget)) this.root.open = false;
    });
  }

  private curl() {
    const body = JSON.stringify({ sql: this.sql(), format: "csv" }).replace(/'/g, "'\\''");
    return `curl -fo query.csv '${address("query")}'${curlKey()} -H 'Content-Type: application/json' -d '${body}'`;
  }

  private download(format: string) {
    const sql = this.sql();
    this.root.open = false;
    this.root.querySelector("summary")!.focus();
    void save({ name: `query.${format}`, large: this.large, ask: (signal) => postQuery({ sql, format }, signal) });
  }
}
