"""POST /query over HTTP: formats, values, limits, what is kept, what is refused, and clients that leave."""
import concurrent.futures
import contextlib
import hashlib
import http.client
import io
import json
import os
import resource
import socket
import time

import duckdb
import pyarrow.ipc
import pyarrow.parquet
import pytest
import requests

from support.eider_server import PATIENCE_SECONDS, EiderServer
from support.raw_http import Client

ENDLESS = "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE a.range + b.range + c.range = 7"
LARGE = "SELECT range AS id, md5(range::VARCHAR) AS m FROM range(3000000000)"


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    (folder / "flights").mkdir(parents=True)
    for year in (2001, 2002):
        duckdb.sql(f"""SELECT range AS id, {year} AS year, ['JFK', 'LAX', 'ORD'][range % 3 + 1] AS origin,
                       TIMESTAMP '{year}-01-01' + INTERVAL (range) MINUTE AS departed, range * 0.5 AS delay
                       FROM range(100000)""").write_parquet(str(folder / "flights" / f"{year}.parquet"))
    (folder / "birds.csv").write_text("id,name\n1,eider\n2,smew\n")
    return folder


def test_every_format_has_the_same_rows(serve, lake):
    server = serve(lake)
    asked = {"sql": "SELECT id, origin, departed FROM flights WHERE id < 3 AND year = 2001 ORDER BY id"}
    rows = server.post("/query", asked).json()
    assert rows[0] == {"id": 0, "origin": "JFK", "departed": "2001-01-01 00:00:00"} and len(rows) == 3
    assert server.post("/query", {**asked, "format": "ndjson"}).text == "".join(
        json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    csv = server.post("/query", asked, accept="text/csv")
    assert csv.headers["Content-Type"].startswith("text/csv") and csv.text.splitlines()[1] == "0,JFK,2001-01-01 00:00:00"
    assert server.post("/query", {**asked, "format": "tsv"}).text.splitlines()[0] == "id\torigin\tdeparted"
    parquet = server.post("/query", asked, accept="application/vnd.apache.parquet").content
    assert pyarrow.parquet.read_table(io.BytesIO(parquet)).column("origin").to_pylist() == ["JFK", "LAX", "ORD"]
    arrow = server.post("/query", asked, accept="application/vnd.apache.arrow.stream").content
    assert pyarrow.ipc.open_stream(arrow).read_all().num_rows == 3
    assert server.post("/query", asked, accept="image/png").status_code == 406


def test_values_are_bound(serve, lake):
    server = serve(lake)
    asked = {"sql": "SELECT count(*) AS n FROM flights WHERE origin = $1 AND departed < $2", "params": ["JFK", "2001-01-02"]}
    assert server.post("/query", asked).json() == [{"n": 480}]
    assert server.post("/query", {**asked, "params": ["' OR ''='", "2001-01-02"]}).json() == [{"n": 0}]
    wrong = server.post("/query", {**asked, "params": ["JFK"]})
    assert wrong.status_code == 400 and "no value is given for $2" in wrong.json()["detail"]


def test_results_are_kept_by_the_objects_they_were_read_from(serve, lake):
    server = serve(lake)
    asked = {"sql": "SELECT sum(id) AS s FROM birds"}
    assert [server.post("/query", asked).headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]
    (lake / "birds.csv").write_text("id,name\n1,eider\n2,smew\n40,scoter\n")
    fresh = server.post("/query", asked)
    assert fresh.headers["X-Cache"] == "miss" and fresh.json() == [{"s": 43}]
    assert [server.post("/query", {"sql": "SELECT now() AS t"}).headers["X-Cache"] for _ in range(2)] == ["miss", "miss"]


def test_equal_questions_at_once_are_one_run(serve, lake):
    server = serve(lake)
    asked = {"sql": "SELECT origin, avg(delay) AS d FROM flights GROUP BY ALL ORDER BY ALL"}
    before = server.metric("eider_queries_total")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: server.post("/query", asked).text, range(100)))
    assert len(set(answers)) == 1 and json.loads(answers[0])[0]["origin"] == "JFK"
    assert server.metric("eider_queries_total") == before + 1


def test_a_dry_run_reads_no_rows(serve, lake):
    server = serve(lake)
    cost = server.post("/query", {"sql": "SELECT origin FROM flights WHERE id < 5", "dry_run": True}).json()
    assert cost["objects"] == 2 and cost["row_groups"] >= 2 and cost["bytes"] > 0 and "usd" in json.dumps(cost)
    assert server.metric("eider_queries_total") == 0


