// SQL that runs as it is typed: the editor, what a run would cost and what it took, a chart and the rows.
import { clone, copy, say, slot } from "../dom";
import { problemBox } from "../problem";
import { Problem, type Lake } from "../server";
import { byteText, msText, number, plural } from "../text";
import { Chart } from "./chart";
import { tablesIn } from "./completion";
import { DownloadMenu } from "./download";
import { Editor } from "./editor";
import { queryLink, readQueryLink, type QueryState } from "./link";
import { ResultTable } from "./result_table";
import { MOST_ROWS, Runner, type Answer, type Cost } from "./runner";
import { TablesPanel } from "./tables_panel";

const TYPING_MS = 300;  // a browser refuses to change the address for each letter
const SLOW_MS = 200;    // what is answered by then was not seen to run: nothing moves, and no frame is spent on it

export class QueryView {
  readonly root = clone("query");
  readonly panel: TablesPanel;
  private readonly names: string[];   // of datasets
  private readonly listed: string[];  // beside the editor
  private readonly editor: Editor;
  private readonly chart: Chart;
  private readonly table: ResultTable;
  private readonly downloads: DownloadMenu;
  private readonly runner: Runner;
  private remembering = 0;
  private slow = 0;

  constructor(lake: Lake, state: QueryState) {
    this.names = lake.dataset.map(({ name }) => name);
    this.listed = [...this.names, ...(lake.catalogs ?? []).map(({ name }) => name)];
    this.runner = new Runner({
      begun: () => this.busy(true),
      costs: (cost) => this.showCost(cost),
      asks: () => this.ended("This would read more than runs by itself. Press Run if it is wanted."),
      answered: (answer) => this.showAnswer(answer),
      failed: (error) => this.showError(error),
      cancelled: () => this.ended("Cancelled."),
      stopped: () => this.ended(""),
    });
    this.editor = new Editor(this.slot("editor"), state.sql, {
      changed: (sql) => this.typed(sql),
      run: () => this.run(),
      cancel: () => this.runner.cancel(),
    });
    this.panel = new TablesPanel(lake, (text) => this.editor.insert(text), () => this.editor.offer(this.names));
    this.downloads = new DownloadMenu(() => this.editor.sql);
    this.slot("share").before(this.downloads.root);
    this.chart = new Chart(this.slot("chart"), state, () => this.remember());
    this.table = new ResultTable(this.slot("rows"));
    this.slot("run").onclick = () => this.run();
    this.slot("cancel").onclick = () => this.runner.cancel();
    this.slot("share").onclick = () => { this.remember(); void copy(location.href, this.slot("share")); };
    this.editor.offer(this.names);
    this.noticeTables(state.sql);
    this.runner.run(state.sql, false);
  }

  focus() { this.editor.focus(); }

  close() {
    clearTimeout(this.remembering);
    clearTimeout(this.slow);
    this.runner.stop();
    this.panel.close();
    this.chart.close();
    this.table.close();
    this.editor.close();
  }

  // Takes over the address of a query; false: it is none's. One without SQL keeps what is here.
  follow(hash: string) {
    const state = readQueryLink(hash);
    if (state?.sql) {
      this.chart.wanted = state;
      if (state.sql !== this.editor.sql) this.editor.sql = state.sql;
    } else if (state) {
      this.remember();
    }
    return state !== null;
  }

  private slot(name: string) { return slot(this.root, name); }

  private run() { this.runner.run(this.editor.sql, true); }

  private typed(sql: string) {
    this.noticeTables(sql);
    this.runner.typed(sql);
    clearTimeout(this.remembering);
    this.remembering = window.setTimeout(() => this.remember(), TYPING_MS);
  }

  private noticeTables(sql: string) { this.panel.open(tablesIn(sql, this.listed)); }

  // The address says what is shown; going back leaves the view, not each letter.
  private remember() {
    const { chart, x, y } = this.chart.wanted;
    const link = queryLink({ sql: this.editor.sql, chart, x, y });
    if (readQueryLink(location.hash)) history.replaceState(null, "", link);
  }

  private busy(yes: boolean) {
    clearTimeout(this.slow);
    if (yes) this.slow = window.setTimeout(() => this.showBusy(true), SLOW_MS);
    else this.showBusy(false);
  }

  private showBusy(yes: boolean) {
    this.root.classList.toggle("running", yes);
    this.slot("result").ariaBusy = String(yes);
    this.slot("cancel").ariaDisabled = String(!yes);
  }

  private ended(said: string) {
    this.busy(false);
    this.slot("state").textContent = said;
  }

  private showCost({ objects, row_groups, row_groups_kept, requests, bytes, usd }: Cost) {
    const groups = row_groups ? `, ${number.format(row_groups_kept)} of ${plural(row_groups, "row group")}` : "";
    const price = usd ? `, $${usd.toFixed(usd < 0.01 ? 6 : 2)}` : "";
    this.slot("cost").textContent =
      `Reads at most ${byteText(bytes)} in ${plural(requests, "request")} (${plural(objects, "file")}${groups})${price}`;
  }

  private showAnswer(answer: Answer) {
    const { table } = answer;
    const cut = table.numRows >= MOST_ROWS;
    this.showProblem(null);
    this.slot("result").hidden = false;
    this.downloads.large = cut;
    this.chart.show(table);
    this.table.show(table);
    const figures: Record<string, string> = {
      "rows-count": cut ? `first ${number.format(table.numRows)}` : number.format(table.numRows),
      round: msText(answer.roundTripMs),
      execution: msText(answer.executionMs),
      cache: answer.warm ? "warm" : "cold",
      read: `${byteText(answer.bytes)} in ${plural(answer.requests, "request")}`,
    };
    for (const [name, text] of Object.entries(figures)) this.slot(name).textContent = text;
    this.slot("cache").dataset.warm = String(answer.warm);
    this.slot("took").hidden = false;
    this.ended("");
    say(`${plural(table.numRows, "row")}${cut ? ", and more in a download" : ""}.`);
  }

  private showError(error: unknown) {
    this.ended("");
    this.showProblem(error);
  }

  // At its place in the text where the server names one, and below the editor in words.
  private showProblem(error: unknown) {
    this.root.classList.toggle("refused", Boolean(error));
    if (error) this.slot("cost").textContent = "";
    const said = error instanceof Problem ? error.said : null;
    const place = this.editor.mark(said?.detail ?? null);
    this.slot("problem").replaceChildren(...(error ? [problemBox(error, () => this.runner.again())] : []));
    if (!place) return;
    slot(this.root, "title").textContent = `Line ${this.lineOf(place.from)}:`;
    slot(this.root, "detail").textContent = place.message;
    slot(this.root, "id").textContent = "";
  }

  private lineOf(offset: number) { return this.editor.sql.slice(0, offset).split("\n").length; }
}
