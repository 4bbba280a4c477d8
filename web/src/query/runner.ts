// Runs what is typed, the newest only: a pause, what it would cost, and the rows where that is little. A run that is
// overtaken, cancelled or too dear is aborted, which closes its connection, and the server ends its query.
import { tableFromIPC, type Table } from "@uwdata/flechette";
import { postQuery, Problem, whole } from "../server";

export const MOST_ROWS = 10_000;  // that are shown; a download has all

// What runs by itself while somebody types: a fraction of a cent, and some seconds of a slow line.
const UNASKED_BYTES = 256e6;
const UNASKED_USD = 0.001;

// The pause after a key: as long as the last run took, so that a far lake is not flooded. A near one follows each key, and
// is asked for the rows at once: what it answers within QUICK_MS can have cost little, and a plan made beside it would take
// a core from it. What takes longer is estimated while it runs.
const PAUSE_MS = { near: 0, most: 400 };
const NEAR_MS = 150;
const QUICK_MS = 60;

export interface Cost {
  objects: number;
  row_groups: number;
  row_groups_kept: number;
  requests: number;
  bytes: number;
  usd: number;
}

export interface Answer {
  table: Table;
  roundTripMs: number;
  executionMs: number;  // until the last row was there, as the server measured it
  warm: boolean;        // the result was kept from an equal question
  requests: number;     // to the lake
  bytes: number;        // received for them
}

export interface RunEvents {
  begun(): void;
  costs(cost: Cost): void;
  asks(): void;  // it costs more than is spent unasked
  answered(answer: Answer): void;
  failed(error: unknown): void;
  cancelled(): void;
  stopped(): void;  // nothing is left to run
}

export class Runner {
  private waiting = 0;  // the timer of what runs after a pause; 0: there is none
  private running: AbortController | null = null;
  private lastMs = NEAR_MS;
  private last = "";  // what runs or was answered
  private latest = { sql: "", wanted: false };  // typed or run, whatever became of it
  private refusedUntil = 0;  // by performance.now(), as Retry-After said

  constructor(private readonly events: RunEvents) {}

  typed(sql: string) {
    if (sql.trim() === this.last) return;
    this.stop();
    if (!sql.trim()) return this.events.stopped();
    this.latest = { sql, wanted: false };
    const pause = this.lastMs < NEAR_MS ? PAUSE_MS.near : Math.min(this.lastMs, PAUSE_MS.most);
    this.waiting = window.setTimeout(() => this.run(sql, false), Math.max(pause, this.refusedUntil - performance.now()));
  }

  // `wanted`: whatever it costs.
  run(sql: string, wanted: boolean) {
    this.stop();
    if (!sql.trim()) return;
    this.last = sql.trim();
    this.latest = { sql, wanted };
    const { signal } = this.running = new AbortController();
    this.events.begun();
    this.answer(sql, wanted, signal).catch((error) => {
      if (signal.aborted) return;
      this.last = "";
      const { retryAfter = 0 } = error instanceof Problem ? error.said : {};
      this.refusedUntil = performance.now() + retryAfter * 1000;
      this.events.failed(error);
    }).finally(() => { if (this.running?.signal === signal) this.running = null; });
  }

  again() {
    if (this.last !== this.latest.sql.trim()) this.run(this.latest.sql, this.latest.wanted);
  }

  // What runs, and what is about to.
  cancel() {
    if (!this.running && !this.waiting) return;
    this.stop();
    this.events.cancelled();
  }

  stop() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.running?.abort();
    this.running = null;
    this.last = "";
  }

  private async answer(sql: string, wanted: boolean, signal: AbortSignal) {
    const begun = performance.now();
    const near = this.lastMs < NEAR_MS;
    if (!near) await this.estimate(sql, wanted, signal);
    const asked = performance.now();
    const rows = postQuery({ sql, limit: MOST_ROWS, format: "arrow", metadata: true }, signal);
    const quick = !near || await endsWithin(QUICK_MS, rows);
    const [response] = await Promise.all([rows, quick ? null : this.estimate(sql, wanted, signal)]);
    const bytes = await whole(response, signal, (body) => body.arrayBuffer());
    const took = response.headers.get("Eider-Reads") ?? "";
    const figure = (text: string, name: RegExp) => Number(name.exec(text)?.[1] ?? 0);
    this.lastMs = performance.now() - begun;
    this.events.answered({
      table: tableFromIPC(bytes, { useBigInt: true, useBigIntTimestamp: true, useDecimalInt: true, useMap: true }),
      roundTripMs: performance.now() - asked,
      executionMs: figure(response.headers.get("Server-Timing") ?? "", /dur=([\d.]+)/),
      warm: response.headers.get("X-Cache") === "hit",
      requests: figure(took, /requests=(\d+)/),
      bytes: figure(took, /\bbytes=(\d+)/),
    });
    if (near && quick) this.estimate(sql, true, signal).catch(() => {});  // what it would cost is only told then
  }

  // Ends the run where it costs more than is spent unasked.
  private async estimate(sql: string, wanted: boolean, signal: AbortSignal) {
    const response = await postQuery({ sql, limit: MOST_ROWS, dry_run: true }, signal);
    const cost: Cost = await whole(response, signal, (body) => body.json());
    if (sql === this.latest.sql) this.events.costs(cost);
    if (wanted || (cost.bytes <= UNASKED_BYTES && cost.usd <= UNASKED_USD)) return;
    this.stop();
    this.events.asks();
    signal.throwIfAborted();
  }
}

const endsWithin = (ms: number, promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true, () => true), new Promise<boolean>((done) => setTimeout(done, ms, false))]);
