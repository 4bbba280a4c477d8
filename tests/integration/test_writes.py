"""Writes into a lake: one object or a partitioned dataset, all or nothing, in bounded memory."""
import os
import resource
import signal
import subprocess
import sys
import time

import pytest
from support import lakes, s3_servers, toxiproxy
from support.eider_server import binary, clean_environment, run
from support.raw_http import PATIENCE_SECONDS

ROWS = "SELECT i % 3 AS a, 'x/' || (i % 2) AS b, i FROM range(1200) t(i)"
COUNT = "SELECT count(*) AS n, sum(i) AS s, count(DISTINCT b) AS k FROM flights"


@pytest.fixture
def lake(place):
    return place()


def write(lake, sql, into, *arguments):
    done = lake.run("query", sql, "--into", into, *arguments)
    assert done.returncode == 0, done.stderr


def count(lake):
    return lake.rows(COUNT)


def test_one_object(lake):
    write(lake, ROWS, "flights.parquet")
    assert count(lake) == [{"n": 1200, "s": 719400, "k": 2}]
    again = lake.run("query", ROWS, "--into", "flights.parquet")
    assert again.returncode == 1 and "--replace" in again.stderr
    write(lake, "SELECT 1 AS i, 'y' AS b", "flights.parquet", "--replace")
    assert count(lake) == [{"n": 1, "s": 1, "k": 1}]
    write(lake, "SELECT 1 AS i", "text.csv")
    assert lake.rows("SELECT * FROM text") == [{"i": 1}]


def test_a_partitioned_dataset(lake):
    write(lake, ROWS, "flights/", "--partition-by", "a,b")
    assert count(lake) == [{"n": 1200, "s": 719400, "k": 2}]
    keys = lake.keys()
    assert len(keys) == 7 and "flights.manifest" in keys
    assert any(key.startswith("flights/a=0/b=x%2F1/part-") for key in keys), keys
    assert lake.rows("SELECT count(*) AS n FROM flights WHERE a = 1 AND b = 'x/0'") == [{"n": 200}]
    refused = lake.run("query", ROWS, "--into", "flights/", "--partition-by", "a,b")
    assert refused.returncode != 0 and "--replace" in refused.stderr
    write(lake, ROWS, "flights/", "--partition-by", "a,b", "--append")
    assert count(lake)[0]["n"] == 2400
    write(lake, "SELECT 7 AS i, 'z' AS b", "flights/", "--replace")
    assert count(lake) == [{"n": 1, "s": 7, "k": 1}]
    assert lake.rows("SELECT count(*) AS n FROM 'flights/**/*.parquet'") == [{"n": 1}]


def test_check_finds_and_removes_what_was_replaced(lake):
    write(lake, ROWS, "flights/", "--partition-by", "a,b")
    write(lake, ROWS, "flights/", "--partition-by", "a,b", "--replace")
    assert len(lake.keys()) == 13
    looked = lake.run("check")
    assert looked.returncode == 0 and looked.stdout.count(b"no manifest lists it") == 6
    assert lake.run("check", "--fix").returncode == 0
    assert len(lake.keys()) == 13, "they are younger than a day"
    fixed = lake.run("check", "--fix", "--older-than", "0s")
    assert fixed.returncode == 0 and fixed.stdout.count(b"removed ") == 6, fixed.stdout
    assert len(lake.keys()) == 7 and count(lake)[0]["n"] == 1200
    assert b"leftovers" not in lake.run("check").stdout


BIG = "SELECT i % 50 AS a, 'x' AS b, i, md5(i::VARCHAR) AS m FROM range(4000000) t(i)"


def wait_for(condition, process):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_write_that_is_killed_leaves_the_old_dataset(lake):
    write(lake, ROWS, "flights/", "--partition-by", "a,b")
    process = lake.start("query", BIG, "--into", "flights/", "--partition-by", "a", "--replace")
    wait_for(lambda: len(lake.keys()) > 9, process)
    process.kill()
    process.communicate()
    assert count(lake)[0]["n"] == 1200
    assert b"no manifest lists it" in lake.run("check").stdout
    assert lake.run("check", "--fix", "--older-than", "0s").returncode == 0
    assert len(lake.keys()) == 7 and not lake.uploads()
    assert count(lake)[0]["n"] == 1200


def test_a_first_write_that_is_killed_is_no_dataset(lake):
    process = lake.start("query", BIG, "--into", "flights/", "--partition-by", "a")
    wait_for(lambda: len(lake.keys()) > 3, process)
    process.kill()
    process.communicate()
    assert lake.run("query", COUNT).returncode == 1
    assert lake.run("check", "--fix", "--older-than", "0s").returncode in (0, 1)
    assert lake.keys() == ["flights.manifest"]
    write(lake, ROWS, "flights/")
    assert count(lake)[0]["n"] == 1200


def test_an_object_whose_write_is_killed_is_an_unfinished_upload(lake):
    process = lake.start("query", BIG, "--into", "flights.csv")
    wait_for(lake.uploads, process)
    process.kill()
    process.communicate()
    assert lake.keys() == []
    assert b"unfinished upload" in lake.run("check").stdout
    if lake.root.startswith("s3://"):  # whose it is, no name says
        kept = lake.run("check", "--fix", "--older-than", "0s")
        assert b"perhaps of another program" in kept.stdout and b"--uploads" in kept.stdout and lake.uploads()
    fixed = lake.run("check", "--fix", "--uploads", "--older-than", "0s")
    assert fixed.returncode == 0 and b"removed" in fixed.stdout, fixed.stdout
    assert not lake.uploads()


