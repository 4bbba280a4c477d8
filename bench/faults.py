#!/usr/bin/env python3
"""Asks thousands of questions of a store that lies, and counts right, refused and wrong answers: ./dev bench faults.

    --quick        60 questions: whether the bench works
    --questions N  of each rate (2000 at 1% and 5%, 1000 at 20%)
    --seed N       another run of the same kind

Each question is a random download through one of several `eider serve`, or, one in twenty, a process of `eider query`;
each request of theirs for the store is answered with a random lie at the rate of the run. The truth is DuckDB's over the
same files. A complete run writes bench/results/faults-DATE.json and bench/FAULTS.md; any other prints its table alone.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import json
import pathlib
import re
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from downloading import machine, records  # noqa: E402
from downloading.records import say  # noqa: E402
from support import fault_questions, faulty_store  # noqa: E402
from support.eider_server import EiderServer  # noqa: E402

RATES = {0.01: 2000, 0.05: 2000, 0.2: 1000}
SERVERS = [(), ("--cache-memory", 1), ("--cache-memory", 1)]  # without a cache every read is a request
ASKERS = 8  # questions under way
SQL_SHARE = 20  # one question in so many is a process of its own
PATIENCE = ("--connect-timeout", 1, "--first-byte-timeout", 1)
WORST_SHOWN = 5


def main() -> int:
    arguments = parse()
    began = time.monotonic()
    run = {"date": datetime.date.today().isoformat(), "seed": arguments.seed, "machine": machine.describe(),
           "versions": machine.versions(("duckdb", ))}
    with tempfile.TemporaryDirectory(prefix="eider-faults-") as made:
        folder = fault_questions.write_lake(pathlib.Path(made))
        truth = fault_questions.Truth(folder)
        run["rates"] = [measure(folder, truth, rate, arguments.questions or count, arguments.seed)
                        for rate, count in ({0.05: 60} if arguments.quick else RATES).items()]
    run["seconds"] = round(time.monotonic() - began, 1)
    text = markdown(run)
    print(text)
    if not arguments.quick and not arguments.questions:
        records.keep("faults", run, "FAULTS.md", text)
    return 0 if all(met for *_, met in musts(run)) else 1


def measure(folder: pathlib.Path, truth: fault_questions.Truth, rate: float, count: int, seed: int) -> dict:
    say(f"{rate:.0%}: {count} questions")
    downloads = fault_questions.questions(seed + int(rate * 1000), count, fault_questions.download)
    queries = fault_questions.questions(seed + int(rate * 1000), count // SQL_SHARE + 1, fault_questions.in_sql)
    with faulty_store.FaultyStore.of(folder) as store, contextlib.ExitStack() as stack:
        servers = [stack.enter_context(EiderServer(store.lake, *PATIENCE, *options, **store.environment()))
                   for options in SERVERS]

        def ask(number: int) -> fault_questions.Outcome:
            if number % SQL_SHARE == SQL_SHARE - 1:
                return fault_questions.ask_in_sql(store.lake, queries[number // SQL_SHARE], truth, *PATIENCE,
                                                  **store.environment())
            return fault_questions.ask_server(servers[number % len(SERVERS)].port, downloads[number], truth)

        store.at_random(rate, seed)
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(ASKERS) as threads:
            outcomes = []
            for outcome in threads.map(ask, range(count)):
                outcomes.append(outcome)
                if len(outcomes) % 500 == 0:
                    say(f"{rate:.0%}: {len(outcomes)} answers after {time.monotonic() - began:.0f} s")
        took = time.monotonic() - began
    kinds = collections.Counter(outcome.kind for outcome in outcomes)
    errors = collections.Counter(shape(outcome.told) for outcome in outcomes if outcome.kind == "error")
    worst = [{"kind": outcome.kind, "question": str(queries[number // SQL_SHARE] if number % SQL_SHARE == SQL_SHARE - 1
                                                    else downloads[number]), "told": outcome.told}
             for number, outcome in enumerate(outcomes) if outcome.kind in ("wrong", "rude")]
    return {"rate": rate, "questions": count, "seconds": round(took, 1), "requests": store.requests,
            "faults": sum(store.dealt.values()), "dealt": dict(sorted(store.dealt.items())),
            "right": kinds["right"], "error": kinds["error"], "wrong": kinds["wrong"], "rude": kinds["rude"],
            "errors": dict(errors.most_common()), "worst": worst[:WORST_SHOWN]}


def shape(told: str) -> str:
    """What an error says, without the names of objects, numbers and the request's own words."""
    with contextlib.suppress(ValueError, KeyError):
        told = json.loads(told[told.index("{"):])["detail"]
    told = re.sub(r"'[^']*'|s3://\S+", "…", told.removeprefix("eider: "))
    return re.sub(r"\d+(\.\d+)*(:\d+)?", "N", told).strip()[:160]


