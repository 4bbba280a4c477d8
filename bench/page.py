#!/usr/bin/env python3
"""The page in Chromium over three million flights: weight, first paint, from a key to the chart: ./dev bench page.

    --quick   a few keys: whether the bench works

A key is pressed in the editor, the query runs anew (nothing of its result is kept), and the clock stops in the frame after
the one that paints the chart. A complete run writes bench/results/page-DATE.json and bench/PAGE.md.
"""
import argparse
import datetime
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from downloading import machine, records  # noqa: E402
from support.browser_page import BrowserPage, chromium  # noqa: E402
from support.eider_server import EiderServer  # noqa: E402

QUERIES = {
    "by_day": "SELECT date_trunc('day', date) AS day, avg(delay) AS late FROM flights WHERE delay > {} GROUP BY 1 ORDER BY 1",
    "by_origin": "SELECT origin, avg(delay) AS late FROM flights GROUP BY 1 HAVING count(*) > {} ORDER BY 2 DESC LIMIT 20"}
MUSTS = {"weight_bytes": 900_000, "first_paint_ms": 1000, "key_to_chart_p95_ms": 100}

# Stops the clock for each key once the frame with the new chart was shown.
WATCH = """() => {
  window.taken = [];
  let pressed = null;
  const editor = document.querySelector("[data-slot=editor]");
  editor.addEventListener("keydown", (event) => { pressed = event.timeStamp; }, { capture: true });
  new MutationObserver(() => {
    const begun = pressed;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.taken.push(performance.now() - begun);
      port2.postMessage(0);
    });
  }).observe(document.querySelector("[data-slot=chart]"), { attributes: true, attributeFilter: ["data-drawn"] });
}"""


def main() -> int:
    arguments = parse()
    run = {"date": datetime.date.today().isoformat(), "machine": machine.describe(),
           "versions": machine.versions(("playwright",))}
    with tempfile.TemporaryDirectory(prefix="eider-page-") as name:
        lake = pathlib.Path(name)
        shutil.copy(pathlib.Path(os.environ["EIDER_VEGA"]) / "data" / "flights-3m.parquet", lake / "flights.parquet")
        with EiderServer(lake) as server, chromium() as browser:
            run["chromium"] = browser.version
            run["weight_bytes"] = weight(browser, server)
            paints = [first_paint(browser, server, f) for f in ("", "#sql=") for _ in range(3 if arguments.quick else 15)]
            run["first_paint_ms"] = max(paints)
            run["first_paint_p50_ms"] = statistics.median(paints)
            bases = range(1, 3) if arguments.quick else range(1, 11)
            taken = {kind: keys(browser, server, sql, bases) for kind, sql in QUERIES.items()}
    run["keys_ms"] = taken
    for name, values in {**taken, "key_to_chart": [ms for values in taken.values() for ms in values]}.items():
        run[f"{name}_p50_ms"], run[f"{name}_p95_ms"] = percentile(values, 50), percentile(values, 95)
    text = markdown(run)
    print(text)
    if not arguments.quick:
        records.keep("page", run, "PAGE.md", text)
    return 0 if all(run[name] <= most for name, most in MUSTS.items()) else 1


def weight(browser, server) -> int:
    with BrowserPage(browser, server) as window:
        window.open_query("SELECT origin, count(*) AS n FROM flights GROUP BY 1 ORDER BY 2 LIMIT 9")
        window.chart.wait_for()
        own = [request for request in window.requests if request.url == server.url or "/-/" in request.url]
        return sum(request.sizes()["responseBodySize"] for request in own)


def first_paint(browser, server, fragment: str) -> float:
    with BrowserPage(browser, server) as window:
        window.open(fragment)
        window.until("() => performance.getEntriesByName('first-contentful-paint').length")
        return window.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")


def keys(browser, server, sql: str, bases: range) -> list[float]:
    """Digits at the end of a number, each the key of a query that nobody has asked."""
    with BrowserPage(browser, server) as window:
        window.open_query("SELECT 1")
        window.page.evaluate(WATCH)
        before, after = sql.split("{}")
        taken = []
        for base in bases:
            window.type_sql(before + str(base) + after)
            window.page.keyboard.press("Control+End")
            for _ in range(len(after)):
                window.page.keyboard.press("ArrowLeft")
            window.chart.wait_for()
            window.until("() => document.querySelector('.result').ariaBusy === 'false'")
            for digit in range(10):
                asked = len(window.page.evaluate("window.taken"))
                window.page.keyboard.press(str(digit))
                window.until("(count) => window.taken.length > count", asked)
                taken.append(window.page.evaluate("window.taken").pop())
                asked += 1
                window.page.keyboard.press("Backspace")
                window.until("(count) => window.taken.length > count", asked)
        return [round(ms, 1) for ms in taken]


def percentile(values: list[float], part: int) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[part - 1], 1)


def markdown(run: dict) -> str:
    def pair(name: str) -> str:
        return f"{run[name + '_p95_ms']:.0f} ms ({run[name + '_p50_ms']:.0f} ms)"
    paint = f"{run['first_paint_ms']:.0f} ms ({run['first_paint_p50_ms']:.0f} ms)"
    met = {name: "yes" if run[name] <= most else "**no**" for name, most in MUSTS.items()}
    place = run["machine"]
    return f"""# The page, measured

{run['date']}, {place['processor']}, {place['cores']} cores for browser and server together, {place['system']},
Chromium {run['chromium']}, load at the start {place['load_at_start']:.1f}. Written by `./dev bench page`; three million
flights in a local folder, each key a query that nobody has asked before.

| what | measured | must | met |
|---|---|---|---|
| page weight, compressed | {run['weight_bytes'] / 1000:.0f} kB | 900 kB | {met['weight_bytes']} |
| first paint, slowest (median) | {paint} | 1 s | {met['first_paint_ms']} |
| key to chart, p95 (p50) | {pair('key_to_chart')} | 100 ms | {met['key_to_chart_p95_ms']} |
| of these, mean delay by day | {pair('by_day')} | | |
| of these, mean delay by origin | {pair('by_origin')} | | |
"""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    records.end("page", main)
