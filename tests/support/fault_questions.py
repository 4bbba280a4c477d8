"""A lake of several kinds of files, random questions about it, and whether an answer to one is right.

The truth is DuckDB's over the same files on the disk.
"""
import csv
import dataclasses
import gzip
import io
import random
import re

import duckdb

from support import raw_http
from support.eider_server import run
from support.relations import write

PLACES = "['JFK', 'LAX', 'SFO', 'ORD', 'São Paulo', 'a,b', 'x\"y'][(hash(i) % 7)::INT + 1]"
RELATIONS = {
    "flights": ("flights/*.parquet", "read_parquet"), "big": ("big.parquet", "read_parquet"),
    "ones": ("ones.parquet", "read_parquet"), "left_part": ("odd/left.parquet", "read_parquet"),
    "right_part": ("odd/right.parquet", "read_parquet"), "places": ("places.csv", "read_csv"),
    "log": ("log.csv.gz", "read_csv"), "events": ("events.ndjson", "read_ndjson")}
DOWNLOADS = {  # numeric columns and others, of what `eider serve` finds
    "flights": (("id", "delay", "distance"), ("day", "origin", "token")),
    "big": (("id", "a", "b"), ("text", )), "log": (("id", "amount"), ("origin", )),
    "events": (("id", "value"), ("kind", ))}
ONES_SUM = 1_000_000_000  # the sum of duckdb-httpfs#370


def write_lake(folder):
    """20 MB that do not compress, so that row groups stay apart by more than a request costs."""
    for part in range(6):
        write(f"SELECT i AS id, DATE '2024-01-01' + (i % 500)::INT AS day, {PLACES} AS origin, "
              "CASE WHEN i % 17 = 0 THEN NULL ELSE (hash(i + 1) % 400)::INT - 60 END AS delay, "
              "(hash(i + 2) % 4000)::INT AS distance, md5(i::VARCHAR) AS token "
              f"FROM range({part * 30_000}, {(part + 1) * 30_000}) AS t(i)", folder / f"flights/part-{part}.parquet",
              "ROW_GROUP_SIZE 10240")
    write("SELECT i AS id, (hash(i) % 1000000007)::BIGINT AS a, (hash(i + 5) % 1000000007)::BIGINT AS b, "
          "md5(i::VARCHAR) AS text FROM range(200000) AS t(i)", folder / "big.parquet", "ROW_GROUP_SIZE 10240")
    write("SELECT i AS id, 1000 + (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END) * (hash(i // 2) % 1000)::INT AS value "
          "FROM range(1000000) AS t(i)", folder / "ones.parquet", "ROW_GROUP_SIZE 20480")
    write("SELECT i AS id, i * 3 AS x, md5(i::VARCHAR) AS m FROM range(20000) AS t(i)", folder / "odd/left.parquet")
    write("SELECT i AS id, i * 7 AS y FROM range(30000) AS t(i)", folder / "odd/right.parquet")
    write(f"SELECT DISTINCT {PLACES} AS code, upper({PLACES}) AS city FROM range(100) AS t(i)", folder / "places.csv")
    text = write(f"SELECT i AS id, {PLACES} AS origin, (hash(i + 3) % 10000)::INT AS amount FROM range(60000) AS t(i)",
                 folder / "log.csv")
    (folder / "log.csv.gz").write_bytes(gzip.compress(text.read_bytes(), 1))
    text.unlink()
    write("SELECT i AS id, 'kind ' || (i % 11) AS kind, (hash(i + 4) % 10000)::INT AS value FROM range(30000) AS t(i)",
          folder / "events.ndjson")
    return folder


@dataclasses.dataclass
class Question:
    sql: str  # relations as {name}
    target: str = ""  # of a download; "": asked in SQL

    def __str__(self):
        return self.target or self.sql


class Truth:
    """DuckDB's answers, from the rows of all files in its memory."""

    def __init__(self, folder):
        self._tables = duckdb.connect(config={"threads": 1})
        for name, (glob, reader) in RELATIONS.items():
            self._tables.execute(f"CREATE TABLE {name} AS FROM {reader}('{folder}/{glob}')")

    def rows(self, question):
        sql = question.sql.format(**{name: name for name in RELATIONS})
        rows = self._tables.cursor().execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({sql})").fetchall()
        return [["" if cell is None else cell for cell in row] for row in rows]


