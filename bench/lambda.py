#!/usr/bin/env python3
"""Measures Eider's package as a function of AWS Lambda, beside functions in Python, in one run: ./dev bench lambda.

    --quick        small data and few repetitions: whether the bench works, not how fast anything is
    --only A,B     some cases: starts cold first questions whole stages costs
    --wait S       wait as long as S seconds for the machine to become quiet (30)

Lambda's runtime API is tests/support/runtime_api.py, which hands out invocations and takes the answers; the lake is MinIO
behind nginx, which counts, and toxiproxy, which delays. A complete run writes bench/results/lambda-DATE.json,
bench/LAMBDA.md and docs/cost.md; any other prints its tables alone.
"""
import argparse
import datetime
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "tests"), str(HERE.parent / "tools")]

import lambda_package  # noqa: E402
from downloading import machine, records  # noqa: E402
from downloading.records import LOUD, say  # noqa: E402
from invoking import cases, cost, functions, report  # noqa: E402
from reading import chain  # noqa: E402
from reading import lake as lakes  # noqa: E402
from step import Failure  # noqa: E402

CASES = ("starts", "cold", "first", "questions", "whole", "stages", "costs")
VERSIONS = ("duckdb", "pandas", "pyarrow")


def main() -> int:
    arguments = parse()
    os.environ.update(chain.credentials())
    wanted = arguments.only.split(",") if arguments.only else CASES
    if unknown := set(wanted) - set(CASES):
        print(f"No case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}.", file=sys.stderr)
        return 2
    say("data")
    lake = lakes.make(pathlib.Path(os.environ["EIDER_CACHE"]), pathlib.Path(os.environ["EIDER_VEGA"]), arguments.quick)
    few = arguments.quick
    with tempfile.TemporaryDirectory(prefix="eider-bench-") as made:
        folder = pathlib.Path(made)
        say("package")
        package = lambda_package.make(pathlib.Path(os.environ["EIDER_BIN"]), [], folder / "made")
        archive = lambda_package.zipped(package)
        quiet = machine.wait_until_quiet(arguments.wait)
        if not quiet:
            say(LOUD)
        run = {"date": datetime.date.today().isoformat(), "quick": few, "quiet": quiet, "machine": machine.describe(),
               "versions": machine.versions(VERSIONS), "zip_bytes": archive.stat().st_size,
               "package": {str(path.relative_to(package)): path.stat().st_size for path in lambda_package.files(package)}}
        with chain.running(lake.minio, [0, cases.FAR_MS]) as running:
            measure(run, wanted, few, package, running, folder)
    text = report.markdown(run)
    costs = cost.markdown(run) if "costs" in run else ""
    print(f"{text}\n{costs}")
    if not few and not arguments.only:
        records.keep("lambda", run, "LAMBDA.md", text)
        (HERE.parent / "docs").mkdir(exist_ok=True)
        (HERE.parent / "docs" / "cost.md").write_text(costs)
    return 0


def measure(run: dict, wanted, few: bool, package: pathlib.Path, running: chain.Chain, folder: pathlib.Path) -> None:
    near, far = running.endpoints[0], running.endpoints[cases.FAR_MS]
    ours, peers = functions.eider(package), functions.peers()
    if "starts" in wanted or "cold" in wanted:
        say("starts")
        run["starts"] = cases.starts([ours, *peers], near, 3 if few else 40, folder)
    if "cold" in wanted:
        say("cold starts")
        cases.cold_starts([ours, *peers], near, 1 if few else 7, folder, run["starts"])
    if "stages" in wanted:
        say("stages")
        run["stages"] = cases.stages(package, near, 3 if few else 40, folder)
    if "first" in wanted:
        say("first bytes")
        run["first"] = cases.first_bytes([ours, *peers], far, 2 if few else 15, folder)
    if "questions" in wanted:
        say("questions")
        run["questions"] = {function.name: cases.questions(function, running, 5 if few else 60, folder)
                            for function in (ours, peers[0])}
    if "whole" in wanted:
        say("whole files")
        run["whole"] = {function.name: [cases.whole(function, near, folder, cap=function is ours)
                                        for _ in range(1 if few else 2)] for function in (ours, *peers)}
    if "costs" in wanted:
        say("costs")
        run["costs"] = cases.costs(ours, running, 1 if few else 5, folder)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench lambda", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only", default="", help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=float, default=30, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    records.end("lambda", main, Failure, cases.Failure, chain.Failure)