@pytest.mark.parametrize("into", [("flights.csv", ), ("flights/", "--partition-by", "a")])
def test_ctrl_c_leaves_nothing(lake, into):
    process = lake.start("query", BIG, "--into", *into)
    wait_for(lambda: lake.uploads() or len(lake.keys()) > 3, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert lake.keys() in ([], ["flights.manifest"]) and not lake.uploads()


def test_a_query_that_fails_leaves_nothing(lake):
    bad = "SELECT i % 5 AS a, CASE WHEN i = 3000000 THEN error('bad row') ELSE i END AS i FROM range(4000000) t(i)"
    for into in (("flights.csv", ), ("flights/", "--partition-by", "a")):
        done = lake.run("query", bad, "--into", *into)
        assert done.returncode == 1 and "bad row" in done.stderr
    assert lake.keys() == ["flights.manifest"] and not lake.uploads()


def test_of_two_writers_one_wins(lake):
    first = lake.start("query", BIG, "--into", "flights/", "--partition-by", "a")
    wait_for(lambda: len(lake.keys()) > 1, first)
    write(lake, ROWS, "flights/", "--partition-by", "a,b")
    _, said = first.communicate(timeout=PATIENCE_SECONDS)
    assert first.returncode == 3 and "someone else" in said
    assert len(lake.keys()) == 7 and count(lake)[0]["n"] == 1200


@pytest.mark.parametrize("arguments", [("--into", "a/", "-o", "b.csv"), ("--replace", ), ("--into", "a.csv", "--append"),
                                       ("--into", "a/", "--replace", "--append"), ("--into", "a/", "--format", "csv"),
                                       ("--into", "a.csv", "--partition-by", "x")])
def test_what_contradicts_itself_is_usage(tmp_path, arguments):
    done = run("query", "--lake", tmp_path, "SELECT 1 AS x", *arguments)
    assert done.returncode == 2 and done.stderr.startswith("eider: ")
    assert list(tmp_path.iterdir()) == []


def test_an_object_of_another_bucket(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    with s3_servers.started("minio") as server:
        server.client().create_bucket(Bucket="out")
        done = run("query", "--lake", tmp_path, "SELECT * FROM t", "-o", "s3://out/x/t.parquet", **server.environment())
        assert done.returncode == 0, done.stderr
        assert server.client().get_object(Bucket="out", Key="x/t.parquet")["Body"].read(4) == b"PAR1"


def test_a_full_disk(tmp_path):
    """A limit on the length of files stands for the disk; the kernel's signal for it is ignored as a server would."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, 5 << 20))
    process = subprocess.run([binary(), "query", "--lake", tmp_path, BIG, "--into", "flights.csv"], preexec_fn=limit,
                             env=clean_environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert process.returncode in (3, 4) and "flights.csv" in process.stderr
    assert not (tmp_path / "flights.csv").exists() and os.listdir(tmp_path / ".eider" / "uploads") == []


@pytest.mark.skipif(bool(os.environ.get("EIDER_SANITIZER")), reason="a sanitizer's own memory is several times the limit")
def test_ten_thousand_partitions_within_the_memory_limit(tmp_path):
    sql = "SELECT hash(i) % 10000 AS p, i, i * 0.5 AS x FROM range(1000000) t(i)"
    # By way of a small process: a child begins with its parent's peak.
    metered = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", metered, binary(), "query", "--lake", tmp_path, sql, "--into", "many/",
                           "--partition-by", "p", "--memory", "128MiB"], env=clean_environment(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 384 << 10  # KiB: the limit, the program itself and what travels, generously
    assert sum(1 for _ in (tmp_path / "many").rglob("*.parquet")) == 10000


@pytest.fixture(scope="module")
def behind_a_network():
    """Answers a lake of MinIO, and the proxy that its writes go through."""
    with s3_servers.started("minio") as server, toxiproxy.started() as network:
        buckets = iter(range(1000))

        def start():
            lake, proxy = lakes.BucketLake(server, f"lake-{next(buckets)}"), network.proxy(server.endpoint)
            lake.environment = {**lake.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
            return lake, proxy
        yield start


def test_a_network_that_resets_connections_only_slows_a_write(behind_a_network):
    lake, proxy = behind_a_network()
    proxy.toxic("reset_peer", share=0.2, timeout=5)
    write(lake, ROWS, "flights/", "--partition-by", "a,b")
    write(lake, "SELECT i, md5(i::VARCHAR) AS m FROM range(1000000) t(i)", "big.csv")
    assert count(lake)[0]["n"] == 1200 and lake.rows("SELECT sum(i) AS s FROM big") == [{"s": 499999500000}]
    assert lake.run("check").returncode == 0 and not lake.uploads()


def test_a_store_that_goes_away_in_mid_write(behind_a_network):
    lake, proxy = behind_a_network()
    write(lake, ROWS, "flights/", "--partition-by", "a,b")
    process = lake.start("query", BIG, "--into", "flights/", "--partition-by", "a", "--replace")
    wait_for(lambda: len(lake.keys()) > 9, process)
    proxy.switch(on=False)
    _, said = process.communicate(timeout=3 * PATIENCE_SECONDS)
    assert process.returncode == 3 and "`eider check --fix` removes it" in said, said
    proxy.switch(on=True)
    assert count(lake)[0]["n"] == 1200
    assert lake.run("check", "--fix", "--older-than", "0s").returncode == 0
    assert len(lake.keys()) == 7 and not lake.uploads()
