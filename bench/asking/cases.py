"""What `./dev bench queries` asks, and how each answer is timed. Every statement has a number in it that no other has,
so that none is answered from a result that was kept, unless that is what is measured."""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time

import duckdb

from asking import client
from downloading import data, servers
from peers import quack
from reading import chain

COUNT = "SELECT count(*) AS n, {} AS asked FROM flights"
GROUP_BY = "SELECT origin, count(*) AS n, avg(delay) AS late, {} AS asked FROM flights GROUP BY origin ORDER BY n DESC"
FILTER = "SELECT count(*) AS n, {} AS asked FROM flights WHERE delay > 60"
TOP = "SELECT origin, destination, delay, {} AS asked FROM flights ORDER BY delay DESC LIMIT 10"
MIXED = [COUNT, GROUP_BY, FILTER, TOP, "SELECT organisation_entity, count(*) AS n, {} AS asked FROM large "
         "WHERE organisation_entity BETWEEN 3 AND 4 GROUP BY 1"]
CLIENTS = 64
CLIENT_PROCESSES = 4  # so that no interpreter's lock is what is measured
CACHED_MS = 30
WARM = 30  # statements before those that are timed
PAGE_ROWS = 10_000
READ_ARROW = "Arrow, read by PyArrow"
READ_QUACK = "DuckDB's quack, read into PyArrow"


class Quack(servers.Kind):
    name = "DuckDB, quack"
    ready = "/"

    def command(self, lake: data.Lake, port: int, folder: pathlib.Path) -> list:
        return [sys.executable, quack.__file__, lake.path("large"), port]


class Serve(servers.Kind):
    name = "Eider"
    ready = "/readyz"

    def __init__(self, *options: str) -> None:
        self._options = options

    def command(self, lake: data.Lake | None, port: int, folder: pathlib.Path) -> list:
        root = ["--lake", lake.folder / "lake"] if lake else []
        # One address stands for many users here.
        return [os.environ["EIDER_BIN"], "serve", *root, "--listen", f"127.0.0.1:{port}", "--client-requests", "0",
                "--client-downloads", "0", *self._options]


@dataclasses.dataclass
class Series:
    """Milliseconds of one statement, asked one after another."""
    name: str
    http: list[float]
    in_process: list[float]  # the same by DuckDB's Python client in this process, in turns


def small(lake: data.Lake, count: int) -> list[Series]:
    with Serve().running(lake) as server:
        asker = client.Client(server.port)
        peer = duckdb.connect(config={"threads": os.cpu_count()})
        peer.execute("SET parquet_metadata_cache=true")
        peer.execute(f"CREATE VIEW flights AS FROM read_parquet('{lake.path('flights')}')")
        found = []
        for name, sql in (("count", COUNT), ("group-by", GROUP_BY), ("filter", FILTER), ("top 10", TOP)):
            series = Series(name, [], [])
            for number in range(WARM + count):
                text = sql.replace("{}", str(number))
                took, status, _, _ = asker.ask("/query", {"sql": text})
                if status != 200:
                    raise servers.Failure(f"{name}: status {status}")
                begun = time.perf_counter()
                peer.execute(text).fetchall()
                inside = time.perf_counter() - begun
                if number >= WARM:
                    series.http.append(took * 1e3)
                    series.in_process.append(inside * 1e3)
            found.append(series)
        return found


@dataclasses.dataclass
class Crowd:
    seconds: float
    milliseconds: list[float]
    by_question: dict[str, list[float]]
    errors: int
    peak_bytes: int


