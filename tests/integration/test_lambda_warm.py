"""Between invocations: nothing of one is seen by the next, and what makes the next one fast stays."""
import json
import os
import pathlib
import re

import duckdb
import pytest

from support import s3_servers
from support.eider_server import run
from support.lambda_function import LambdaFunction
from support.runtime_api import RuntimeApi

EVENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "events"
BUCKET = "my-lake"
QUESTION = {"q": "SELECT count(*) AS n, max(delay) AS most FROM flights"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    duckdb.sql("SELECT range AS id, range % 97 AS delay FROM range(50000)").write_parquet(str(folder / "flights.parquet"))
    return folder


@pytest.fixture(scope="module")
def bucket(lake):
    with s3_servers.started("versitygw") as server:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        client.upload_file(str(lake / "flights.parquet"), BUCKET, "flights.parquet")
        yield server


def url_event(path, body=None, **headers):
    event = json.loads((EVENTS / "function-url.json").read_text())
    event.update(rawPath=path, rawQueryString="", headers={name.replace("_", "-"): value for name, value in headers.items()})
    event["requestContext"]["http"].update(method="POST" if body else "GET", path=path)
    if body:
        event["body"] = json.dumps(body)
        event["headers"]["content-type"] = "application/json"
    return event


def works(api):
    assert api.invoke(QUESTION).json()["data"]["records"] == [{"n": 50000, "most": 96}]


@pytest.mark.parametrize("left, looked_for", [
    ("CREATE TEMP TABLE secrets AS SELECT 1 AS a", "FROM secrets"),
    ("CREATE VIEW secrets AS SELECT 1 AS a", "FROM secrets"),
    ("CREATE MACRO secrets() AS 1", "SELECT secrets()"),
    ("SET VARIABLE secret = 1", "SELECT getvariable('secret')"),
    ("SET memory_limit = '1GB'", "SELECT current_setting('memory_limit')"),
    ("CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')", "FROM duckdb_secrets()"),
    ("ATTACH ':memory:' AS other", "FROM duckdb_databases()"),
    ("PREPARE p AS SELECT 1", "EXECUTE p"),
    ("BEGIN TRANSACTION", "COMMIT"),
])
def test_a_statement_leaves_nothing(function_here, left, looked_for):
    """Neither can be said, nor what was said before be seen."""
    api, _ = function_here
    for sql in (left, looked_for):
        answer = api.invoke({"q": sql})
        assert answer.kind == "error", (sql, answer.payload)
    works(api)


@pytest.fixture(scope="module")
def function_here(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake) as function:
        yield api, function


def held(process):
    """What a process holds that an invocation could leave behind: descriptors, threads."""
    folder = pathlib.Path(f"/proc/{process.pid}")
    return len(os.listdir(folder / "fd")), len(os.listdir(folder / "task"))


def one_of_each(api):
    works(api)
    assert api.invoke({"q": "SELEC"}).kind == "error"
    assert api.invoke(url_event("/flights.csv")).http[0] == 200
    assert api.invoke(url_event("/flights.parquet")).http[0] == 200
    assert api.invoke(url_event("/none.csv")).http[0] == 404
    assert api.invoke(url_event("/query", {"sql": "SELECT md5(range::VARCHAR) FROM range(10000)"})).http[0] == 200
    assert api.invoke(url_event("/query", {"sql": "SELECT CAST('x' || range AS INT) FROM range(10)"})).http[0] == 400
    assert api.invoke({"q": "SELECT max(a.range * b.range) FROM range(10000000) a, range(10000000) b"}, 0.3).kind == "error"
    assert api.invoke({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": "{"}]}).kind == "response"


def test_nothing_is_held(lake, bucket, tmp_path):
    with RuntimeApi() as api, LambdaFunction(api, f"s3://{BUCKET}", TMPDIR=tmp_path, **bucket.environment()) as function:
        for _ in range(3):
            one_of_each(api)
        before = held(function.process)
        for _ in range(10):
            one_of_each(api)
        after = held(function.process)
        # A result that is kept has one descriptor, and connections to the store come and go.
        assert after[0] <= before[0] + 4 and after[1] <= before[1], (before, after)
        _, _, metrics = api.invoke(url_event("/metrics")).http
        assert b"\neider_queries_running 0\n" in metrics and b"\neider_lake_held_bytes 0\n" in metrics
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert not files


def test_a_key_is_of_its_request_alone(lake, tmp_path):
    keys = tmp_path / "keys.json"
    secret = run("keys", "add", "alice", "--keys", keys).stdout.decode().strip()
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_KEYS_FILE=keys):
        for _ in range(3):
            assert api.invoke(url_event("/flights.csv", x_api_key=secret)).http[0] == 200
            assert api.invoke(url_event("/flights.csv")).http[0] == 401


def metric(api, name):
    _, _, text = api.invoke(url_event("/metrics")).http
    return float(re.search(rf"(?m)^{name} (\S+)$", text.decode())[1])


def sockets_to(process, port):
    """The inodes of a process's connections to this port."""
    held_by_it = set()
    for descriptor in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            if found := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor)):
                held_by_it.add(found[1])
        except FileNotFoundError:
            pass
    lines = pathlib.Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]
    return {line.split()[9] for line in lines if line.split()[2].endswith(f":{port:04X}")} & held_by_it


def test_footers_blocks_and_sockets_stay(bucket):
    port = int(bucket.endpoint.rsplit(":", 1)[1])
    with RuntimeApi() as api, LambdaFunction(api, f"s3://{BUCKET}", **bucket.environment()) as function:
        works(api)
        assert metric(api, "eider_lake_requests_total") > 0
        # Another question over the same columns: its answer is not kept, and nothing of the object is read again but
        # blocks, which memory keeps when they are asked for the second time.
        for delay in (95, 94):
            api.invoke({"q": f"SELECT count(*) AS n, max(delay) AS most FROM flights WHERE delay <= {delay}"})
        before = metric(api, "eider_lake_requests_total")
        answer = api.invoke({"q": "SELECT count(*) AS n, max(delay) AS most FROM flights WHERE delay <= 93"})
        assert answer.json()["data"]["records"][0]["most"] == 93
        assert metric(api, "eider_lake_requests_total") == before
        # The store may close a connection that rests, so one of a few invocations in a row is enough.
        seen = []
        for first in range(10):
            assert api.invoke({"q": f"SELECT max(id) AS m FROM flights WHERE id >= {first}"}).kind == "response"
            seen.append(sockets_to(function.process, port))
        assert any(one & other for one, other in zip(seen, seen[1:])), seen
