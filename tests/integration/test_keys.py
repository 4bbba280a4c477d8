"""API keys: eider keys, what a key opens, its limits, its end while the server runs, and what the log says of it."""
import concurrent.futures
import json
import os
import stat

import pytest
import requests

from support.eider_server import PATIENCE_SECONDS, EiderServer, run
from support.raw_http import Client

ENDLESS = "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE a.range + b.range + c.range = 7"


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    (folder / "birds.csv").write_text("id,name\n1,eider\n2,smew\n3,scoter\n")
    (folder / "ships.csv").write_text("id\n7\n")
    return folder


@pytest.fixture
def keys(tmp_path):
    return tmp_path / "keys.json"


def add(keys, name, *options):
    done = run("keys", "add", name, "--keys", keys, *options)
    assert done.returncode == 0, done.stderr
    secret = done.stdout.decode().strip()
    assert secret.startswith("eider_") and secret not in done.stderr
    return secret


def listed(keys):
    return [json.loads(line) for line in run("keys", "list", "--json", "--keys", keys).stdout.splitlines()]


def test_a_key_is_printed_once_and_kept_as_its_hash(keys):
    secret = add(keys, "alice", "--expires", "90d", "--dataset", "birds", "--rows", "10", "--bytes", "1MB", "--time", "30s")
    assert secret not in keys.read_text()
    assert stat.S_IMODE(os.stat(keys).st_mode) == 0o600
    done = run("keys", "list", EIDER_KEYS_FILE=keys)
    assert secret not in done.stdout.decode()
    assert all(word in done.stdout.decode() for word in ("alice", "expires", "only birds", "10 rows", "30 s")), done.stdout
    assert listed(keys)[0]["name"] == "alice" and listed(keys)[0]["datasets"] == ["birds"]


def test_revoke_takes_an_id_or_a_name(keys):
    for name in ("alice", "bob", "bob"):
        add(keys, name)
    several = run("keys", "revoke", "bob", "--keys", keys)
    assert several.returncode == 1 and "several keys" in several.stderr and len(listed(keys)) == 3
    assert run("keys", "revoke", "alice", "nobody", "--keys", keys).returncode == 1 and len(listed(keys)) == 3
    first = listed(keys)[1]["id"]
    assert run("keys", "revoke", "alice", first, "--keys", keys).returncode == 0
    assert [key["name"] for key in listed(keys)] == ["bob"] and listed(keys)[0]["id"] != first


@pytest.mark.parametrize("arguments, word", [
    (["add", "a"], "--keys"), (["add", "a", "--expires", "yesterday"], "--expires"),
    (["add", "a", "--expires", "2001-01-01"], "--expires"), (["add", "a", "--bytes", "much"], "--bytes"), (["add", "a", "--memory", "0"], "--memory"),
    (["add", "a", "--time", "5"], "--time"), (["add", "a", "--rows", "0"], "--rows"),
    (["add", "a\nb"], "name"), (["add", "a", "--dataset", "x/y"], "dataset"), (["revoke", "a"], "--keys"),
])
def test_wrong_words_are_named(keys, arguments, word):
    file = [] if word == "--keys" else ["--keys", keys]
    done = run("keys", *arguments, *file)
    assert done.returncode in (1, 2) and word in done.stderr and not done.stdout and not keys.exists()


def test_two_that_add_at_once_lose_nothing(keys):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(lambda n: add(keys, f"holder{n}"), range(16)))
    assert len(set(secrets)) == 16 and len(listed(keys)) == 16


def test_a_key_is_revoked_and_another_added_while_it_serves(serve, lake, keys):
    (lake / "eider.yaml").write_text("datasets: {birds: {access: key}}\n")
    alice = add(keys, "alice")
    server = serve(lake, "--keys", keys)
    assert server.get("/birds.csv").status_code == 401
    assert server.get("/birds.csv", authorization=f"Bearer {alice}").status_code == 200
    assert server.get("/birds.csv", x_api_key=alice).status_code == 200
    bob = add(keys, "bob")
    assert server.get("/birds.csv", authorization=f"Bearer {bob}").status_code == 200
    assert run("keys", "revoke", "alice", "--keys", keys).returncode == 0
    refused = server.get("/birds.csv", authorization=f"Bearer {alice}")
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert server.get("/birds.csv", authorization=f"Bearer {bob}").status_code == 200
    assert alice not in server.log and bob not in server.log


