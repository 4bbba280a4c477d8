#!/usr/bin/env python3
"""Measures how Eider reads a lake in object storage, beside its peers and the floor, in one run: ./dev bench lake.

    --quick             small data, one round: whether the bench works, not how fast anything is
    --shapes A,B        some shapes: A B C D E F G50 G51 H series
    --latencies 0,30    some latencies in milliseconds: 0 10 30 100
    --contenders a,b    some of: eider duckdb polars pyarrow chdb datafusion floor steps
    --rounds N          repetitions; default: 5 at 30 ms, 3 at 0, 2 at 10, 1 at 100
    --wait S            wait as long as S seconds for the machine to become quiet (30)

A complete run writes bench/results/lake-DATE.json, bench/LAKE.md and bench/plots/lake_*.svg; any other prints its
tables alone.
"""
import argparse
import datetime
import os
import pathlib
import tempfile
import time

from downloading import machine, records, servers
from downloading.records import LOUD, say
from reading import chain, contenders, musts, report, rounds, serving, shapes
from reading import lake as lakes

ROUNDS = {0: 3, 10: 2, 30: 5, 100: 1}  # what a run of 25 minutes has room for
LIMIT_S = {30: 120}  # of one run; elsewhere a minute
SERIES = "series"
SERIES_MS = 30
SERIES_LIMIT_S = 60


def main() -> int:
    arguments = parse()
    began = time.monotonic()
    os.environ.update(chain.credentials())  # for the server of H
    say("data")
    lake = lakes.make(pathlib.Path(os.environ["EIDER_CACHE"]), pathlib.Path(os.environ["EIDER_VEGA"]), arguments.quick)
    known = shapes.shapes(lake)
    who = chosen(arguments.contenders, contenders.ALL, "contender")
    wanted = chosen(arguments.shapes, {key: key for key in [*known, "H", SERIES]}, "shape")
    latencies = chosen(arguments.latencies, {str(latency): latency for latency in ROUNDS}, "latency")
    quiet = machine.wait_until_quiet(arguments.wait)
    if not quiet:
        say(LOUD)
    turns = {latency: arguments.rounds or (1 if arguments.quick else ROUNDS[latency]) for latency in latencies}
    run = {"date": datetime.date.today().isoformat(), "quick": arguments.quick, "rounds": turns, "quiet": quiet,
           "machine": machine.describe(), "versions": machine.versions(machine.LAKE_PACKAGES)}
    with chain.running(lake.minio, sorted({0, SERIES_MS, *latencies})) as running:
        places = {latency: contenders.Place(lake, running, latency) for latency in running.endpoints}
        cases = []
        for key in (key for key in known if key in wanted):
            say(f"{key}: {known[key].title}")
            rounds.verify(places[0], key, known[key], who)
            cases += [rounds.measure(places[latency], key, known[key], who, count, LIMIT_S.get(latency, 60), say)
                      for latency, count in turns.items()]
        if "H" in wanted:
            cases += download(places, turns)
        series = measure_series(places[SERIES_MS], who) if SERIES in wanted else []
    run["seconds"] = time.monotonic() - began
    judged = musts.judge(cases)
    text = report.markdown(run, cases, series, judged)
    print(text if quiet else f"{text}\n**{LOUD}**")
    if not any((arguments.quick, arguments.shapes, arguments.latencies, arguments.contenders)):
        keep(run, cases, series, judged, text)
    return 0


def download(places: dict[int, contenders.Place], turns: dict[int, int]) -> list[rounds.Case]:
    say(f"H: {serving.SHAPE.title}")
    with tempfile.TemporaryDirectory(prefix="eider-bench-") as folder:
        serving.verify(places[0], pathlib.Path(folder))
    return [rounds.measure(places[latency], "H", serving.SHAPE, [serving.EIDER, serving.FLOOR], min(count, 3),
                           LIMIT_S[SERIES_MS], say) for latency, count in turns.items()]


def measure_series(place: contenders.Place, who: list[contenders.Contender]) -> list[rounds.Case]:
    """From few objects to many; who would need more than the limit, by the objects before, is not asked any more."""
    series: list[rounds.Case] = []
    for count, shape in shapes.series(place.lake).items():
        able = [contender for contender in who
                if not series or expected_s(series[-1], contender, count) < SERIES_LIMIT_S]
        case = rounds.measure(place, f"E-{count}", shape, able, 1, SERIES_LIMIT_S, say)
        case.results += [rounds.Result(contender.name) for contender in who if contender not in able]
        series.append(case)
    return series


def expected_s(before: rounds.Case, contender: contenders.Contender, count: int) -> float:
    result = before.of(contender)
    return musts.median_s(result) * count / report.objects_of(before) if result else float("inf")


def keep(run: dict, cases: list[rounds.Case], series: list[rounds.Case], judged: list[musts.Must], text: str) -> None:
    records.keep("lake", {**run, "musts": judged, "cases": cases, "series": series}, "LAKE.md", text)
    (records.BENCH / "plots").mkdir(exist_ok=True)
    for name, drawing in report.plots(cases, series).items():
        (records.BENCH / "plots" / name).write_text(drawing)


def chosen(words: str, known: dict, what: str) -> list:
    if unknown := set(filter(None, words.split(","))) - known.keys():
        raise chain.Failure(f"No {what} {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    return [value for key, value in known.items() if not words or key in words.split(",")]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench lake", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    for name in ("shapes", "latencies", "contenders"):
        parser.add_argument(f"--{name}", default="", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=float, default=30, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    records.end("lake", main, chain.Failure, servers.Failure)