def in_sql(chance):
    """A question for `eider query`. Its answer has an order."""
    def number(top):
        return chance.randrange(top)
    return Question(chance.choice([
        "SELECT origin, count(*) AS n, sum(delay) AS s, min(day) AS d, max(token) AS t FROM {flights} "
        f"WHERE delay >= {number(300) - 60} GROUP BY origin ORDER BY origin",
        f"SELECT count(*) AS n, sum(a % 1009) AS s, max(text) AS t FROM {{big}} WHERE id >= {number(200_000)}",
        f"SELECT id, text FROM {{big}} WHERE id >= {number(200_000)} ORDER BY id LIMIT {number(500)}",
        f"SELECT count(*) AS n FROM (SELECT a FROM {{big}} LIMIT {number(100_000)})",
        f"SELECT id, a FROM {{big}} WHERE b > {number(10**9)} ORDER BY a DESC, id LIMIT {number(100)}",
        "SELECT p.city, count(*) AS n, sum(f.distance) AS s FROM {flights} f JOIN {places} p ON f.origin = p.code "
        f"WHERE f.distance > {number(4000)} GROUP BY ALL ORDER BY ALL",
        "SELECT count(*) AS n, sum(x) AS x, sum(y) AS y FROM (SELECT id, x FROM {left_part} UNION ALL BY NAME "
        f"SELECT id, y FROM {{right_part}}) WHERE id > {number(30_000)}",
        f"SELECT origin, sum(amount) AS s FROM {{log}} WHERE id % 100 <> {number(100)} GROUP BY ALL ORDER BY ALL",
        f"SELECT kind, count(*) AS n, sum(value) AS s FROM {{events}} WHERE value < {number(10_000)} "
        "GROUP BY ALL ORDER BY ALL",
        "SELECT l.origin, count(*) AS n, max(f.token) AS t FROM {flights} f JOIN {log} l USING (id) "
        f"WHERE l.amount > {number(10_000)} GROUP BY ALL ORDER BY ALL",
        f"SELECT sum(value) AS s FROM {{ones}} WHERE id % 1000 <> {number(1000)}",
    ]))


def download(chance):
    """A question for `eider serve`. Rows come in the order of the source, which is that of `id`."""
    name = chance.choice(list(DOWNLOADS))
    numbers, others = DOWNLOADS[name]
    columns = chance.sample([*numbers, *others], chance.randint(1, len(numbers) + len(others)))
    parameters, conditions = [f"_columns={','.join(columns)}"], []
    for column in chance.sample(numbers, chance.randrange(len(numbers))):
        operator, sign = chance.choice([("gte", ">="), ("lt", "<"), ("gt", ">"), ("lte", "<=")])
        value = chance.choice([10, 100, 1000, 20_000, 100_000]) + chance.randrange(100)
        parameters.append(f"{column}__{operator}={value}")
        conditions.append(f"{column} {sign} {value}")
    order, limit = "id", ""
    if chance.random() < 0.3:
        first, down = chance.choice(numbers), chance.random() < 0.5
        parameters.append(f"_sort={'-' * down}{first},id")
        order = f"{first} {'DESC' if down else 'ASC'} NULLS LAST, id"
    if chance.random() < 0.9:
        count = chance.randint(1, 1000)
        parameters.append(f"_limit={count}")
        limit = f"LIMIT {count}"
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return Question(f"SELECT {', '.join(columns)} FROM {{{name}}} {where} ORDER BY {order} {limit}",
                    f"/{name}.csv?{'&'.join(parameters)}")


@dataclasses.dataclass
class Outcome:
    kind: str  # "right", "error", "wrong" or "rude": an error that nobody understands
    told: str


RUDE = re.compile(r"terminate called|Assertion|INTERNAL|Internal Error|std::|Traceback|0x[0-9a-f]{6}")


def _judge_error(told, proper):
    return Outcome("error" if proper and told.strip() and not RUDE.search(told) else "rude", told)


def _judge_rows(text, truth):
    rows = [row or [""] for row in csv.reader(io.StringIO(text.decode(), newline=""), strict=True)][1:]
    if rows == truth:
        return Outcome("right", "")
    return Outcome("wrong", f"{len(rows)} rows, {len(truth)} are right; {rows[:3]} {truth[:3]}")


def ask_server(port, question, truth):
    try:
        answer = raw_http.ask(port, question.target)
    except raw_http.Cut as cut:
        return Outcome("error", f"cut: {cut}")
    if answer.status == 200:
        return _judge_rows(answer.body, truth.rows(question))
    proper = answer.headers.get("content-type") == "application/problem+json" and answer.status in (502, 503, 504)
    return _judge_error(f"{answer.status} {answer.body.decode()}", proper)


def ask_in_sql(lake, question, truth, *options, **environment):
    globs = {name: f"lake('{glob}')" for name, (glob, _) in RELATIONS.items()}
    done = run("query", "--lake", lake, "--format", "csv", *options, question.sql.format(**globs), **environment)
    if done.returncode == 0:
        return _judge_rows(done.stdout, truth.rows(question))
    return _judge_error(done.stderr, done.returncode in (3, 4) and done.stderr.startswith("eider: "))


def questions(seed, count, kind):
    chance = random.Random(seed)
    return [kind(chance) for _ in range(count)]