def test_a_file_that_breaks_opens_nothing_and_is_taken_again_when_it_is_mended(serve, lake, keys):
    alice = add(keys, "alice")
    server = serve(lake, "--keys", keys)
    good = keys.read_text()
    keys.write_text(good[:-10])
    refused = server.get("/birds.csv", x_api_key=alice)
    assert refused.status_code == 503 and "Retry-After" in refused.headers and str(keys) not in refused.text
    assert str(keys) in server.wait_for_log("keys_unreadable")
    assert server.get("/birds.csv").status_code == 200
    keys.write_text(good)
    assert server.get("/birds.csv", x_api_key=alice).status_code == 200
    keys.chmod(0o644)
    assert server.get("/birds.csv", x_api_key=alice).status_code == 503
    keys.chmod(0o600)
    assert server.get("/birds.csv", x_api_key=alice).status_code == 200


@pytest.mark.parametrize("text, mode, words", [
    ("{", 0o600, ["keys.json:"]), ("keys: []", 0o644, ["chmod 600"]), ("keys: [{name: a}]", 0o600, ["sha256"]),
    ("keys: [{name: a, sha256: hunter2}]", 0o600, ["64 hexadecimal"]), (None, 0, ["keys.json", "eider keys add"]),
])
def test_a_wrong_file_of_keys_is_told_before_anything_is_served(lake, keys, text, mode, words):
    if text is not None:
        keys.write_text(text)
        keys.chmod(mode)
    code, said = EiderServer(lake, "--keys", keys).refusal()
    assert code == 1 and all(word in said for word in words) and "hunter2" not in said


def test_a_file_of_keys_in_the_lake_is_refused(lake):
    add(lake / "keys.json", "alice")
    code, said = EiderServer(lake, "--keys", lake / "keys.json").refusal()
    assert code == 1 and "lies in the lake" in said


def test_what_is_sent_as_a_key_but_is_none(serve, lake, keys):
    alice = add(keys, "alice")
    server = serve(lake, "--keys", keys)
    def status(*headers):
        with Client(server.port) as client:
            return client.ask("/birds.csv", *headers).status
    assert status(f"Authorization: Bearer {alice}") == 200
    assert status(f"authorization: bearer {alice}") == 200
    assert status("Authorization: Basic YTpi") == 200, "another scheme is no key"
    assert status(f"Authorization: Bearer {alice}", f"Authorization: Bearer {alice}") == 400
    assert status(f"Authorization: Bearer {alice}", f"X-API-Key: {alice}") == 400
    assert status("Authorization: Bearer ") == 401
    assert status(f"Authorization: Bearer {alice[:-1]}") == 401
    assert status(f"Authorization: Bearer {alice}x") == 401
    assert status("X-API-Key: \x80\xff") in (400, 401)
    with Client(server.port) as client:
        client.send("/birds.csv", "X-API-Key: " + "a" * (16 * 1024))
        assert client.head().status == 431
    large = requests.get(server.url + "healthz", timeout=PATIENCE_SECONDS)
    assert large.status_code == 200


def test_a_key_of_a_megabyte(serve, lake, keys):
    add(keys, "alice")
    server = serve(lake, "--keys", keys)
    with Client(server.port) as client:
        try:
            client.send("/birds.csv", "X-API-Key: " + "a" * (1 << 20))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it did not wait for the end
        else:
            assert client.head().status == 431
    assert server.get("/birds.csv").status_code == 200


