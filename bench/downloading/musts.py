"""What was promised, next to what was measured. Times and rates are medians; memory is the most of all repetitions."""
import dataclasses
import statistics

from downloading import cases
from downloading.loads import EqualDownloads, SlowReaders
from downloading.pairs import Result
from downloading.servers import DATASETTE, ROAPI


@dataclasses.dataclass(frozen=True)
class Must:
    case: str
    must: str
    measured: str
    met: bool


def judge(results: dict[str, list[Result]], slow: SlowReaders | None, equal: EqualDownloads | None) -> list[Must]:
    by = {(key, result.label): result for key, listed in results.items() for result in listed}
    musts = []
    if "full" in results:
        ordered, any_order = by["full", cases.ORDERED], by["full", cases.ANY_ORDER]
        musts += [*_whole("5 M rows as CSV, source order", ordered, 1.8e6, 96e6),
                  _at_most("5 M rows as CSV, source order", "first byte under 50 ms",
                           _median(ordered, "first_byte_s") * 1e3, 50, "ms"),
                  *_whole("5 M rows as CSV, `_order=any`", any_order, 3.3e6, 110e6),
                  *_against_roapi("against ROAPI, full CSV, source order", ordered, by["full", ROAPI.name]),
                  *_against_roapi("against ROAPI, full CSV, `_order=any`", any_order, by["full", ROAPI.name])]
    if "one_percent" in results:
        filtered = by["one_percent", cases.ORDERED]
        musts += [_at_most("1% filter on 5 M rows", "at most 60 ms", _median(filtered, "total_s") * 1e3, 60, "ms"),
                  _at_most("1% filter on 5 M rows", "at most 64 MB", _most_mb(filtered), 64, "MB")]
    if "seed_10mb" in results:
        times = ratios(by["seed_10mb", DATASETTE.name], by["seed_10mb", cases.ORDERED], "total_s")
        musts.append(_at_least("against Datasette, full CSV", "at least 15x the rows/s", times, 15))
    return musts + (_slow(slow) if slow else []) + (_equal(equal) if equal else [])


def ratios(peer: Result, ours: Result, field: str) -> list[float]:
    """Peer over ours, for the two of each round."""
    return [getattr(a, field) / getattr(b, field) for a, b in zip(peer.samples, ours.samples)]


def slowdown(slow: SlowReaders, kind: str) -> float:
    return statistics.median(slow.loaded_s[kind]) / statistics.median(slow.quiet_s[kind])


def _whole(case: str, result: Result, rate: float, memory: float) -> list[Must]:
    measured = _median(result, "rows_per_s")
    return [Must(case, f"at least {rate / 1e6:.1f} M rows/s", f"{measured / 1e6:.2f} M rows/s", measured >= rate),
            _at_most(case, f"peak RSS at most {memory / 1e6:.0f} MB", _most_mb(result), memory / 1e6, "MB")]


def _against_roapi(case: str, ours: Result, peer: Result) -> list[Must]:
    return [_at_least(case, "at least 3x faster", ratios(peer, ours, "total_s"), 3),
            _at_least(case, "at least 6x less memory", ratios(peer, ours, "peak_bytes"), 6)]


def _slow(slow: SlowReaders) -> list[Must]:
    case = f"{slow.readers:,} readers at 100 KB/s of {slow.requests} requests"
    right = f"{slow.outcome.right} right, {slow.outcome.wrong} wrong, {slow.outcome.incomplete} not complete"
    musts = [Must(case, "all complete and right", right, slow.outcome.right == slow.readers),
             _at_most(case, "peak RSS at most 512 MB", slow.peak_bytes / 1e6, 512, "MB")]
    for kind in slow.quiet_s:
        factor = slowdown(slow, kind)
        musts.append(Must(case, f"a fast query ({kind}) not slowed by more than 1.5x", f"{factor:.2f}x", factor <= 1.5))
    return musts


def _equal(equal: EqualDownloads) -> list[Must]:
    case = f"{equal.readers} equal downloads at once"
    return [Must(case, "one query is run", f"{equal.queries}", equal.queries == 1),
            Must(case, "all complete and right", f"{equal.outcome.right} right", equal.outcome.right == equal.readers)]


def _at_most(case: str, must: str, value: float, limit: float, unit: str) -> Must:
    return Must(case, must, f"{value:.1f} {unit}", value <= limit)


def _at_least(case: str, must: str, factors: list[float], limit: float) -> Must:
    middle = statistics.median(factors)
    return Must(case, must, f"{middle:.2f}x (pairs {min(factors):.2f} to {max(factors):.2f})", middle >= limit)


def _median(result: Result, field: str) -> float:
    return statistics.median(getattr(sample, field) for sample in result.samples)


def _most_mb(result: Result) -> float:
    return max(sample.peak_bytes for sample in result.samples) / 1e6
