"""The run as Markdown: for the terminal, and for RESULTS.md."""
import statistics
from collections.abc import Callable

from downloading import musts
from downloading.loads import EqualDownloads, SlowReaders
from downloading.musts import Must
from downloading.pairs import Result, Sample

HOW = """\
Written by `./dev bench downloads`; the raw numbers are in `results/`. The data comes from a fixed seed.

- Every server is a process of its own on 127.0.0.1, as it comes but for the settings named here; lake and files are on
  the local disk and in the page cache. Every repetition starts its server anew, so the result is produced anew and the
  peak memory (VmHWM of the server's process) is that of this one request; only "again, from the spool" asks twice.
  The page cache that holds the spool is not in VmHWM, for Eider as for the others.
- The contenders of a case take turns: A B C, A B C. Each has first been verified, unmeasured: the rows of its
  answer, counted and hashed by SQL, are those of the Parquet file. A timed answer must have the same number of bytes
  and end as HTTP says it should. Numbers are median (least to most); MB are 10^6 bytes.
- The reader is a process that receives into one buffer and drops it; it shares the processors with the server.
  What it costs stands beside each result, 0.03 s of it for starting Python. Time starts before connect; the first byte
  is the first of the body.
- ROAPI runs with `use_memory_table: false`. Datasette reads SQLite, into which the rows were loaded beforehand,
  immutable, `_stream=on`, `max_csv_mb` 0. "PyArrow + pandas" and "Python DuckDB fetchmany" are small streaming HTTP
  servers in `peers/`: the whole file read, batches of 10,000 rows filtered as frames and written by `to_csv`; and
  `fetchmany` of 10,000 rows written by the csv module. These two have answered a small request before.
- The slow readers have receive buffers of 64 KiB (doubled by Linux) and take twice a second what 100 KB/s allows; the
  SHA-256 of every body is compared. The fast queries beside them are never the same twice; they are timed before,
  during and after the load, in the same process."""

NOT_MEASURED = """\
S3 and any network; TLS; compression and formats other than CSV; files that are not in the page cache; more cores than
these; Datasette on more than the rows above (it would take minutes); ROAPI's tables in memory; the peers under many
readers."""

NAMES = {"processor": "processor", "cores": "cores", "memory_bytes": "memory", "system": "system",
         "load_at_start": "load average at the start"}


def markdown(run: dict, results: dict[str, tuple[str, list[Result]]], slow: SlowReaders | None,
             equal: EqualDownloads | None, judged: list[Must]) -> str:
    parts = [f"# Downloads, {run['date']}", HOW, "## What must hold", _musts(judged)]
    for title, listed in results.values():
        parts += [f"## {title[0].upper()}{title[1:]}", _results(listed)]
    if slow:
        parts += [f"## {slow.readers:,} slow readers", _slow(slow)]
    if equal:
        parts += [f"## {equal.readers} equal downloads", _equal(equal)]
    parts += ["## Where", _where(run), "## Not measured", NOT_MEASURED]
    return "\n\n".join(parts) + "\n"


def _musts(judged: list[Must]) -> str:
    rows = [[must.case, must.must, must.measured if must.met else f"**{must.measured}**",
             "yes" if must.met else "**missed**"] for must in judged]
    return _table(["case", "must", "measured", "met"], rows)


def _results(listed: list[Result]) -> str:
    first = listed[0]
    rows = []
    for result in listed:
        ours = "" if result is first else _spread(musts.ratios(result, first, "total_s"), lambda value: f"{value:.2f}x")
        memory = "" if result is first else _spread(musts.ratios(result, first, "peak_bytes"), lambda v: f"{v:.2f}x")
        rows.append([
            result.label, _of(result, lambda s: s.first_byte_s, _ms), _of(result, lambda s: s.total_s, _seconds),
            _of(result, lambda s: s.rows_per_s, _count), _of(result, lambda s: s.peak_bytes, _mb),
            _of(result, lambda s: s.cpu_s, lambda value: f"{value:.2f}"),
            f"{statistics.median(s.client_cpu_s for s in result.samples):.2f}", ours, memory,
            {True: "kept", False: "**not kept**", None: ""}[result.source_order]])
    head = ["server", "first byte, ms", "total, s", "rows/s", "peak RSS, MB", "server CPU, s", "reader CPU, s",
            "time, of Eider's", "memory, of Eider's", "row order"]
    return f"{first.rows:,} rows, {first.bytes / 1e6:.1f} MB of CSV.\n\n" + _table(head, rows)


def _slow(slow: SlowReaders) -> str:
    outcome = slow.outcome
    rows = [[kind, _ms_line(slow.quiet_s[kind]), _ms_line(slow.loaded_s[kind]), f"{musts.slowdown(slow, kind):.2f}x"]
            for kind in slow.quiet_s]
    text = (f"{outcome.right} of {slow.readers} complete and right in {outcome.seconds:.1f} s, the slowest in "
            f"{outcome.slowest_s:.1f} s; {outcome.bytes / 1e9:.2f} GB. "
            f"Server: peak RSS {slow.peak_bytes / 1e6:.0f} MB, {slow.server_cpu_s:.1f} s of CPU, fast queries "
            f"included. Readers: {outcome.cpu_s:.1f} s of CPU.")
    return f"{text}\n\n" + _table(["fast query", "alone, ms", "beside the readers, ms", "median slower by"], rows)


def _equal(equal: EqualDownloads) -> str:
    outcome = equal.outcome
    return (f"{outcome.right} of {equal.readers} complete and right in {outcome.seconds:.2f} s, the slowest in "
            f"{outcome.slowest_s:.2f} s; {equal.bytes / 1e6:.1f} MB each, {outcome.bytes / 1e9:.2f} GB together. "
            f"Queries run: {equal.queries}. Server: peak RSS {equal.peak_bytes / 1e6:.0f} MB, "
            f"{equal.server_cpu_s:.1f} s of CPU. Readers: {outcome.cpu_s:.1f} s of CPU.")


def _where(run: dict) -> str:
    machine = {**run["machine"], "memory_bytes": f"{run['machine']['memory_bytes'] / 1e9:.0f} GB",
               "load_at_start": f"{run['machine']['load_at_start']:.2f}"}
    lines = [f"- {NAMES[name]}: {value}" for name, value in machine.items()]
    lines.append("- versions: " + ", ".join(f"{name} {version}" for name, version in run["versions"].items()))
    lines.append(f"- {run['rounds']} repetitions, {run['seconds'] / 60:.1f} minutes"
                 + (", **on small data (--quick): worth nothing as a measurement**" if run["quick"] else ""))
    return "\n".join(lines)


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _of(result: Result, value: Callable[[Sample], float], show: Callable[[float], str]) -> str:
    return _spread([value(sample) for sample in result.samples], show)


def _spread(values: list[float], show: Callable[[float], str]) -> str:
    return f"{show(statistics.median(values))} ({show(min(values))} to {show(max(values))})"


def _ms_line(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return (f"median {_ms(statistics.median(ordered))}, 95th of 100 {_ms(ordered[len(ordered) * 95 // 100])}, "
            f"most {_ms(ordered[-1])}; {len(ordered)} asked")


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.4f}"


def _count(value: float) -> str:
    return f"{value / 1e6:.2f} M" if value >= 1e6 else f"{value / 1e3:.0f} k"


def _mb(value: float) -> str:
    return f"{value / 1e6:.1f}"