def test_a_key_opens_its_datasets_alone(serve, lake, keys):
    alice = add(keys, "alice", "--dataset", "birds")
    server = serve(lake, "--keys", keys)
    assert server.get("/birds.csv", x_api_key=alice).status_code == 200
    refused = server.get("/ships.csv", x_api_key=alice)
    assert refused.status_code == 403 and "birds" in refused.json()["detail"]
    assert server.post("/query", {"sql": "FROM birds"}, x_api_key=alice).status_code == 200
    for sql in ("FROM ships", "FROM birds, ships", "SELECT (SELECT max(id) FROM ships)"):
        assert server.post("/query", {"sql": sql}, x_api_key=alice).status_code == 403, sql
    for sql in ("FROM 'ships.csv'", "FROM lake('s*.csv')", "FROM read_csv('ships.csv')"):
        assert "go around" in server.post("/query", {"sql": sql}, x_api_key=alice).json()["detail"], sql
    assert [d["name"] for d in server.get("/datasets", x_api_key=alice).json()["dataset"]] == ["birds"]
    reasons = [(line["reason"], line["status"], line["principal"]) for line in server.log_lines("denied")]
    assert reasons == [("dataset_not_allowed", 403, "alice")] * 4


def test_a_key_tells_of_its_datasets_alone(serve, lake, keys):
    (lake / "eider.yaml").write_text("views: {fleet: FROM ships, flock: FROM birds}\n")
    alice, bob = add(keys, "alice", "--dataset", "birds", "--dataset", "flock"), add(keys, "bob")
    server = serve(lake, "--keys", keys)
    def nodes(key):
        return {node["name"]: node["reads"] for node in server.get("/lineage.json", x_api_key=key).json()["nodes"]}
    assert nodes(alice) == {"birds": [], "flock": ["birds"]}
    assert nodes(bob) == {"birds": [], "flock": ["birds"], "ships": [], "fleet": ["ships"]}


def test_limits_of_a_key_and_of_who_has_none(serve, lake, keys):
    (lake / "eider.yaml").write_text("limits: {anonymous: {rows: 2, time: 1s}, keys: {bytes: 1MB}}\n")
    alice, rows, small = add(keys, "alice"), add(keys, "rows", "--rows", "1"), add(keys, "small", "--bytes", "10B")
    server = serve(lake, "--keys", keys)
    whole = {"range": "bytes=0-"}  # the end is known before it begins
    assert server.get("/birds.csv", **whole).status_code == 413
    assert "2 rows" in server.get("/birds.csv", **whole).json()["detail"]
    assert server.get("/birds.csv?_limit=2").status_code == 200
    assert server.get("/birds.csv", x_api_key=alice, **whole).status_code == 206
    assert server.get("/birds.csv", x_api_key=rows, **whole).status_code == 413
    late = server.post("/query", {"sql": ENDLESS})
    assert late.status_code == 504
    assert server.get("/birds.csv", x_api_key=small, **whole).status_code == 413


def test_memory_of_a_key(serve, lake, keys):
    (lake / "eider.yaml").write_text("limits: {keys: {memory: 64MiB}}\n")
    alice, bob = add(keys, "alice"), add(keys, "bob", "--memory", "1GiB")
    assert "1.0 GiB of memory" in run("keys", "list", "--keys", keys).stdout.decode()
    server = serve(lake, "--keys", keys)
    asked = {"sql": "SELECT len(list(range)) AS n FROM range(20000000)"}  # 160 MB
    for _ in range(2):
        refused = server.post("/query", asked, x_api_key=alice)
        assert refused.status_code == 413 and "64.0 MiB of memory" in refused.json()["detail"]
        assert server.post("/query", asked, x_api_key=bob).json() == [{"n": 20_000_000}]
    assert server.get("/birds.csv?_sort=-name", x_api_key=alice).status_code == 200


def test_the_rate_is_told_and_held(serve, lake, keys):
    alice = add(keys, "alice", "--requests-per-second", "0.01", "--burst", "3")
    server = serve(lake, "--keys", keys)
    for left in (2, 1, 0):
        answer = server.get("/birds.csv", x_api_key=alice)
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"requests";q=3;w=300'
        assert answer.headers["RateLimit"].startswith(f'"requests";r={left};t=')
    refused = server.get("/birds.csv", x_api_key=alice)
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 100
    assert refused.json()["title"] == "Too Many Requests"
    assert server.get("/birds.csv").status_code == 200, "another client"
    assert server.log_lines("denied")[-1]["reason"] == "rate"