def musts(run: dict) -> list[tuple[str, str, bool]]:
    wrong = sum(rate["wrong"] + rate["rude"] for rate in run["rates"])
    rows = [("wrong answers, and errors that nobody understands: 0", str(wrong), wrong == 0)]
    for rate in run["rates"]:
        if rate["rate"] == 0.05:
            share = rate["right"] / rate["questions"]
            rows.append(("right at 5%: at least 99.9%", f"{share:.2%}", share >= 0.999))
    return rows


def markdown(run: dict) -> str:
    kinds = sorted({kind for rate in run["rates"] for kind in rate["dealt"]})
    lines = [
        "# Eider and a store that lies", "",
        f"`./dev bench faults`, {run['date']}, seed {run['seed']}, {run['seconds']:.0f} s on {run['machine']['cores']} "
        f"cores ({run['machine']['processor']}); Eider {run['versions']['Eider']}.", "",
        "Random downloads (filters, sorts, limits over many Parquet objects, one large one, gzipped CSV and NDJSON) through "
        f"{len(SERVERS)} `eider serve`, two of them without a cache, {ASKERS} at once, and one in {SQL_SHARE} a process of `eider query` (aggregates, joins, "
        "LIMIT, UNION ALL BY NAME). Every request for the store, listings too, meets a lie with the probability at the "
        f"left. Silence counts as a time-out after {PATIENCE[-1]} s. Every answer is compared whole with DuckDB's over the "
        "same files.", "",
        "| faults | questions | requests | lies | right | errors | wrong | seconds |", "|---|---|---|---|---|---|---|---|",
        *(f"| {rate['rate']:.0%} | {rate['questions']:,} | {rate['requests']:,} | {rate['faults']:,} | {rate['right']:,} "
          f"({rate['right'] / rate['questions']:.2%}) | {rate['error']:,} | {rate['wrong'] + rate['rude']:,} "
          f"| {rate['seconds']:.0f} |" for rate in run["rates"]), "",
        "| must | measured | met |", "|---|---|---|",
        *(f"| {must} | {measured} | {'yes' if met else '**no**'} |" for must, measured, met in musts(run)), ""]
    for rate in run["rates"]:
        if rate["errors"]:
            lines += [f"Errors at {rate['rate']:.0%}:", "", *(f"- {count} x {told}" for told, count in rate["errors"].items()),
                      ""]
        for worst in rate["worst"]:
            lines += [f"**{worst['kind']}** at {rate['rate']:.0%}: `{worst['question']}`: {worst['told'][:300]}", ""]
    lines += ["What was dealt (`tests/support/faulty_store.py` says what each one is; redirects, which no repetition "
              "overcomes, are not among them):", "",
              "| lie | " + " | ".join(f"{rate['rate']:.0%}" for rate in run["rates"]) + " |",
              "|---|" + "---|" * len(run["rates"]),
              *(f"| {kind} | " + " | ".join(f"{rate['dealt'].get(kind, 0):,}" for rate in run["rates"]) + " |"
                for kind in kinds), ""]
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench faults", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--questions", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=20_260_000, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    records.end("faults", main)
