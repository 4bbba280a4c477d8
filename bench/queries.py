#!/usr/bin/env python3
"""Measures SQL over HTTP, beside DuckDB in the asker's own process, its quack protocol
and ROAPI, in one run: ./dev bench queries.

    --quick        small data and few repetitions: whether the bench works, not how fast anything is
    --only A,B     some cases: small crowd cached pages streams
    --wait S       wait as long as S seconds for the machine to become quiet (30)

A complete run writes bench/results/queries-DATE.json and bench/QUERIES.md; any other prints its tables alone.
"""
import argparse
import datetime
import os
import pathlib
import sys

from asking import cases, report
from downloading import data, machine, records, servers
from downloading.records import LOUD, say
from reading import chain
from reading import lake as lakes

CASES = ("small", "crowd", "cached", "pages", "streams")


def main() -> int:
    arguments = parse()
    os.environ.update(chain.credentials())
    cache, vega = pathlib.Path(os.environ["EIDER_CACHE"]), pathlib.Path(os.environ["EIDER_VEGA"])
    say("data")
    lake = data.make(cache, vega, arguments.quick)
    remote = lakes.make(cache, vega, arguments.quick)
    wanted = arguments.only.split(",") if arguments.only else CASES
    if unknown := set(wanted) - set(CASES):
        print(f"No case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}.", file=sys.stderr)
        return 2
    quiet = machine.wait_until_quiet(arguments.wait)
    if not quiet:
        say(LOUD)
    run = {"date": datetime.date.today().isoformat(), "quick": arguments.quick, "quiet": quiet,
           "machine": machine.describe(), "versions": machine.versions(("duckdb", "duckdb-extension-quack", "roapi"))}
    few = arguments.quick
    for name, measure in (("small", lambda: cases.small(lake, 20 if few else 500)),
                          ("crowd", lambda: cases.crowd(lake, 3 if few else 60)),
                          ("cached", lambda: cases.cached(remote, 5 if few else 50)),
                          ("pages", lambda: cases.pages(lake)),
                          ("streams", lambda: cases.streams(lake, 1 if few else 7))):
        if name in wanted:
            say(name)
            run[name] = measure()
    text = report.markdown(run)
    print(text if quiet else f"{text}\n**{LOUD}**")
    if not few and not arguments.only:
        records.keep("queries", run, "QUERIES.md", text, indent=None)  # 64 clients are many numbers
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench queries", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=float, default=30, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    records.end("queries", main, servers.Failure, chain.Failure)
