"""Bad lakes, files and names: each has a clear answer that names it, and nothing outside of the lake is readable."""
import itertools
import os
import socket
import urllib.parse

import pytest

from support import raw_http
from support.eider_server import run
from support.raw_http import Client
from support.relations import write

SECRET = "nobody outside of the lake may read this"


def problem(server, target, status, *words):
    """The detail of a refusal with this status that holds these words."""
    answer = raw_http.ask(server.port, target, "Accept: */*")
    text = answer.body.decode()
    assert answer.status == status, text
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(word in text for word in words), text
    assert not any(leak in text for leak in ("lake://", "read_csv", "read_parquet", "LINE 1", "SELECT")), text
    return text


# --- The lake ---


@pytest.mark.parametrize("verb", [["serve", "--listen", "127.0.0.1:0"], ["datasets"], ["check"], ["get", "a.csv"]],
                         ids=lambda verb: verb[0])
def test_no_lake_is_named(verb):
    done = run(*verb)
    assert done.returncode == 1 and "--lake" in done.stderr and "EIDER_LAKE" in done.stderr


@pytest.mark.parametrize("verb", [["serve", "--listen", "127.0.0.1:0"], ["datasets"], ["check"], ["get", "a.csv"]],
                         ids=lambda verb: verb[0])
def test_a_lake_that_does_not_exist(tmp_path, verb):
    done = run(*verb, "--lake", tmp_path / "nowhere")
    assert done.returncode in (1, 3) and f"{tmp_path}/nowhere" in done.stderr, done.stderr


def test_a_lake_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x\n1\n")
    done = run("datasets", "--lake", tmp_path / "file")
    assert done.returncode in (1, 3) and f"{tmp_path}/file" in done.stderr


@pytest.mark.parametrize("root", ["ftp://127.0.0.1/lake", "s3://", "s3://Not_A_Bucket!/x", "http://"])
def test_a_lake_of_a_kind_that_there_is_not(root):
    done = run("datasets", "--lake", root)
    assert done.returncode in (1, 3) and done.stderr.startswith("eider: "), done.stderr


def test_an_empty_lake(serve, tmp_path):
    server = serve(tmp_path)
    assert server.get("/datasets").json()["dataset"] == []
    assert server.get("/").status_code == 200
    problem(server, "/a.csv", 404, "no dataset 'a'")
    listed = run("datasets", "--lake", tmp_path)
    assert listed.returncode == 0 and listed.stdout == b"" and "no datasets" in listed.stderr
    assert run("check", "--lake", tmp_path).returncode == 0
    server.terminate()
    assert server.wait() == 0 and "the lake is empty" in server.log and "name.parquet" in server.log


def test_a_lake_fills_while_it_is_served(serve, tmp_path):
    server = serve(tmp_path)
    problem(server, "/a.csv", 404)
    (tmp_path / "a.csv").write_text("x\n1\n")
    assert server.get("/a.csv").text == "x\r\n1\r\n"
    (tmp_path / "a.csv").unlink()
    problem(server, "/a.csv", 404)


# --- Broken files ---

@pytest.fixture
def parquet(tmp_path):
    return write("SELECT i, 'text ' || i AS t FROM range(50000) AS r(i)", tmp_path / "a.parquet",
                 "ROW_GROUP_SIZE 10000")


