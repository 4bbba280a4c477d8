"""Pages of SQL over HTTP: following Eider-Next to the end gives the whole, and a late page costs what the first does."""
import contextlib

import duckdb
import pytest

from support import s3_servers
from support.eider_server import EiderServer

ORDERED = "SELECT * FROM keyed ORDER BY "


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    duckdb.sql("""SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 5 END AS number,
                  CASE WHEN i % 11 = 0 THEN NULL WHEN i % 6 = 0 THEN '' ELSE chr(97 + (i % 9)::INTEGER) || ',"é''' END AS text,
                  CASE WHEN i % 8 = 0 THEN 'NaN'::DOUBLE WHEN i % 9 = 0 THEN 'Infinity'::DOUBLE
                       WHEN i % 10 = 0 THEN NULL ELSE (i % 12) / 7.0::DOUBLE END AS ratio,
                  TIMESTAMP '2024-01-01' + INTERVAL (i % 15) MICROSECOND AS moment
                  FROM range(200) AS t(i)""").write_parquet(str(folder / "keyed.parquet"))
    # Ten row groups, in the order of `id`; `sparse` has NULLs among them.
    duckdb.sql("""SELECT i AS id, CASE WHEN i % 1000 = 7 THEN NULL ELSE i END AS sparse, md5(i::VARCHAR) AS m
                  FROM range(200000) AS t(i)""").write_parquet(str(folder / "long.parquet"), row_group_size=20000)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with EiderServer(folder) as running:
        yield running


def pages(server, asked):
    """The rows of all pages."""
    rows, after = [], None
    while True:
        answer = server.post("/query", {**asked, "after": after})
        assert answer.status_code == 200, answer.text
        rows.append(answer.json())
        after = answer.headers.get("Eider-Next")
        if after is None:
            return rows


@pytest.mark.parametrize("order", ["number", "number DESC", "number NULLS FIRST", "number DESC NULLS FIRST, text",
                                   "text DESC", "ratio DESC, text", "moment DESC, ratio NULLS FIRST"])
def test_pages_joined_are_the_whole(server, order):
    whole = server.post("/query", {"sql": f"{ORDERED}{order}, id"}).json()
    for limit in (30, 200):
        parts = pages(server, {"sql": ORDERED + order, "key": ["id"], "limit": limit})
        assert [row for part in parts for row in part] == whole
        assert [len(part) for part in parts] == [min(limit, 200 - at) for at in range(0, 200, limit)]


def test_pages_of_groups_with_values(server):
    asked = {"sql": "SELECT number, count(*) AS n FROM keyed WHERE id < $1 GROUP BY number ORDER BY n DESC",
             "params": [150], "key": ["number"], "limit": 2}
    rows = [row for part in pages(server, asked) for row in part]
    assert rows == server.post("/query", {"sql": asked["sql"] + ", number", "params": [150]}).json()


def test_the_token_is_told_in_the_metadata_too(server):
    asked = {"sql": "FROM keyed", "key": ["id"], "limit": 150, "metadata": True}
    first = server.post("/query", asked)
    assert first.json()["metadata"]["next"] == first.headers["Eider-Next"] and len(first.json()["data"]) == 150
    kept = server.post("/query", asked)
    assert kept.headers["X-Cache"] == "hit" and kept.headers["Eider-Next"] == first.headers["Eider-Next"]
    last = server.post("/query", {**asked, "after": first.headers["Eider-Next"]})
    assert last.json()["metadata"]["next"] is None and "Eider-Next" not in last.headers
    assert last.json()["data"][0]["id"] == 150 and last.json()["metadata"]["stats"]["rows"] == 50
    csv = server.post("/query", {**asked, "format": "csv", "metadata": False})
    assert csv.headers["Eider-Next"] == first.headers["Eider-Next"]
    assert "next" not in server.post("/query", {"sql": "FROM keyed", "metadata": True}).json()["metadata"]


