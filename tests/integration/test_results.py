"""Answers that go to the lake: POST /query with "into", on a folder and on S3, and the downloads of their links."""
import contextlib
import io
import json
import re
import socket
import time

import pyarrow.parquet
import pytest
import requests

from support import s3_servers
from support.eider_server import PATIENCE_SECONDS, EiderServer, run

LINK = re.compile(r"/results/(\d{8}T\d{6}Z)-(open|[0-9a-f]{12})-([0-9a-f]{32})/[A-Za-z0-9_-]+\.[a-z]+")
BIG = "SELECT range AS id, md5(range::VARCHAR) AS m FROM range(1000000)"
ENDLESS = "SELECT range AS id, md5(range::VARCHAR) AS m FROM range(3000000000)"


class Place:
    """A lake, and what lies in it beside its data."""

    def __init__(self, root, environment, written, uploads, put):
        self.root, self.environment = str(root), environment
        self.written, self.uploads, self.put = written, uploads, put


def local_place(folder):
    def files(below):
        return sorted(str(path.relative_to(folder)) for path in (folder / below).rglob("*") if path.is_file())

    def put(key, data):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(data)
    return Place(folder, {}, lambda: files("_results"), lambda: files(".eider/uploads"), put)


def s3_place(server, bucket):
    client = server.client()
    client.create_bucket(Bucket=bucket)

    def written():
        listed = client.list_objects_v2(Bucket=bucket, Prefix="lake/_results/").get("Contents", [])
        return [entry["Key"].removeprefix("lake/") for entry in listed]
    return Place(f"s3://{bucket}/lake", server.environment(), written,
                 lambda: client.list_multipart_uploads(Bucket=bucket).get("Uploads", []),
                 lambda key, data: client.put_object(Bucket=bucket, Key=f"lake/{key}", Body=data))


