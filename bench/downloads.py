#!/usr/bin/env python3
"""Measures downloads from Eider beside ROAPI, Datasette and the Python ways, in one run: ./dev bench downloads.

    --quick        small data and few repetitions: whether the bench works, not how fast anything is
    --only A,B     some cases: full one_percent seed_100mb seed_10mb flights slow_readers equal
    --rounds N     repetitions of each pair (5)
    --wait S       wait as long as S seconds for the machine to become quiet (30)

A complete run writes bench/results/downloads-DATE.json and bench/RESULTS.md; any other prints its tables alone.
"""
import argparse
import datetime
import os
import pathlib
import sys
import time

from downloading import cases, data, loads, machine, musts, pairs, records, report, servers
from downloading.records import LOUD, say

LOADS = ("slow_readers", "equal")


def main() -> int:
    arguments = parse()
    began = time.monotonic()
    say("data")
    lake = data.make(pathlib.Path(os.environ["EIDER_CACHE"]), pathlib.Path(os.environ["EIDER_VEGA"]), arguments.quick)
    known = cases.cases(lake)
    wanted = arguments.only.split(",") if arguments.only else [*known, *LOADS]
    if unknown := set(wanted) - {*known, *LOADS}:
        print(f"No case {', '.join(sorted(unknown))}; there are {', '.join([*known, *LOADS])}.", file=sys.stderr)
        return 2
    quiet = machine.wait_until_quiet(arguments.wait)
    if not quiet:
        say(LOUD)
    run = {"date": datetime.date.today().isoformat(), "quick": arguments.quick, "rounds": arguments.rounds,
           "quiet": quiet, "machine": machine.describe(), "versions": machine.versions()}
    results = {key: (case.title, measure(lake, key, case, arguments.rounds)) for key, case in known.items()
               if key in wanted}
    slow = equal = None
    if "slow_readers" in wanted:
        say("slow_readers")
        slow = loads.slow_readers(lake, arguments.quick)
    if "equal" in wanted:
        say("equal")
        equal = loads.equal_downloads(lake)
    run["seconds"] = time.monotonic() - began
    judged = musts.judge({key: listed for key, (_, listed) in results.items()}, slow, equal)
    text = report.markdown(run, results, slow, equal, judged)
    print(text if quiet else f"{text}\n**{LOUD}**")
    if not arguments.quick and not arguments.only:
        keep(run, results, slow, equal, judged, text)
    return 0


def measure(lake: data.Lake, key: str, case: cases.Case, rounds: int) -> list[pairs.Result]:
    say(key)
    return pairs.measure(lake, case.asks, rounds, say)


def keep(run: dict, results: dict, slow: loads.SlowReaders, equal: loads.EqualDownloads, judged: list[musts.Must],
         text: str) -> None:
    raw = {**run, "musts": judged,
           "cases": {key: {"title": title, "results": listed} for key, (title, listed) in results.items()},
           "slow_readers": slow, "equal": equal}
    records.keep("downloads", raw, "RESULTS.md", text)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench downloads", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=float, default=30, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 5)
    return arguments


if __name__ == "__main__":
    records.end("downloads", main, servers.Failure)
