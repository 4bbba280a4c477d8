"""bench/QUERIES.md: what was promised, and what was measured beside it."""
import statistics

from asking import cases

ENDS = 20  # pages at either end of an answer
MUSTS = {"count": (10, 25), "group-by": (25, 60)}


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def judge(run: dict) -> list[tuple[str, str, str, bool]]:
    """Case, must, measured, met."""
    musts = []
    for series in run.get("small", []):
        if series.name in MUSTS:
            half, most = MUSTS[series.name]
            p50, p99 = percentile(series.http, 0.5), percentile(series.http, 0.99)
            musts.append((f"`{series.name}` over HTTP, 3 M flights, 1 client", f"p50 / p99 at most {half} / {most} ms",
                          f"{p50:.1f} / {p99:.1f} ms", p50 <= half and p99 <= most))
    for series in run.get("small", []):
        over = statistics.median(series.http) - statistics.median(series.in_process)
        musts.append((f"`{series.name}`: POST /query beside DuckDB in process", "at most 1.5 ms more at p50",
                      f"{over:+.2f} ms", over <= 1.5))
    if crowd := run.get("crowd"):
        p50, p99 = percentile(crowd.milliseconds, 0.5), percentile(crowd.milliseconds, 0.99)
        what = f"{cases.CLIENTS} clients, mixed, {crowd.seconds:.0f} s"
        musts += [(what, "no error", f"{crowd.errors} of {len(crowd.milliseconds) + crowd.errors}", crowd.errors == 0),
                  (what, "p99 under 8x of p50", f"{p99:.0f} / {p50:.0f} ms = {p99 / p50:.1f}x", p99 < 8 * p50),
                  (what, "RSS under `--memory`, 1 GiB", f"{crowd.peak_bytes / 1e6:.0f} MB", crowd.peak_bytes < 1 << 30)]
    if cached := run.get("cached"):
        p50 = percentile(cached.hits_ms, 0.5)
        musts.append(("result cache hit over S3 at 30 ms, revalidated", "at most 45 ms",
                      f"{p50:.1f} ms (most {max(cached.hits_ms):.1f}), {cached.misses} misses, "
                      f"{cached.requests_each:.2f} requests each", p50 <= 45 and cached.misses == 0))
    if pages := run.get("pages"):
        first, last = (statistics.median(part) for part in ends_of(pages))
        musts.append((f"pages of {pages.rows:,} rows, one after another", "a late page costs no more than an early one",
                      f"p50 of the first {ENDS} {first:.1f} ms, of the last {last:.1f} ms", last <= first))
    if streams := run.get("streams"):
        ratios = [csv / arrow for csv, arrow in zip(streams.seconds["CSV"], streams.seconds["Arrow"])]
        roapi = [peer / arrow for peer, arrow in zip(streams.seconds["ROAPI, Arrow"], streams.seconds["Arrow"])]
        musts += [("Arrow stream of 5 M rows", "2x faster than the CSV", spread(ratios, "x"),
                   statistics.median(ratios) >= 2),
                  ("Arrow stream of 5 M rows", "faster than ROAPI's", spread(roapi, "x"), statistics.median(roapi) > 1)]
        quack = [peer / arrow for peer, arrow in zip(streams.seconds[cases.READ_QUACK], streams.seconds[cases.READ_ARROW])]
        musts.append(("Arrow stream of 5 M rows, read by PyArrow", "faster than DuckDB's quack protocol, read into PyArrow",
                      spread(quack, "x"), statistics.median(quack) > 1))
    return musts


def ends_of(pages: cases.Pages) -> tuple[list[float], list[float]]:
    return pages.milliseconds[:ENDS], pages.milliseconds[-ENDS:]


def spread(values: list[float], unit: str) -> str:
    return f"{statistics.median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})"


def markdown(run: dict) -> str:
    machine, versions = run["machine"], run["versions"]
    lines = ["# SQL over HTTP", "",
             f"Measured on {run['date']} with `./dev bench queries` on {machine['processor']}, {machine['cores']} cores, "
             f"{machine['memory_bytes'] / 1e9:.0f} GB, {machine['system']}; "
             + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".", "",
             "| case | must | measured |", "|---|---|---|"]
    for case, must, measured, met in judge(run):
        lines.append(f"| {case} | {must} | {measured if met else f'**{measured}**'} |")
    if run.get("small"):
        lines += ["", "## One client", "",
                  "Milliseconds, min / p50 / p99 / max; DuckDB is its Python client in the asker's process, in turns.", "",
                  "| statement | POST /query | DuckDB in process |", "|---|---|---|"]
        for series in run["small"]:
            cells = [" / ".join(f"{value:.2f}" for value in (min(times), percentile(times, 0.5), percentile(times, 0.99),
                                                             max(times))) for times in (series.http, series.in_process)]
            lines.append(f"| {series.name} | {cells[0]} | {cells[1]} |")
    if crowd := run.get("crowd"):
        lines += ["", f"## {cases.CLIENTS} clients", "", "| statement | answers | p50 ms | p99 ms |", "|---|---|---|---|"]
        for sql, times in crowd.by_question.items():
            lines.append(f"| `{sql.replace('{}', 'N')}` | {len(times)} | {percentile(times, 0.5):.0f} | "
                         f"{percentile(times, 0.99):.0f} |")
    if pages := run.get("pages"):
        tenth = max(1, len(pages.milliseconds) // 10)
        lines += ["", f"## {len(pages.milliseconds)} pages", "",
                  f"Each of {pages.rows:,} rows in the order of a column, asked for by the token of the one before.", "",
                  "| pages | p50 ms | most ms |", "|---|---|---|"]
        for at in range(0, len(pages.milliseconds), tenth):
            part = pages.milliseconds[at:at + tenth]
            lines.append(f"| {at + 1} to {at + len(part)} | {statistics.median(part):.1f} | {max(part):.1f} |")
    if streams := run.get("streams"):
        lines += ["", "## 5 M rows", "", "| stream | seconds: min / median / max | M rows/s | MB |", "|---|---|---|---|"]
        for name, times in streams.seconds.items():
            half = statistics.median(times)
            size = f"{streams.bytes[name] / 1e6:.0f}" if name in streams.bytes else ""
            lines.append(f"| {name} | {min(times):.2f} / {half:.2f} / {max(times):.2f} | {streams.rows / half / 1e6:.2f} | "
                         f"{size} |")
    lines += ["", "GizmoSQL was not measured: its package fetches the program from elsewhere when it first runs.", ""]
    return "\n".join(lines)