@pytest.mark.parametrize("change,words,parameter", [
    ({"limit": None}, "need a 'limit'", "limit"),
    ({"limit": 0}, "need a 'limit'", "limit"),
    ({"limit": 100001}, "need a 'limit'", "limit"),
    ({"key": None}, "'key' is a list", "key"),
    ({"key": ["nothing"]}, "'key' names 'nothing'", "key"),
    ({"key": ["number"], "limit": 3}, "alike in 'number'", "key"),
    ({"sql": "FROM keyed ORDER BY id LIMIT 50"}, "has a LIMIT of its own", "sql"),
    ({"sql": "SELECT id FROM keyed ORDER BY number"}, "'number' is none", "sql"),
    ({"sql": "SELECT id, random() AS r FROM keyed"}, "has no pages", "key"),
    ({"sql": "SELECT id, nmber FROM keyed"}, "line 1, column 12", None),
    ({"after": ""}, "'after' is the token", "after"),
    ({"after": "x"}, "begin again without 'after'", "after"),
    ({"into": "results/a.csv"}, "is written whole", "into"),
])
def test_what_has_no_pages_is_told(server, change, words, parameter):
    asked = {"sql": "FROM keyed", "key": ["id"], "limit": 5, **change}
    refused = server.post("/query", asked)
    assert refused.status_code == 400, refused.text
    assert words in refused.json()["detail"] and refused.json().get("parameter") == parameter


def test_a_token_is_of_one_question_and_one_state_of_the_lake(serve, tmp_path):
    (tmp_path / "birds.csv").write_text("id\n1\n2\n3\n")
    server = serve(tmp_path)
    asked = {"sql": "SELECT id FROM birds WHERE id < $1", "params": [9], "key": ["id"], "limit": 1}
    token = server.post("/query", asked).headers["Eider-Next"]
    assert server.post("/query", {**asked, "after": token}).json() == [{"id": 2}]
    assert server.post("/query", {**asked, "after": token, "limit": 7}).json() == [{"id": 2}, {"id": 3}]
    without = {name: value for name, value in asked.items() if name != "key"}
    for other in ({**asked, "params": [8]}, {**asked, "sql": asked["sql"] + " ORDER BY id DESC"},
                  {**asked, "key": []} | {"sql": asked["sql"] + " ORDER BY id"}, without):
        assert server.post("/query", {**other, "after": token}).status_code == 400
    (tmp_path / "birds.csv").write_text("id\n0\n1\n2\n3\n")
    stale = server.post("/query", {**asked, "after": token})
    assert stale.status_code == 400 and "the data has changed" in stale.json()["detail"]


@pytest.mark.parametrize("order", ["id", "id DESC", "sparse", "sparse DESC", "sparse NULLS FIRST"])
def test_a_late_page_reads_no_more_than_the_first(server, order):
    asked = {"sql": f"SELECT id, sparse FROM long ORDER BY {order}", "key": ["id"], "limit": 90000}
    def row_groups(after=None):
        return server.post("/query", {**asked, "after": after, "dry_run": True}).json()["row_groups_kept"]
    first = server.post("/query", asked).headers["Eider-Next"]
    second = server.post("/query", {**asked, "after": first}).headers["Eider-Next"]
    assert row_groups() == 10
    # Row groups with NULLs are kept where NULLs come last: they may be behind.
    if "sparse" not in order or "FIRST" in order:
        assert row_groups(first) <= 6 and row_groups(second) <= 2, (row_groups(first), row_groups(second))


def test_on_s3_a_late_page_asks_for_fewer_bytes(folder):
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(s3_servers.started("versitygw"))
        store.client().create_bucket(Bucket="lake")
        store.client().upload_file(str(folder / "long.parquet"), "lake", "long.parquet")
        server = stack.enter_context(EiderServer("s3://lake", "--cache-memory", "1KiB", **store.environment()))
        asked = {"sql": "SELECT id, m FROM long ORDER BY id", "key": ["id"], "limit": 60000, "metadata": True}
        bytes_read, rows, after = [], [], None
        while True:
            answer = server.post("/query", {**asked, "after": after}).json()
            rows += answer["data"]
            bytes_read.append(answer["metadata"]["stats"]["bytes"])
            after = answer["metadata"]["next"]
            if after is None:
                break
        assert [row["id"] for row in rows] == list(range(200000))
        assert bytes_read == sorted(bytes_read, reverse=True) and bytes_read[-1] < bytes_read[0] / 3, bytes_read
