"""What was promised at 30 ms, next to what was measured. Factors are medians of pairs; memory is the most of all runs.

Two floors: times are held against the needed ranges alone for A, B, E, F and H. C, D and G read so little that they are
one round trip there, which nobody can do who must first learn which ranges they are: for them the floor is the one
step by step. Requests and bytes are held against that one everywhere, since listing and footers have to be read.
"""
import statistics
from collections.abc import Callable

from downloading.musts import Must
from reading.contenders import DUCKDB, EIDER, FLOOR, PEERS_BY_KEY, STEPS, Run
from reading.rounds import Case, Result, ratios

LATENCY_MS = 30
AGAINST_DUCKDB = {"A": 10, "B": 3, "E": 40, "F": 18}
AGAINST_PEERS = {"A": 1.6, "B": 1.2, "E": 8, "F": 1.6, "C": 1, "D": 1, "G50": 1, "G51": 1}
OF_FLOOR = {"time": 2, "requests": 1.2, "bytes": 1.15}
KNOWN_BEFOREHAND = ("A", "B", "E", "F", "H")
MEMORY_MB = {"B": 128, "H": 128}


def judge(cases: list[Case]) -> list[Must]:
    return [must for case in cases if case.latency_ms in (0, LATENCY_MS) and case.took_part(EIDER)
            for must in _of_case(case)]


def _of_case(case: Case) -> list[Must]:
    ours = case.of(EIDER)
    if not ours:
        return [Must(_name(case), "ends", f"stopped after {case.limit_s:.0f} s", False)]
    return _with_latency(case, ours) if case.latency_ms else _without_latency(case, ours)


def fastest_peer(case: Case) -> Result | None:
    peers = [result for peer in PEERS_BY_KEY.values() if (result := case.of(peer))]
    return min(peers, key=median_s, default=None)


def median_s(result: Result) -> float:
    return statistics.median(run.seconds for run in result.runs)


def _without_latency(case: Case, ours: Result) -> list[Must]:
    return _against_duckdb(case, "no slower than DuckDB + httpfs", ours, 1)


def _with_latency(case: Case, ours: Result) -> list[Must]:
    musts = []
    if factor := AGAINST_DUCKDB.get(case.shape):
        musts += _against_duckdb(case, f"{factor}x faster than DuckDB + httpfs", ours, factor)
    if case.shape in AGAINST_PEERS and (peer := fastest_peer(case)):
        factor = AGAINST_PEERS[case.shape]
        words = f"{factor}x faster than" if factor > 1 else "at least even with"
        musts.append(_faster(case, f"{words} the fastest peer, {peer.contender}", peer, ours, factor))
    if floor := case.of(FLOOR if case.shape in KNOWN_BEFOREHAND else STEPS):
        musts.append(_at_most(case, f"within 2x of the {floor.contender}", ours, floor, _time, OF_FLOOR["time"]))
    if floor := case.of(STEPS):
        musts += [_at_most(case, "requests at most 1.2x the floor's", ours, floor, _requests, OF_FLOOR["requests"]),
                  _at_most(case, "bytes at most 1.15x the floor's", ours, floor, _bytes, OF_FLOOR["bytes"])]
    return musts + _memory(case, ours)


def _against_duckdb(case: Case, must: str, ours: Result, factor: float) -> list[Must]:
    if duckdb := case.of(DUCKDB):
        return [_faster(case, must, duckdb, ours, factor)]
    if not case.took_part(DUCKDB):
        return []
    at_least = case.limit_s / median_s(ours)  # it was stopped
    return [Must(_name(case), must, f"more than {at_least:.2f}x, it was stopped", at_least >= factor)]


def _memory(case: Case, ours: Result) -> list[Must]:
    mine = _most_mb(ours)
    musts = []
    if others := {peer.name: _most_mb(result) for peer in PEERS_BY_KEY.values() if (result := case.of(peer))}:
        least = min(others, key=others.__getitem__)
        musts.append(Must(_name(case), "the lowest peak RSS", f"{mine:.0f} MB, {least} {others[least]:.0f} MB",
                          mine <= others[least]))
    if limit := MEMORY_MB.get(case.shape):
        musts.append(Must(_name(case), f"peak RSS at most {limit} MB", f"{mine:.0f} MB", mine <= limit))
    return musts


def _faster(case: Case, must: str, peer: Result, ours: Result, factor: float) -> Must:
    factors = ratios(peer, ours, _time)
    return Must(_name(case), must, _spread(factors), statistics.median(factors) >= factor)


def _at_most(case: Case, must: str, ours: Result, floor: Result, value: Callable[[Run], float], limit: float) -> Must:
    factors = ratios(ours, floor, value)
    return Must(_name(case), must, _spread(factors), statistics.median(factors) <= limit)


def _spread(factors: list[float]) -> str:
    return f"{statistics.median(factors):.2f}x (pairs {min(factors):.2f} to {max(factors):.2f})"


def _name(case: Case) -> str:
    return f"{case.shape} at {case.latency_ms} ms"


def _most_mb(result: Result) -> float:
    return max(run.peak_bytes for run in result.runs) / 1e6


def _time(run: Run) -> float:
    return run.seconds


def _requests(run: Run) -> float:
    return run.traffic.requests


def _bytes(run: Run) -> float:
    return run.traffic.bytes
