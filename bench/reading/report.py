"""The run as Markdown for LAKE.md, and its plots."""
import statistics
from collections.abc import Callable

from reading import musts, plot
from reading.chain import REGION
from reading.contenders import DUCKDB, FLOOR, STEPS, Run
from reading.musts import Must
from reading.rounds import ENOUGH_S, Case, Result, ratios

HOW = f"""\
Written by `./dev bench lake`; the raw numbers are in `results/`. The data comes from a fixed seed.

- The way: contender, toxiproxy (latency, put on what the store sends; connects and throughput are not slowed), nginx
  (counts requests and the bytes of bodies), MinIO; all on 127.0.0.1 and on the same processors. The objects are in the
  page cache.
- Every run is a cold process. Time is from its first statement to the last row: a Python peer is timed after its
  imports and settings, to the rows in memory as Arrow; Eider, after it has opened the lake, to the last byte of CSV.
  Requests, peak RSS and CPU are of the whole process, so a Python peer's imports are in its CPU and memory, and what
  Eider asks of the store when it opens the lake is in its requests. "whole process" is the time from its start.
- The contenders of a case take turns: A B C, A B C. Each has first been verified, without latency and unmeasured: its
  answer is the one that DuckDB gives on the local copies, floating point numbers to 9 digits, any rows for a LIMIT.
- Ratios are from the pairs of each turn. Numbers are median (least to most); MB are 10^6 bytes. A contender that has
  used more than {ENOUGH_S} s in a case does not run a third time, and one that is stopped at the limit not again.
- The peers are as they come. Polars, ClickHouse and DataFusion are asked in the same SQL as DuckDB and Eider; PyArrow has
  none, its aggregates are Acero's. DataFusion and PyArrow are given the folder that the others' glob names.
- "floor": a C++ program over Eider's own HTTP that fetches the needed ranges and drops them: known beforehand, 128 in
  flight, neighbours within a row group merged, split at 8 MiB, objects below 1 MiB whole. "floor, step by step" first
  lists, then reads the footers and then the bloom filters, each after the other, as anyone must who starts knowing
  nothing. Neither decompresses or computes. A LIMIT needs the first row group.
- H is `eider serve` on the lake, read by the client of `./dev bench downloads`; its floor fetches the object whole."""

SHAPE_OF_COST = """\
While all objects' requests are in flight at once the time is that of the few round trips that follow on each other. Past
the cap of requests in flight it grows in proportion: with 128 at 30 ms an object costs 0.23 ms for each request it needs,
unless bandwidth or processors (here the store's too) cost more; with two threads that read one range after the
other it costs 15 ms for each. The last columns are the slope between the last two numbers of objects."""

NOT_MEASURED = f"""\
DuckDB 2.x: its httpfs extension is not among the packages of the registry (1.5.5 is the newest). TLS, real S3, jitter,
a limit on bandwidth, faults (`./dev bench faults`); a warm process and caches; more cores than these; a store on another machine:
here MinIO, nginx and toxiproxy take their share of the same processors; other regions than {REGION}."""

NAMES = {"processor": "processor", "cores": "cores", "memory_bytes": "memory", "system": "system",
         "load_at_start": "load average at the start"}


def markdown(run: dict, cases: list[Case], series: list[Case], judged: list[Must]) -> str:
    parts = [f"# Reading a lake in object storage, {run['date']}", HOW]
    if judged:
        parts += ["## What must hold", _musts(judged)]
    for shape in dict.fromkeys(case.shape for case in cases):
        of_shape = [case for case in cases if case.shape == shape]
        parts.append(f"## {shape}: {of_shape[0].title}")
        for case in of_shape:
            parts += [f"### {shape} at {case.latency_ms} ms", _case(case)]
    if series:
        parts += ["## The cost by the number of objects", f"At {series[0].latency_ms} ms, one run each, "
                  f"stopped at {series[0].limit_s:.0f} s.\n\n![](plots/lake_objects.svg)\n\n"
                  "![](plots/lake_requests.svg)", SHAPE_OF_COST, _series(series)]
    parts += ["## Where", _where(run), "## Not measured", NOT_MEASURED]
    return "\n\n".join(parts) + "\n"


def plots(cases: list[Case], series: list[Case]) -> dict[str, str]:
    """File names and their SVG."""
    drawn = {}
    if series:
        ask = f"average by group over objects of 100 to 500 KB at {series[0].latency_ms} ms"
        drawn["lake_objects.svg"] = plot.svg(f"Time: {ask}", "objects", "seconds", _lines(series, objects_of, _time))
        drawn["lake_requests.svg"] = plot.svg(f"Requests: {ask}", "objects", "requests",
                                              _lines(series, objects_of, lambda run: run.traffic.requests))
    of_a = [case for case in cases if case.shape == "A" and case.latency_ms]
    if len(of_a) > 1:
        drawn["lake_latency.svg"] = plot.svg(f"Time: A, {of_a[0].title}", "latency, ms", "seconds",
                                             _lines(of_a, lambda case: case.latency_ms, _time))
    return drawn