def test_the_summary_comes_as_trailers(serve, lake):
    server = serve(lake)
    body = json.dumps({"sql": "FROM birds", "format": "csv"})
    with Client(server.port) as client:
        client.send("/query", "TE: trailers", "Content-Type: application/json", f"Content-Length: {len(body)}", "", body,
                    method="POST")
        answer = client.rest(client.head())
    assert answer.body == b"id,name\r\n1,eider\r\n2,smew\r\n"
    assert answer.trailers["eider-rows"] == "2" and answer.trailers["eider-reads"].startswith("requests=")


@pytest.mark.parametrize("sql,status,words", [
    ("SELECT origin, dely FROM flights", 400, ["line 1, column 16: ", '"delay"', "\n" + " " * 17 + "^"]),
    ("SELECT 1\nFROM flights\nWHERE", 400, ["line 3, column 6: "]),
    ("SELECT summ(id) FROM flights", 400, ["line 1, column 8: ", "sum"]),
    ("SELECT * FROM fligths", 404, ["line 1, column 15: ", "no dataset 'fligths'", "Did you mean 'flights'?"]),
    ("SELECT 1; SELECT 2", 400, ["here are 2 statements"]),
    ("SELECT 'x'::INTEGER FROM flights", 400, ["Could not convert"]),
    ("", 400, ["no 'sql'"]),
])
def test_wrong_sql_is_told(serve, lake, sql, status, words):
    problem = serve(lake).post("/query", {"sql": sql})
    assert problem.status_code == status and problem.headers["Content-Type"] == "application/problem+json"
    for word in words:
        assert word in problem.json()["detail"], problem.json()["detail"]


def test_what_is_too_much_is_told(serve, lake):
    server = serve(lake, "--time-limit", 1, "--result-bytes", "1MiB")
    late = server.post("/query", {"sql": ENDLESS})
    assert late.status_code == 504 and "time limit of 1000 ms" in late.json()["detail"]
    try:  # before the first byte it is told, after it the answer is cut
        told = server.post("/query", {"sql": LARGE, "format": "csv"})
        assert told.status_code == 413 and "larger than the limit of 1.0 MiB" in told.json()["detail"]
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError):
        pass
    assert server.post("/query", {"sql": "SELECT 1 AS a"}).json() == [{"a": 1}]


# A limit on the size of files stands for a full disk: writes fail in the same way.
SMALL_FILES = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20)),
               "restore_signals": False}  # Python ignores SIGXFSZ, and so does what it starts


@pytest.mark.parametrize("options, launch", [(["--spill-bytes", "1MiB"], None), ([], SMALL_FILES)],
                         ids=["its share is used up", "the disk is full"])
def test_memory_and_then_disk_run_out(lake, options, launch):
    with EiderServer(lake, "--memory", "64MiB", *options, launch=launch) as server:
        told = server.post("/query", {"sql": "SELECT md5(range::VARCHAR) AS m FROM range(20000000) ORDER BY m"})
        assert told.status_code == 413 and "--spill-bytes" in told.json()["detail"], told.text
        assert server.post("/query", {"sql": "SELECT count(*) AS n FROM flights"}).json() == [{"n": 200000}]


def test_a_result_of_100_gb(serve, lake):
    """Nobody limits it, and the disk for results does: the answer is cut, and room is made again."""
    server = serve(lake, "--spool-bytes", "64MiB")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        for _ in server.post("/query", {"sql": LARGE, "format": "csv"}, stream=True).iter_content(1 << 20):
            assert server.metric("eider_spool_bytes") <= 64 << 20
    assert "--spool-bytes" in server.wait_for_log("body_failed")
    wait_for(lambda: server.metric("eider_queries_running") == 0)
    assert server.post("/query", {"sql": "SELECT count(*) AS n FROM flights"}).json() == [{"n": 200000}]


def test_a_thousand_queries_at_once(serve, lake):
    """All different, all sent before one is answered: each has its own rows, in the memory of a few."""
    server = serve(lake, "--queries", "2")
    server.post("/query", {"sql": "SELECT count(*) FROM flights"})
    before, clients = server.memory_bytes(), []
    with contextlib.ExitStack() as stack:
        for number in range(1000):
            body = json.dumps({"sql": f"SELECT count(*) + {number} AS n FROM flights WHERE id >= {number}"})
            clients.append(stack.enter_context(Client(server.port)))
            clients[-1].send("/query", "Content-Type: application/json", f"Content-Length: {len(body)}", "", body,
                             method="POST")
        answers = [client.rest(client.head()) for client in clients]
    assert [answer.status for answer in answers] == [200] * 1000
    assert [json.loads(answer.body)[0]["n"] for answer in answers] == [200_000 - n for n in range(1000)]
    assert server.memory_bytes() - before < 256 << 20