@pytest.mark.parametrize("target", ["/a.csv", "/a", "/a.parquet?_limit=1", "/a.json?_count=1"])
def test_a_parquet_file_cut_in_half(serve, tmp_path, parquet, target):
    parquet.write_bytes(parquet.read_bytes()[:parquet.stat().st_size // 2])
    problem(serve(tmp_path), target, 502, "'a.parquet'", "cut off")


@pytest.mark.parametrize("spoil, words", [(lambda data: data[:-4] + b"PAR2", ["PAR1"]),
                                          (lambda data: data[:-8] + b"\xff\xff\xff\x7f" + data[-4:], ["footer"]),
                                          (lambda data: data[:-8] + b"\x04\x00\x00\x00" + data[-4:], ["footer"]),
                                          (lambda data: data[:-60] + b"\xff" * 52 + data[-8:], ["footer"]),
                                          (lambda data: b"PAR1PAR1", ["short"]), (lambda data: b"PAR1", []),
                                          (lambda data: b"x", []), (lambda data: b"a,b\n1,2\n" * 100, ["PAR1"])],
                         ids=[
                             "other magic", "footer beyond the file", "footer too short", "rubbish in the footer",
                             "only magics", "four bytes", "one byte", "CSV"
                         ])
def test_a_wrong_footer(serve, tmp_path, parquet, spoil, words):
    parquet.write_bytes(spoil(parquet.read_bytes()))
    problem(serve(tmp_path), "/a.csv", 502, "'a.parquet'", *words)


def test_broken_pages_behind_a_good_footer_never_give_rows(serve, tmp_path, parquet):
    """Found only while reading: an error, or a body that is visibly cut."""
    data = bytearray(parquet.read_bytes())
    data[1000:20000] = os.urandom(19000)
    parquet.write_bytes(data)
    server = serve(tmp_path)
    try:
        answer = raw_http.ask(server.port, "/a.csv", "TE: trailers")
    except raw_http.Cut:
        return
    assert answer.status in (500, 502) and b"a.parquet" in answer.body and b"lake://" not in answer.body, answer.body


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.json", "a.ndjson", "a.csv.gz"])
def test_zero_bytes(serve, tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    problem(serve(tmp_path), "/a.csv", 502, f"'{name}'", "zero bytes")


def test_one_broken_object_among_good_ones(serve, tmp_path, parquet):
    for number in range(3):
        write("SELECT 1 AS x", tmp_path / f"many/{number}.parquet")
    (tmp_path / "many/1.parquet").write_bytes(b"rubbish that is long enough")
    server = serve(tmp_path)
    problem(server, "/many.csv", 502, "'many/1.parquet'")
    assert server.get("/a.csv?_limit=1").status_code == 200, "other datasets are served"


RAGGED = {
    "one cell too many": "a,b\n1,2\n3,4,5\n6,7\n",
    "one cell too few": "a,b,c\n1,2,3\n4,5\n6,7,8\n",
    "both": "a,b\n1,2\n3\n4,5,6\n",
    "an open quote": 'a,b\n1,"two\n3,4\n',
    "late": "a,b\n" + "1,2\n" * 50_000 + "3,4,5\n",
    "late and short": "a,b,c\n" + "1,2,3\n" * 50_000 + "3,4\n",
}


@pytest.mark.parametrize("kind", RAGGED)
def test_ragged_csv_loses_no_row_in_silence(serve, tmp_path, kind):
    (tmp_path / "a.csv").write_text(RAGGED[kind])
    try:
        answer = raw_http.ask(serve(tmp_path).port, "/a.csv")
    except raw_http.Cut:
        return
    text = answer.body.decode()
    assert answer.status in (400, 502) and "'a.csv'" in text, text[:500]
    assert "line" in text.lower() or "row" in text.lower(), text


@pytest.mark.parametrize("content, words", [
    ("[{\"a\": 1},", ["a.json"]),
    ("{\"a\": 1}{\"a\"", ["a.json"]), ("not json at all", ["a.json"]), ("[1, 2, 3]", [])
])
def test_broken_json(serve, tmp_path, content, words):
    (tmp_path / "a.json").write_text(content)
    answer = serve(tmp_path).get("/a.csv")
    assert answer.status_code in (200, 400, 502) and (words == [] or answer.status_code != 200), answer.text
    assert all(word in answer.text for word in words), answer.text


def test_text_that_is_not_utf_8(serve, tmp_path):
    (tmp_path / "a.csv").write_bytes("name,n\nMüller,1\n".encode("latin-1"))
    answer = serve(tmp_path).get("/a.csv")
    assert answer.status_code in (400, 502) and "a.csv" in answer.text and "UTF-8" in answer.text.upper(), answer.text


@pytest.mark.parametrize("second, words", [("SELECT 'x' AS a", ["'a'"]), ("SELECT 1 AS b", ["'a'"]),
                                           ("SELECT 1 AS a, 2 AS b", ["'b'"])])
def test_two_files_of_different_schemas(serve, tmp_path, second, words):
    write("SELECT 1 AS a", tmp_path / "d/one.parquet")
    write(second, tmp_path / "d/two.parquet")
    server = serve(tmp_path)
    problem(server, "/d.csv", 400, "'d/one.parquet'", "'d/two.parquet'", "union_by_name", *words)
    problem(server, "/d", 400, "'d/one.parquet'", "'d/two.parquet'")


def test_two_formats_in_a_folder_and_two_files_of_one_name(serve, tmp_path):
    write("SELECT 1 AS a", tmp_path / "d/one.parquet")
    write("SELECT 1 AS a", tmp_path / "d/two.csv")
    write("SELECT 1 AS a", tmp_path / "e.parquet")
    write("SELECT 1 AS a", tmp_path / "e.csv")
    server = serve(tmp_path)
    problem(server, "/d.csv", 400, "'d/one.parquet'", "'d/two.csv'")
    problem(server, "/e.csv", 400, "'e.parquet'", "'e.csv'")


# --- Names: nothing but the lake ---

@pytest.fixture
def fenced(serve, tmp_path):
    """A lake with a secret beside it, and links to the secret in it."""
    lake = tmp_path / "lake"
    write("SELECT 1 AS x", lake / "a.parquet")
    (tmp_path / "secret.csv").write_text(f"x\n{SECRET}\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/one.csv").write_text(f"x\n{SECRET}\n")
    (lake / "linked.csv").symlink_to(tmp_path / "secret.csv")
    (lake / "folder").symlink_to(tmp_path / "secrets")
    (lake / "inside").mkdir()
    (lake / "inside/one.csv").symlink_to(tmp_path / "secret.csv")
    (lake / ".hidden.csv").write_text(f"x\n{SECRET}\n")
    (lake / "quote'd.csv").write_text("x\n1\n")
    return serve(lake)


@pytest.mark.parametrize("path", [
    "/../secret.csv", "/..%2fsecret.csv", "/%2e%2e/secret.csv", "/%2e%2e%2fsecret.csv", "/%252e%252e%252fsecret.csv",
    "/..\\secret.csv", "/./../secret.csv", "/a/../../secret.csv", "/..csv", "/...csv", "/%2e%2e.csv", "/%00.csv",
    "/a%00b.csv", "/secret.csv%00.csv", "//secret.csv", "/a%2fb.csv", "/a/b.csv", "/quote'd.csv", "/quote%27d.csv",
    "/%22a%22.csv", "/a%3bb.csv", "/a*.csv", "/*.csv", "/%2a.csv", "/etc%2fpasswd.csv", "/.hidden.csv", "/hidden.csv",
    "/lake:%2f%2fa.csv", "/file:%2f%2f%2fetc%2fpasswd.csv", "/%ff.csv", "/linked.csv", "/linked", "/folder.csv",
    "/folder", "/inside.csv", "/inside/one.csv", "/secret.csv", "/secrets/one.csv"
])
def test_no_other_file_is_readable(fenced, path):
    answer = raw_http.ask(fenced.port, path)
    assert SECRET.encode() not in answer.body and b"root:" not in answer.body
    assert answer.status == (502 if path.startswith("/folder") else 404) or answer.status == 400, answer
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_linked_from_outside_is_not_listed_either(fenced):
    listed = {entry["name"] for entry in fenced.get("/datasets").json()["dataset"]}
    assert "a" in listed and not listed & {"linked", "quote'd", "hidden"}


@pytest.mark.parametrize("value", [
    "../secret.csv", "lake://../secret.csv", "file:///etc/passwd", "' UNION SELECT * FROM read_text('/etc/passwd') --",
    "$(cat /etc/passwd)"
])
def test_no_file_is_readable_through_a_value(fenced, value):
    for parameter in ("x", "x__in", "_columns", "_sort", "_after", "_receipt", "x__between", "_limit"):
        answer = fenced.get(f"/a.csv?{parameter}={urllib.parse.quote(value)}")
        assert SECRET not in answer.text and "root:" not in answer.text
        assert answer.status_code in (400, 404)


# --- Requests that are too much ---

def test_a_query_string_of_a_megabyte(fenced):
    with Client(fenced.port) as client:
        client.send("/a.csv?x=" + "1" * 1_000_000, "Connection: close")
        answer = client.rest(client.head())
    assert answer.status == 414 and b"8192" in answer.body.replace(b",", b"")
    assert fenced.get("/a.csv").status_code == 200


@pytest.mark.parametrize("query", [
    "&".join(f"x={number}" for number in range(1000)), "x__in=" + ",".join(map(str, range(1500))),
    "_sort=" + ",".join(["x"] * 1000), "&" * 5000, "x=1&" * 1500
])
def test_a_long_but_honest_query_is_answered(fenced, query):
    assert fenced.get("/a.csv?" + query).status_code in (200, 400)


def test_a_flood_of_headers(fenced):
    with Client(fenced.port) as client:
        try:
            client.send("/a.csv", *(f"X-Flood-{number}: {'x' * 100}" for number in range(5000)))
        except ConnectionError:  # it answered and closed before all was sent
            pass
        answer = client.rest(client.head())
    assert answer.status == 431 and b"header" in answer.body.lower()
    assert fenced.get("/a.csv").status_code == 200


def test_slow_headers_do_not_keep_others_waiting(fenced):
    """A hundred clients that never end their headers; who asks properly is answered at once."""
    slow = [socket.create_connection(("127.0.0.1", fenced.port)) for _ in range(100)]
    for client in slow:
        client.sendall(b"GET /a.csv HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    for client, letter in itertools.product(slow, b"drip"):
        client.sendall(bytes([letter]))
    assert fenced.get("/a.csv").status_code == 200
    assert fenced.metric("eider_connections_open") >= 100
    for client in slow:
        client.close()


def test_a_value_of_the_wrong_type_is_named(fenced):
    problem(fenced, "/a.csv?x=many", 400, "'many'", "INTEGER", '"parameter":"x"')


def test_refusals_do_not_pile_up(fenced):
    """A thousand bad requests leave nothing behind: no query, no result, no memory to speak of."""
    for number in range(50):
        fenced.get(f"/a.csv?nothing{number}=1")
    before = fenced.memory_bytes()
    for number in range(1000):
        assert fenced.get(f"/a.csv?nothing{number}=1").status_code == 400
    assert fenced.memory_bytes() - before < 32 << 20
    assert (fenced.metric("eider_queries_total"), fenced.metric("eider_results_kept")) == (0, 0)