def _lines(cases: list[Case], x: Callable[[Case], float], y: Callable[[Run], float]) -> list[plot.Line]:
    names = dict.fromkeys(result.contender for case in cases for result in case.results)
    return [plot.Line(name, [(x(case), statistics.median(map(y, result.runs))) for case in cases
                             for result in case.results if result.contender == name and result.ended])
            for name in names]


def _musts(judged: list[Must]) -> str:
    rows = [[must.case, must.must, must.measured if must.met else f"**{must.measured}**",
             "yes" if must.met else "**missed**"] for must in judged]
    return _table(["case", "must at 30 ms, or as named", "measured", "met"], rows)


def _case(case: Case) -> str:
    bases = [musts.fastest_peer(case), case.of(DUCKDB), case.of(FLOOR), case.of(STEPS)]
    rows = []
    for result in case.results:
        if not result.runs:
            rows.append([result.contender, "not run", *[""] * 9])
            continue
        time = (_of(result, _time, _seconds) if result.ended else f"**more than {case.limit_s:.0f} s, stopped**")
        rows.append([
            result.contender, time, _of(result, lambda run: run.process_s, _seconds),
            _of(result, lambda run: run.traffic.requests, "{:,.0f}".format),
            _of(result, lambda run: run.traffic.bytes / 1e6, "{:,.2f}".format),
            _of(result, lambda run: run.peak_bytes / 1e6, "{:.0f}".format),
            _of(result, lambda run: run.cpu_s, "{:.2f}".format), *(_ratio(result, base) for base in bases)])
    return _table(["contender", "time, s", "whole process, s", "requests", "MB read", "peak RSS, MB", "CPU, s",
                   "time, of the fastest peer's", "of DuckDB's", "of the floor's", "of the floor's step by step"], rows)


def _series(series: list[Case]) -> str:
    names = dict.fromkeys(result.contender for case in series for result in case.results)
    rows = []
    for name in names:
        cells = []
        ran: list[tuple[int, Run]] = []
        for case in series:
            result = next(result for result in case.results if result.contender == name)
            if result.ended:
                ran.append((objects_of(case), result.runs[0]))
                cells.append(f"{_seconds(ran[-1][1].seconds)} s, {ran[-1][1].traffic.requests:,} requests")
            else:
                cells.append(f"more than {case.limit_s:.0f} s" if result.runs else "not run")
        rows.append([name, *cells, *_slope(ran)])
    return _table(["contender", *(f"{objects_of(case):,} objects" for case in series), "ms for an object more",
                   "requests for it"], rows)


def _slope(ran: list[tuple[int, Run]]) -> tuple[str, str]:
    if len(ran) < 2:
        return "", ""
    (fewer, before), (more, after) = ran[-2:]
    return (f"{(after.seconds - before.seconds) / (more - fewer) * 1e3:.2f}",
            f"{(after.traffic.requests - before.traffic.requests) / (more - fewer):.2f}")


def objects_of(case: Case) -> int:
    """How many objects a case of the series has."""
    return int(case.shape.removeprefix("E-"))


def _where(run: dict) -> str:
    machine = {**run["machine"], "memory_bytes": f"{run['machine']['memory_bytes'] / 1e9:.0f} GB",
               "load_at_start": f"{run['machine']['load_at_start']:.2f}"}
    lines = [f"- {NAMES[name]}: {value}" for name, value in machine.items()]
    lines.append("- versions: " + ", ".join(f"{name} {version}" for name, version in run["versions"].items()))
    rounds = ", ".join(f"{count} at {latency} ms" for latency, count in run["rounds"].items())
    lines.append(f"- repetitions: {rounds}; {run['seconds'] / 60:.1f} minutes"
                 + (", **on small data (--quick): worth nothing as a measurement**" if run["quick"] else ""))
    return "\n".join(lines)


def _ratio(result: Result, base: Result | None) -> str:
    if base is None or base is result or not result.ended:
        return ""
    found = ratios(result, base, _time)
    return _spread(found, "{:.2f}x".format) if found else ""


def _of(result: Result, value: Callable[[Run], float], show: Callable[[float], str]) -> str:
    return _spread([value(run) for run in result.runs], show)


def _spread(values: list[float], show: Callable[[float], str]) -> str:
    if len(set(map(show, values))) == 1:
        return show(values[0])
    return f"{show(statistics.median(values))} ({show(min(values))} to {show(max(values))})"


def _time(run: Run) -> float:
    return run.seconds


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.3f}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
