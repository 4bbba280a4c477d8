"""eider cache: what the folder of --cache holds, and emptying it beside those who use it."""
import json
import re

import duckdb
import pytest

from support.eider_server import run
from support.fake_s3 import FakeS3

SQL = "SELECT sum(a) AS s FROM lake('t.parquet')"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A Parquet object of two columns that do not compress, too big to come with its footer."""
    path = tmp_path_factory.mktemp("made") / "t.parquet"
    with duckdb.connect() as connection:
        connection.sql("SELECT hash(range) // 1000000 AS a, hash(range + 1000000) AS b FROM range(200000)"
                       ).write_parquet(str(path))
    return path.read_bytes()


@pytest.fixture
def store(content):
    with FakeS3({"lake/t.parquet": content}) as fake:
        yield fake


@pytest.fixture
def cache(store, tmp_path):
    """The folder of a cache that one query has filled."""
    folder = tmp_path / "blocks"
    done = run("query", "--lake", store.lake, "--cache", folder, SQL, **store.environment())
    assert done.returncode == 0, done.stderr
    return folder


def told(*arguments, **environment):
    done = run("cache", *arguments, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def blocks(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "CACHEDIR.TAG"]


def test_it_says_what_the_folder_holds(cache):
    use = told("--cache", cache, "--cache-bytes", "1GB")
    assert use["blocks"] == len(blocks(cache)) > 0
    assert use["bytes"] == sum(path.stat().st_size for path in blocks(cache))
    assert (use["quota_bytes"], use["unfinished"], use["damaged"]) == (10**9, 0, None)
    assert use["oldest_use"] <= use["newest_use"]
    assert told(EIDER_CACHE_FOLDER=str(cache))["blocks"] == use["blocks"]
    text = run("cache", "--cache", cache).stdout.decode()
    assert f"{use['blocks']} block" in text and "of 10" in text and "damaged" not in text


def test_it_finds_damaged_blocks(cache):
    assert told("--cache", cache, "--verify")["damaged"] == 0
    broken = blocks(cache)[0]
    broken.write_bytes(broken.read_bytes()[:-1] + b"!")
    assert told("--cache", cache, "--verify")["damaged"] == 1
    assert broken.exists()
    (cache / ("0" * 32 + "-7-1.part")).write_bytes(b"of a process that was killed")
    assert told("--cache", cache)["unfinished"] == 1


def test_it_empties_the_folder_and_touches_nothing_else(store, cache):
    (cache / "thesis.tex").write_text("mine")
    held = told("--cache", cache)["bytes"]
    assert told("--cache", cache, "--clear")["removed_bytes"] == held
    assert sorted(path.name for path in cache.rglob("*")) == ["CACHEDIR.TAG", "thesis.tex"]
    assert told("--cache", cache)["blocks"] == 0
    again = run("query", "--lake", store.lake, "--cache", cache, SQL, **store.environment())
    assert again.returncode == 0 and told("--cache", cache)["blocks"] > 0


def test_it_may_be_emptied_beside_a_server(serve, store, cache):
    server = serve(store.lake, "--cache", cache, **store.environment())
    first = server.get("/t.csv?a__gt=0&_columns=a&_limit=1000").content
    assert told("--cache", cache, "--clear")["removed_bytes"] > 0
    assert server.get("/t.csv?a__gt=0&_columns=a&_limit=1001").content.startswith(first)


@pytest.mark.parametrize("folder, words", [
    (None, ["--cache FOLDER", "EIDER_CACHE_FOLDER"]),
    ("missing", ["missing", "no folder"]),
    ("photos", ["photos", "CACHEDIR.TAG"]),
])
def test_what_is_no_cache_is_left_alone(tmp_path, folder, words):
    (tmp_path / "photos/ab").mkdir(parents=True)
    photo = tmp_path / "photos/ab/0123456789abcdef0123456789abcd"
    photo.write_text("mine")
    done = run("cache", "--clear", *(["--cache", tmp_path / folder] if folder else []))
    assert done.returncode == 1 and all(word in done.stderr for word in words), done.stderr
    assert photo.read_text() == "mine"


def test_a_quota_that_is_none_is_said(cache):
    done = run("cache", "--cache", cache, "--cache-bytes", "much")
    assert done.returncode == 1 and "--cache-bytes" in done.stderr and "much" in done.stderr


def test_metrics_tell_requests_and_blocks(serve, store, tmp_path):
    server = serve(store.lake, "--cache", tmp_path / "blocks", **store.environment())

    def metric(name):
        return float(re.search(rf"^{re.escape(name)} (\S+)$", server.get("/metrics").text, re.MULTILINE)[1])

    assert metric("eider_lake_requests_total") == 0
    assert server.get("/t.csv?_columns=a").status_code == 200
    requests, misses = metric("eider_lake_requests_total"), metric("eider_cache_misses_total")
    assert requests > 0 and misses > 0 and metric("eider_lake_bytes_total") > 1_000_000
    assert metric("eider_lake_requests_in_flight") == 0
    assert metric('eider_cache_bytes{tier="folder"}') > 1_000_000
    assert server.get("/t.csv?_columns=a&_sort=a").status_code == 200
    assert metric('eider_cache_hits_total{tier="folder"}') + metric('eider_cache_hits_total{tier="memory"}') > 0
