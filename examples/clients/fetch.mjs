// SQL by fetch; the rows as lines of JSON, each as soon as it arrives. Runs in Node.js and, as it is, in a browser.
const server = globalThis.process?.argv[2] ?? "http://127.0.0.1:8080";

const answer = await fetch(`${server}/query`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ sql: "SELECT origin, delay FROM flights WHERE delay > $1", params: [60], format: "ndjson" }),
});
if (!answer.ok) throw new Error((await answer.json()).detail);

let rest = "";
let rows = 0;
let latest = { delay: -Infinity };
for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const row = JSON.parse(line);
    rows += 1;
    if (row.delay > latest.delay) latest = row;
  }
}
console.log(`${rows} flights were more than an hour late; the latest, from ${latest.origin}, ${latest.delay} minutes`);