@pytest.mark.skipif(bool(os.environ.get("EIDER_SANITIZER")), reason="a sanitizer's shadow memory leaves no room for a cap")
@pytest.mark.parametrize("sql", [
    "SELECT repeat('x', 100000000) AS x FROM range(100)", "SELECT range(2000000000)", "SELECT list_resize([1], 2000000000)",
    "WITH RECURSIVE r AS (SELECT 'xx' AS s, 0 AS n UNION ALL SELECT s || s, n + 1 FROM r WHERE n < 31) "
    "SELECT max(length(s)) FROM r"])
def test_values_beyond_memory_end_their_query_alone(serve, lake, sql):
    server = serve(lake, "--memory", "256MiB")
    refused = server.post("/query", {"sql": sql})
    assert refused.status_code in (400, 413), refused.text  # 400: longer than any text may be
    assert server.post("/query", {"sql": "SELECT count(*) AS n FROM flights"}).json() == [{"n": 200000}]


def test_a_statement_of_10_mb_is_refused(serve, lake):
    server = serve(lake)
    body = json.dumps({"sql": "SELECT '" + "x" * 10_000_000 + "'"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("POST", "/query", body, {"Content-Type": "application/json"})
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all was sent
    response = connection.getresponse()
    assert response.status == 413 and b"longer than 1048576 bytes" in response.read()


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_client_that_leaves_ends_its_query(serve, lake):
    server = serve(lake)
    body = json.dumps({"sql": ENDLESS}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_for(lambda: server.metric("eider_queries_running") == 1)
    wait_for(lambda: server.metric("eider_queries_running") == 0)


def test_an_answer_is_cancelled_by_its_id(serve, lake):
    server = serve(lake)
    response = server.post("/query", {"sql": LARGE, "format": "csv"}, stream=True)
    path = f"/query/{response.headers['Eider-Request-Id']}"
    assert server.request("DELETE", path).status_code == 204
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        for _ in response.iter_content(1 << 20):
            pass
    wait_for(lambda: server.metric("eider_queries_running") == 0)
    assert server.request("DELETE", path).status_code == 404


def test_what_needs_a_key_is_not_reached_through_sql(serve, lake):
    digest = hashlib.sha256(b"alices").hexdigest()
    (lake / "eider.yaml").write_text(
        f"datasets: {{birds: {{access: key}}}}\nauth: {{keys: {{alice: 'sha256:{digest}'}}}}\n")
    server = serve(lake)
    for sql in ("FROM birds", "SELECT count(*) FROM flights, birds", "WITH a AS (FROM birds) FROM a"):
        assert server.post("/query", {"sql": sql}).status_code == 401
        assert server.post("/query", {"sql": sql}, authorization="Bearer alices").status_code == 200
    for sql in ("FROM 'birds.csv'", "FROM read_text('*.csv')", "FROM lake('flights/*.parquet')"):
        refused = server.post("/query", {"sql": sql})
        assert refused.status_code == 400 and "a path would go around" in refused.json()["detail"]
        assert server.post("/query", {"sql": sql, "limit": 1}, authorization="Bearer alices").status_code == 200
    assert server.post("/query", {"sql": "SELECT count(*) AS n FROM flights"}).json() == [{"n": 200000}]


def test_the_body_must_be_json_by_its_type(serve, lake):
    server = serve(lake)
    assert server.request("POST", "/query", data='{"sql":"SELECT 1"}').status_code == 415
    assert server.request("POST", "/query", data="SELECT 1", content_type="application/json").status_code == 400
    assert server.request("POST", "/birds.csv", data="x").status_code == 405


def test_metadata_says_what_it_took(serve, lake):
    server = serve(lake)
    asked = {"sql": "SELECT id FROM flights WHERE year = 2001 AND id < 3 ORDER BY id", "metadata": True}
    for cache in ("miss", "hit"):
        answer = server.post("/query", asked).json()
        assert answer["data"] == [{"id": 0}, {"id": 1}, {"id": 2}]
        stats = answer["metadata"]["stats"]
        assert stats["rows"] == 3 and stats["cache"] == cache and stats["milliseconds"] > 0
        assert {"requests", "bytes", "cache_hits", "row_groups", "row_groups_kept"} <= stats.keys()
    asked["metadata"] = False
    assert server.post("/query", asked).json() == answer["data"]
    whole = server.post("/query", {**asked, "metadata": True, "format": "csv"})
    assert whole.headers["Eider-Rows"] == "3" and whole.headers["Eider-Reads"].startswith("requests=")
    assert whole.headers["Server-Timing"].startswith("query;dur=")