@pytest.fixture(scope="module", params=["local", "versitygw"])
def places(request, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        if request.param == "local":
            yield lambda: local_place(tmp_path_factory.mktemp("lake"))
            return
        server = stack.enter_context(s3_servers.started(request.param))
        buckets = iter(range(1000))
        yield lambda: s3_place(server, f"results-{next(buckets)}")


@pytest.fixture
def place(places):
    place = places()
    place.put("birds.csv", b"id,name\n1,eider\n2,smew\n")
    return place


@pytest.fixture
def server(place):
    with EiderServer(place.root, "--results", "7d", **place.environment) as running:
        yield running


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_large_answer_is_written_and_downloaded(server, place):
    answer = server.post("/query", {"sql": BIG + " ORDER BY id", "into": "results/big.csv"})
    assert answer.status_code == 201, answer.text
    link = answer.json()
    assert set(link) == {"url", "format", "rows", "bytes", "expires"} and link["rows"] == 1000000
    assert LINK.fullmatch(link["url"])[2] == "open" and answer.headers["Location"] == link["url"]
    assert place.written() == ["_" + link["url"][1:]] and not place.uploads()
    whole = server.get(link["url"])
    assert whole.status_code == 200 and len(whole.content) == link["bytes"] > 30_000_000
    assert whole.headers["Content-Length"] == str(link["bytes"])
    assert whole.content == server.post("/query", {"sql": BIG + " ORDER BY id", "format": "csv"}).content
    head = server.request("HEAD", link["url"])
    assert head.headers["Content-Length"] == str(link["bytes"]) and head.headers["ETag"] == whole.headers["ETag"]
    for span, first, last in (("0-0", 0, 0), ("1000000-5000000", 1000000, 5000000), ("-100", link["bytes"] - 100, None)):
        part = server.get(link["url"], range=f"bytes={span}", if_range=whole.headers["ETag"])
        assert part.status_code == 206
        assert part.content == whole.content[first:None if last is None else last + 1]
    assert server.get(link["url"], range=f"bytes={link['bytes']}-").status_code == 416
    assert server.get(link["url"], if_none_match=whole.headers["ETag"]).status_code == 304


def test_every_format(server):
    for name in ("json", "ndjson", "csv", "tsv", "parquet", "arrow", "xlsx"):
        link = server.post("/query", {"sql": "FROM birds ORDER BY id", "into": f"results/birds.{name}"}).json()
        rows = server.get(link["url"])
        sent = server.post("/query", {"sql": "FROM birds ORDER BY id", "format": name})
        assert rows.headers["Content-Type"] == sent.headers["Content-Type"] and link["format"] == name
        if name == "parquet":
            assert pyarrow.parquet.read_table(io.BytesIO(rows.content)).column("name").to_pylist() == ["eider", "smew"]
        elif name != "xlsx":  # its archive holds the time
            assert rows.content == sent.content


def test_a_query_that_fails_leaves_nothing(place):
    late = "SELECT CASE WHEN range = 2000000 THEN CAST('x' || range AS INT) ELSE range END AS n, md5(range::VARCHAR) FROM range(3000000)"
    with EiderServer(place.root, "--results", "7d", "--time-limit", 3, "--result-bytes", "100MiB",
                     **place.environment) as server:
        assert server.post("/query", {"sql": late, "into": "results/a.csv"}).status_code == 400
        limited = server.post("/query", {"sql": ENDLESS, "into": "results/a.csv"})
        assert limited.status_code in (413, 504), limited.text
        assert server.post("/query", {"sql": "FROM nothing", "into": "results/a.csv"}).status_code == 404
        assert place.written() == [] and not place.uploads()
        assert server.post("/query", {"sql": "FROM birds", "into": "results/a.csv"}).status_code == 201


def test_a_client_that_leaves_leaves_nothing(server, place):
    body = json.dumps({"sql": ENDLESS, "into": "results/a.csv"}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_for(place.uploads)
    wait_for(lambda: not place.uploads())
    assert place.written() == []


def test_what_has_ended_is_gone(place):
    tail = "-open-0123456789abcdef0123456789abcdef/a.csv"
    old, kept = f"_results/20200101T000000Z{tail}", f"_results/29990101T000000Z{tail}"
    for key in (old, kept, "_results/mine.csv"):
        place.put(key, b"a\n1\n")
    with EiderServer(place.root, "--results", "7d", **place.environment) as server:
        ended = server.get("/" + old[1:])
        assert ended.status_code == 410 and "kept until 2020-01-01T00:00:00.000Z" in ended.json()["detail"]
        wait_for(lambda: old not in place.written())
        assert server.get("/" + kept[1:]).text == "a\n1\n"
        assert sorted(place.written()) == sorted([kept, "_results/mine.csv"])
        missing = server.get("/" + kept[1:].replace("a.csv", "b.csv"))
        assert missing.status_code == 404 and "ask again" in missing.json()["detail"]


def test_nothing_leaves_the_folder_and_nothing_else_is_served(server, place):
    for into in ("birds.csv", "../a.csv", "results/../a.csv", "results/a/b.csv", "results/%2e%2e%2fa.csv",
                 "/etc/a.csv", "s3://other/a.csv", "results/.csv", "results/a.exe", ""):
        refused = server.post("/query", {"sql": "SELECT 1 AS a", "into": into})
        assert refused.status_code == 400 and refused.json()["parameter"] == "into", into
    assert place.written() == []
    link = server.post("/query", {"sql": "SELECT 'secret' AS a", "into": "results/a.csv"}).json()["url"]
    with socket.create_connection(("127.0.0.1", server.port)) as raw:  # no client of ours tidies these up
        for path in ("/results/../birds.csv", "/results/%2e%2e/birds.csv", "/results/..%2fbirds.csv",
                     link.rsplit("/", 1)[0] + "/../../birds.csv", "/results//birds.csv", "/results/"):
            raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while b"request_id" not in answer:
                answer += raw.recv(65536)
            assert answer.startswith(b"HTTP/1.1 404"), path
    for sql in (f"FROM '_{link[1:]}'", "FROM lake('_results/*/*.csv')", "FROM glob('_results/**')"):
        assert server.post("/query", {"sql": sql}).status_code == 404
    assert [entry["name"] for entry in server.get("/datasets").json()["dataset"]] == ["birds"]
    assert server.post("/query", {"sql": "SELECT count(*) AS n FROM lake('**/*.csv')"}).json() == [{"n": 2}]


def test_a_key_has_its_results_for_itself(place, tmp_path):
    keys = tmp_path / "keys.json"
    alice, bob = (run("keys", "add", name, "--keys", keys).stdout.decode().strip() for name in ("alice", "bob"))
    with EiderServer(place.root, "--results", "7d", "--keys", keys, **place.environment) as server:
        link = server.post("/query", {"sql": "FROM birds", "into": "results/a.csv"}, x_api_key=alice).json()["url"]
        assert LINK.fullmatch(link)[2] != "open"
        assert server.get(link, x_api_key=alice).status_code == 200
        assert server.get(link, x_api_key=bob).status_code == server.get(link).status_code == 404
        run("keys", "revoke", "alice", "--keys", keys)
        assert server.get(link, x_api_key=alice).status_code == 401


def test_the_command_line_prints_the_link(server):
    done = run("query", "--remote", server.url, "--into", "results/birds.csv", "SELECT name FROM birds WHERE id = $1",
               "--param", "2")
    assert done.returncode == 0, done.stderr
    url = done.stdout.decode().strip()
    assert url.startswith(server.url) and LINK.fullmatch("/" + url.removeprefix(server.url))
    assert requests.get(url, timeout=PATIENCE_SECONDS).text == "name\r\nsmew\r\n"
    wrong = run("query", "--remote", server.url, "--into", "results/birds.exe", "FROM birds")
    assert wrong.returncode == 1 and "results/NAME.FORMAT" in wrong.stderr


def test_it_is_off_unless_it_is_asked_for(serve, tmp_path):
    (tmp_path / "birds.csv").write_text("id\n1\n")
    refused = serve(tmp_path).post("/query", {"sql": "FROM birds", "into": "results/a.csv"})
    assert refused.status_code == 400 and "--results" in refused.json()["detail"]
    assert not (tmp_path / "_results").exists()
    for age in ("0s", "soon", "7"):
        done = run("serve", "--lake", tmp_path, "--results", age, "--listen", "127.0.0.1:0")
        assert done.returncode != 0 and "such as 7d" in done.stderr
    done = run("serve", "--lake", "http://127.0.0.1:1/lake", "--results", "7d", "--listen", "127.0.0.1:0")
    assert done.returncode != 0 and "can be written" in done.stderr
