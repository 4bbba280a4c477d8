// SQL by fetch, the rows by Arrow JS as record batches, each as soon as it arrives: as notebooks want them (Observable has
// Arrow JS built in). Runs in Node.js where `npm install apache-arrow` was run, and in a browser with a bundler.
import { RecordBatchReader } from "apache-arrow";

const server = globalThis.process?.argv[2] ?? "http://127.0.0.1:8080";

const answer = await fetch(`${server}/query`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({
    sql: "SELECT origin, delay, delay * 3_000_000_000 AS far, DATE '2001-01-01' AS day FROM flights WHERE delay > $1",
    params: [60],
    format: "arrow",
  }),
});
if (!answer.ok) throw new Error((await answer.json()).detail);

let rows = 0;
let latest = { delay: -Infinity };
for await (const batch of await RecordBatchReader.from(answer)) {
  rows += batch.numRows;
  for (const row of batch) if (row.delay > latest.delay) latest = row.toJSON();
}
console.log(`${rows} flights were more than an hour late; the latest, from ${latest.origin}, ${latest.delay} minutes`);
console.log(`${typeof latest.far} ${latest.far}, ${new Date(latest.day).toISOString().slice(0, 10)}`);