def test_a_full_queue_answers_503(serve, lake):
    server = serve(lake, "--queries", "1", "--queue", "1")
    def ask(n):
        return server.post("/query", {"sql": f"{ENDLESS} + {n}"}, stream=True)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(ask, n) for n in range(3)]
        first = next(concurrent.futures.as_completed(asked)).result()
        assert first.status_code == 503 and int(first.headers["Retry-After"]) > 0
        assert "wait for their turn" in first.json()["detail"]
        server.process.send_signal(2)
        server.wait_for_log("stopping")  # or both would be one signal, which lets what runs finish
        server.process.send_signal(2)
        for future in asked:
            try:
                future.result()
            except requests.RequestException:
                pass


def test_the_log_says_who_and_what(serve, lake, keys):
    alice = add(keys, "alice")
    server = serve(lake, "--keys", keys)
    server.get("/birds.csv?id=1", x_api_key=alice)
    server.post("/query", {"sql": "SELECT 1 AS one"}, x_api_key=alice)
    requests.post(f"{server.url}2015-03-31/functions/f/invocations", json={"q": "SELECT 2 AS two"},
                  headers={"X-Api-Key": alice}, timeout=PATIENCE_SECONDS)
    server.get("/nothing", x_api_key="wrong")
    server.terminate()
    assert server.wait() == 0
    assert server.log_lines("download")[0]["principal"] == "alice"
    assert [line["sql"] for line in server.log_lines("query")] == ["SELECT 1 AS one", "SELECT 2 AS two"]
    assert {line["principal"] for line in server.log_lines("query")} == {"alice"}
    lines = server.log_lines("request")
    assert [line["principal"] for line in lines] == ["alice", "alice", "alice", ""]
    denied = server.log_lines("denied")
    assert [(line["reason"], line["path"], line["status"]) for line in denied] == [("unknown_key", "/nothing", 401)]
    assert denied[0]["id"] == lines[-1]["id"]


@pytest.mark.parametrize("address", ["0.0.0.0:0", ":::0", "[::]:0"])
def test_others_are_let_in_on_purpose_alone(lake, keys, address):
    code, said = EiderServer(lake, "--listen", address).refusal()
    assert code == 1 and all(word in said for word in ("--keys", "--open", "eider keys add"))
    assert EiderServer(lake, "--listen", "0.0.0.0:0", "--open").refusal() is None
    (lake / "eider.yaml").write_text("auth: {anonymous: false}\n")
    code, said = EiderServer(lake, "--listen", "0.0.0.0:0", "--open").refusal()
    assert code == 1 and "anonymous: false" in said


def test_where_others_reach_it_a_key_is_wanted(serve, lake, keys):
    alice = add(keys, "alice")
    server = serve(lake, "--keys", keys, "--listen", "0.0.0.0:0")
    server.url = f"http://127.0.0.1:{server.port}/"
    assert "keys_without_tls" in server.log
    for path in ("/datasets", "/birds.csv", "/metrics", "/openapi.json"):
        refused = server.get(path)
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"] == 'Bearer realm="eider"', path
        assert server.get(path, authorization=f"Bearer {alice}").status_code == 200, path
    assert server.post("/query", {"sql": "SELECT 1"}).status_code == 401
    assert server.get("/healthz").status_code == server.get("/readyz").status_code == 200


def test_a_page_of_another_origin_may_send_a_key_where_it_is_allowed(serve, lake, keys):
    (lake / "eider.yaml").write_text("cors: ['https://data.example.org']\n")
    alice = add(keys, "alice")
    server = serve(lake, "--keys", keys)
    asked = {"origin": "https://data.example.org", "access_control_request_method": "POST",
             "access_control_request_headers": "authorization, content-type"}
    allowed = server.request("OPTIONS", "/query", **asked)
    assert allowed.status_code == 204 and "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    answer = server.get("/birds.csv", origin="https://data.example.org", authorization=f"Bearer {alice}")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://data.example.org"
    assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
    other = server.request("OPTIONS", "/query", **{**asked, "origin": "https://evil.example.org"})
    assert other.status_code == 405 and "Access-Control-Allow-Origin" not in other.headers
