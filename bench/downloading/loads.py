"""Many readers at one Eider: a thousand slow ones with a fast query beside them, and five hundred equal downloads."""
import dataclasses
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from downloading import client, crowd, data, servers, truth

BENCH = pathlib.Path(__file__).resolve().parent.parent
RATE = 100_000  # bytes a second for each slow reader
QUIET_S = 12  # of the fast queries alone, before the load and again after it
PAUSE_S = 0.2  # between fast queries


@dataclasses.dataclass
class SlowReaders:
    readers: int
    requests: int
    outcome: crowd.Outcome
    peak_bytes: int
    server_cpu_s: float
    quiet_s: dict[str, list[float]]  # seconds of each fast query without the load, by kind
    loaded_s: dict[str, list[float]]


@dataclasses.dataclass
class EqualDownloads:
    readers: int
    queries: int
    bytes: int
    outcome: crowd.Outcome
    peak_bytes: int
    server_cpu_s: float


class FastQueries:
    """Two kinds in turn, never the same request twice, so that each runs a query: one row by its key, and 1%."""

    def __init__(self, server: servers.Server, table: data.Table) -> None:
        self._server = server
        self._table = table
        self._asked = 0

    def once(self, seconds: dict[str, list[float]]) -> None:
        self._asked += 1
        rows = self._table.rows
        for kind, target, lines in (
                ("one row", f"/large.csv?entity={1 + self._asked * 7919 % rows}", 2),
                ("1%", f"/large.csv?organisation_entity={self._table.organisations - self._asked % 50}"
                       f"&entity__lte={rows + self._asked}", rows // self._table.organisations + 1)):
            answer = client.read(self._server.url(target))
            if answer.status != 200 or not answer.whole or answer.bytes < lines * 50:
                raise servers.Failure(f"the fast query {target} answered {answer}")
            seconds.setdefault(kind, []).append(answer.total_s)

    def during(self, length_s: float, seconds: dict[str, list[float]]) -> None:
        end = time.monotonic() + length_s
        while time.monotonic() < end:
            self.once(seconds)
            time.sleep(PAUSE_S)


def slow_readers(lake: data.Lake, quick: bool) -> SlowReaders:
    """Each of 50 requests is one organisation's rows, so a reader is busy for about a minute."""
    table = lake.tables["large"]
    requests = [f"/large.csv?organisation_entity={number}" for number in range(1, 51)]
    longest, digests = _true_bodies(lake, requests)
    quiet, loaded = {}, {}
    with servers.EIDER.running(lake) as server:
        fast = FastQueries(server, table)
        fast.once({})  # the first query of a process loads what the others find
        fast.during(QUIET_S, quiet)
        before = server.cpu_s()
        plan = crowd.Plan(server.port, requests, digests, 1000, RATE / (5 if quick else 1), longest)
        with _started(plan) as process:
            while process.poll() is None:
                fast.once(loaded)
                time.sleep(PAUSE_S)
            outcome = _outcome(process)
        cpu, peak = server.cpu_s() - before, server.peak_bytes()
        fast.during(QUIET_S, quiet)
    return SlowReaders(plan.readers, len(requests), outcome, peak, cpu, quiet, loaded)


def equal_downloads(lake: data.Lake) -> EqualDownloads:
    requests = ["/seed_10mb.csv"]
    longest, digests = _true_bodies(lake, requests)
    with servers.EIDER.running(lake) as server:
        queries = _queries(server)
        with _started(crowd.Plan(server.port, requests, digests, 500)) as process:
            process.wait()
            outcome = _outcome(process)
        return EqualDownloads(500, _queries(server) - queries, longest, outcome, server.peak_bytes(), server.cpu_s())


def _true_bodies(lake: data.Lake, requests: list[str]) -> tuple[int, list[str]]:
    """Downloads each alone, checks all their rows together against the Parquet file; answers longest and digests."""
    with tempfile.TemporaryDirectory(prefix="eider-bench-") as name, servers.EIDER.running(lake) as server:
        digests, longest = [], 0
        for number, target in enumerate(requests):
            csv = pathlib.Path(name) / f"{number}.csv"
            answer = client.read(server.url(target), str(csv))
            longest = max(longest, answer.bytes)
            digests.append(hashlib.sha256(csv.read_bytes()).hexdigest())
            dataset, _, query = target[1:].partition(".csv")
            where = dict([query[1:].split("=")]) if query else {}
            parquet = lake.path(dataset)
            if truth.expected(parquet, where) != truth.found(csv, parquet):
                raise servers.Failure(f"{target} gave other rows than the Parquet file has")
    return longest, digests


def _started(plan: crowd.Plan) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-m", "downloading.crowd"], cwd=BENCH, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    process.stdin.write(json.dumps(dataclasses.asdict(plan)))
    process.stdin.close()
    return process


def _outcome(process: subprocess.Popen) -> crowd.Outcome:
    return crowd.Outcome(**json.loads(process.stdout.read()))


def _queries(server: servers.Server) -> int:
    with tempfile.NamedTemporaryFile(prefix="eider-bench-") as file:
        client.read(server.url("/metrics"), file.name)
        for line in pathlib.Path(file.name).read_text().splitlines():
            if line.startswith("eider_queries_total "):
                return int(float(line.split()[1]))
    raise servers.Failure("/metrics has no eider_queries_total")