def crowd(lake: data.Lake, seconds: float) -> Crowd:
    with Serve().running(lake) as server:
        workers = [subprocess.Popen([sys.executable, client.__file__, str(CLIENTS // CLIENT_PROCESSES), str(seconds),
                                     str(server.port), str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    text=True) for number in range(CLIENT_PROCESSES)]
        for worker in workers:
            worker.stdin.write(json.dumps(MIXED))
            worker.stdin.close()
        seen = [entry for worker in workers for entry in json.loads(worker.stdout.read())]
        for worker in workers:
            worker.wait()
        fine = [(which, took) for which, took, status in seen if status == 200]
        by_question = {MIXED[i]: [took for which, took in fine if which == i] for i in range(len(MIXED))}
        return Crowd(seconds, [took for _, took in fine], by_question, len(seen) - len(fine), server.peak_bytes())


@dataclasses.dataclass
class Cached:
    first_ms: float
    hits_ms: list[float]
    misses: int
    requests_each: float


def cached(lake_data, count: int) -> Cached:
    """A result that was kept, asked again over S3 30 ms away: one conditional request for each object."""
    with chain.running(lake_data.minio, [0, CACHED_MS]) as running:
        options = ("--lake", f"s3://{chain.BUCKET}", "--endpoint", running.endpoints[CACHED_MS], "--revalidate")
        with Serve(*options).running(None) as server:
            asker = client.Client(server.port)
            body = {"sql": "SELECT count(*) AS n, min(entity) AS low FROM lake('large/large.parquet')"}
            first, status, _, answer = asker.ask("/query", body)
            if status != 200:
                raise servers.Failure(f"cached: status {status}")
            mark = running.mark()
            hits, misses = [], 0
            for _ in range(count):
                took, _, _, answer = asker.ask("/query", body)
                hits.append(took * 1e3)
                misses += answer.getheader("X-Cache") != "hit"
            traffic = running.traffic_since(mark, CACHED_MS)
            return Cached(first * 1e3, hits, misses, traffic.requests / count)


@dataclasses.dataclass
class Pages:
    rows: int                  # of a page
    milliseconds: list[float]  # of each page, from the first to the last


def pages(lake: data.Lake) -> Pages:
    """All pages of an ordered answer, each asked for by the token of the one before."""
    found = Pages(PAGE_ROWS, [])
    with Serve().running(lake) as server:
        asker = client.Client(server.port)
        body = {"sql": "SELECT entity, name, entry_date FROM large ORDER BY entity", "key": ["entity"],
                "limit": PAGE_ROWS, "format": "arrow"}
        for number in range(WARM):  # other pages, so that none of those that are timed was kept
            asker.ask("/query", {**body, "limit": PAGE_ROWS + 1 + number})
        while True:
            took, status, _, answer = asker.ask("/query", body)
            if status != 200:
                raise servers.Failure(f"pages: status {status}")
            found.milliseconds.append(took * 1e3)
            if (after := answer.getheader("Eider-Next")) is None:
                return found
            body["after"] = after


@dataclasses.dataclass
class Streams:
    rows: int
    seconds: dict[str, list[float]]
    bytes: dict[str, int]


def streams(lake: data.Lake, rounds: int) -> Streams:
    """All rows as an Arrow stream and as CSV from Eider, as an Arrow stream from ROAPI, and by DuckDB's quack protocol,
    in turns. Quack's client hands over what it has decoded, so Eider's stream is read by PyArrow beside it."""
    rows = lake.tables["large"].rows
    found = Streams(rows, {}, {})
    with Serve().running(lake) as server, servers.ROAPI.running(lake) as roapi, Quack().running(lake) as remote:
        connection = quack.client(remote.port)
        for number in range(rounds):
            sql = f"SELECT * FROM large WHERE {number} = {number}"
            asks = [("Arrow", server.port, "/query", {"sql": sql, "format": "arrow"}, {}),
                    ("CSV", server.port, "/query", {"sql": sql, "format": "csv"}, {}),
                    ("ROAPI, Arrow", roapi.port, "/api/sql", "SELECT * FROM large",
                     {"Accept": "application/vnd.apache.arrow.stream"})]
            for name, port, target, body, headers in asks:
                took, status, size, _ = client.Client(port, headers).ask(target, body)
                if status != 200:
                    raise servers.Failure(f"{name}: status {status}")
                found.seconds.setdefault(name, []).append(took)
                found.bytes[name] = size
            again = {"sql": f"{sql} AND true", "format": "arrow"}  # another text: nothing of it was kept
            for name, read in ((READ_ARROW, lambda: client.Client(server.port).read_arrow("/query", again)),
                               (READ_QUACK, lambda: quack.read(connection, "FROM remote.large"))):
                begun = time.perf_counter()
                if (came := read()) != rows:
                    raise servers.Failure(f"{name}: {came} rows of {rows}")
                found.seconds.setdefault(name, []).append(time.perf_counter() - begun)
    return found
