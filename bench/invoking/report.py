"""bench/LAMBDA.md: what was promised, and what was measured beside it."""
import statistics

from downloading.records import LOUD
from invoking import cases

OURS = "Eider"
ROUND_TRIPS_S = 2 * cases.FAR_MS / 1e3


def judge(run: dict) -> list[tuple[str, str, str, bool]]:
    """Case, must, measured, met."""
    musts = []
    starts = run.get("starts", {})
    if ours := starts.get(OURS):
        warm = statistics.median(ours.warm_s)
        musts.append(("exec to first `/next`, database open, warm disk", "p50 at most 35 ms", _ms(ours.warm_s),
                      warm <= 0.035))
        if ours.cold_s:
            musts.append(("exec to first `/next`, cold disk", "p50 at most 200 ms", _ms(ours.cold_s),
                          statistics.median(ours.cold_s) <= 0.2))
        for name, peer in starts.items():
            if name != OURS:
                times = [a / b for a, b in zip(peer.warm_s, ours.warm_s)]
                musts.append((f"start, {name}", "at least 5x slower", _times(times), statistics.median(times) >= 5))
    if first := run.get("first"):
        musts.append((f"exec to first byte, 1% of 5 M rows, MinIO at {cases.FAR_MS} ms", "p50 at most 220 ms",
                      _ms(first[OURS]), statistics.median(first[OURS]) <= 0.22))
    if asked := run.get("questions"):
        most = ROUND_TRIPS_S + 0.02
        musts.append((f'warm `{{"q"}}`, footer known, MinIO at {cases.FAR_MS} ms',
                      f"p50 at most 2 round trips + 20 ms = {most * 1e3:.0f} ms",
                      f"{_ms(asked[OURS].seconds)}, {asked[OURS].requests:.2f} requests each",
                      statistics.median(asked[OURS].seconds) <= most))
    if whole := run.get("whole"):
        most = _peak(whole[OURS])
        cap = f"in a cgroup of {cases.SMALL_MB} MB" if whole[OURS][0].capped else "no cgroup could be made here"
        musts.append((f"5 M rows, all columns, CSV streamed, {cap}", "peak RSS under 150 MB", f"{most / 1e6:.0f} MB",
                      most < 150e6 and (whole[OURS][0].capped or run["quick"])))
        for name, samples in whole.items():
            if name != OURS:
                musts.append((f"memory for that, {name}", "at least 3x more", f"{_peak(samples) / most:.1f}x",
                              _peak(samples) >= 3 * most))
    unzipped = sum(run["package"].values())
    musts += [("the package as a zip", "at most 45 MB", f"{run['zip_bytes'] / 1e6:.1f} MB", run["zip_bytes"] <= 45e6),
              ("unzipped", "at most 180 MB", f"{unzipped / 1e6:.1f} MB", unzipped <= 180e6)]
    return musts


def markdown(run: dict) -> str:
    machine, versions = run["machine"], run["versions"]
    lines = ["# As a function of AWS Lambda", "",
             f"Measured on {run['date']} with `./dev bench lambda` on {machine['processor']}, {machine['cores']} cores, "
             f"{machine['memory_bytes'] / 1e9:.0f} GB, {machine['system']}; "
             + ", ".join(f"{name} {version}" for name, version in versions.items()) + ". Lambda itself was not asked: the "
             "runtime API is `tests/support/runtime_api.py` on the same machine, whose time is in all numbers. Milliseconds "
             "are min / median / max; the functions took turns.", "", *([] if run["quiet"] else [f"**{LOUD}**", ""]),
             "| case | must | measured |", "|---|---|---|"]
    lines += [f"| {case} | {must} | {measured if met else f'**{measured}**'} |"
              for case, must, measured, met in judge(run)]
    if run.get("starts"):
        lines += ["", "## Starts", "", "From exec to the first `/next`, over a lake in MinIO on this machine. Cold: the files "
                  "of the function were dropped from memory before (`posix_fadvise`), the faults are pages that came from "
                  "the disk.", "", "| function | warm ms | CPU ms | cold ms | faults |", "|---|---|---|---|---|"]
        for name, start in run["starts"].items():
            faults = f"{statistics.median(start.major_faults):.0f}" if start.major_faults else ""
            lines.append(f"| {name} | {_ms(start.warm_s, '')} | {_ms(start.cpu_s, '')} | "
                         f"{_ms(start.cold_s, '') if start.cold_s else ''} | {faults} |")
    if run.get("stages"):
        lines += ["", "What the start of Eider is made of; from the second on, each line does what the line before it does, and more.", "",
                  "| up to | ms | more than before, medians |", "|---|---|---|"]
        before = 0.0
        for stage in run["stages"]:
            median = statistics.median(stage.seconds)
            lines.append(f"| {stage.what} | {_ms(stage.seconds, '')} | {(median - before) * 1e3:+.1f} |")
            before = median
    if run.get("first"):
        lines += ["", f"## First byte, {cases.FAR_MS} ms from the store", "",
                  "From exec to the first byte of `/large.csv?organisation_entity=N`: 50,000 of 5 M rows.", "",
                  "| function | ms |", "|---|---|", *(f"| {name} | {_ms(times, '')} |" for name, times in run["first"].items())]
    if run.get("questions"):
        lines += ["", f"## Warm questions, {cases.FAR_MS} ms from the store", "", "| function | ms | requests each |",
                  "|---|---|---|", *(f"| {name} | {_ms(asked.seconds, '')} | {asked.requests:.2f} |"
                                     for name, asked in run["questions"].items())]
    if run.get("whole"):
        lines += ["", "## All rows", "", f"5 M rows of seven columns as CSV, in {cases.PARTS} invocations of one function one "
                  "after another, because Lambda's streams end at 200 MB. Lambda's own brake (2 MB/s behind the first 6 MB) "
                  "was off.", "", "| function | rows | MB | seconds | peak MB |", "|---|---|---|---|---|"]
        for name, samples in run["whole"].items():
            seconds = [sample.seconds for sample in samples]
            lines.append(f"| {name} | {samples[0].rows:,} | {samples[0].bytes / 1e6:.0f} | {min(seconds):.1f} / "
                         f"{statistics.median(seconds):.1f} / {max(seconds):.1f} | {_peak(samples) / 1e6:.0f} |")
    lines += ["", "## The package", "", "| file | MB |", "|---|---|"]
    largest = sorted(run["package"].items(), key=lambda entry: -entry[1])
    lines += [f"| `{name}` | {size / 1e6:.1f} |" for name, size in largest[:6]]
    lines += [f"| {len(largest) - 6} others | {sum(size for _, size in largest[6:]) / 1e6:.1f} |", ""]
    return "\n".join(lines)


def _ms(seconds: list[float], unit: str = " ms") -> str:
    return " / ".join(f"{value * 1e3:.1f}" for value in (min(seconds), statistics.median(seconds), max(seconds))) + unit


def _times(values: list[float]) -> str:
    return f"{statistics.median(values):.1f}x ({min(values):.1f} to {max(values):.1f})"


def _peak(samples: list[cases.Whole]) -> int:
    return max(sample.peak_bytes for sample in samples)
