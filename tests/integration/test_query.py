"""eider query: SQL over a lake, in a folder and in a bucket; what it reads there, and how it exits."""
import hashlib
import json
import os
import subprocess

import duckdb
import pytest

from support import s3_servers
from support.eider_server import run
from support.fake_s3 import FakeS3

ROWS = 300_000
GROUP_ROWS = 30_000
OBJECTS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three Parquet objects of ten row groups each, ordered by id; a CSV; a folder of two years."""
    root = tmp_path_factory.mktemp("lake")
    for name in ("measures", "years/year=2001", "years/year=2002"):
        (root / name).mkdir(parents=True)
    with duckdb.connect() as connection:
        for i in range(OBJECTS):
            connection.sql(f"""SELECT range + {i * ROWS} AS id, range % 7 AS kind, md5(range::VARCHAR) AS text,
                                      range / 3.0 AS amount, repeat('wide', 20) || range AS wide FROM range({ROWS})
                           """).write_parquet(str(root / f"measures/{i}.parquet"), row_group_size=GROUP_ROWS)
        for year in (2001, 2002):
            connection.sql(f"SELECT {year} * 10 + range AS id FROM range(5)").write_parquet(
                str(root / f"years/year={year}/a.parquet"))
        connection.sql("SELECT range AS id, 'name ' || range AS name FROM range(1000)").write_csv(str(root / "names.csv"))
    return root


@pytest.fixture(scope="module")
def bucket(folder):
    """The same in a bucket of a real S3 server: its root, and the environment to reach it."""
    with s3_servers.started("minio") as server:
        client = server.client()
        client.create_bucket(Bucket="lake")
        for file in filter(lambda path: path.is_file(), folder.rglob("*")):
            client.upload_file(str(file), "lake", "data/" + str(file.relative_to(folder)))
        yield "s3://lake/data", server.environment()


def ask(bucket, *arguments):
    """The answer and what it took."""
    root, environment = bucket
    done = run("query", "--lake", root, "--stats", "--format", "csv", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(), json.loads(done.stderr.splitlines()[-1])


QUERIES = [
    "SELECT count(*) AS n, sum(id) AS s FROM measures",
    "SELECT kind, count(*) AS n, max(text) AS t FROM measures GROUP BY kind ORDER BY kind",
    "SELECT id, text FROM measures WHERE id BETWEEN 29990 AND 30010 ORDER BY id",
    "SELECT id FROM lake('measures/1.parquet') ORDER BY id LIMIT 3",
    "SELECT id FROM 'measures/*.parquet' WHERE amount = 33333.0 ORDER BY id",
    "SELECT year, sum(id) AS s FROM years GROUP BY year ORDER BY year",
    "SELECT id FROM years WHERE year = 2002 ORDER BY id",
    "SELECT n.name, m.kind FROM names n JOIN measures m USING (id) WHERE m.id < 5 ORDER BY m.id",
    "SELECT a.id FROM measures a SEMI JOIN measures b ON a.id = b.id + 899990 ORDER BY 1",
    "WITH few AS (SELECT * FROM measures WHERE id < 10) SELECT count(*) AS n FROM few",
    "SELECT id FROM measures ORDER BY text, id LIMIT 5",
    "SELECT count(*) AS n FROM names WHERE name LIKE '%99%'",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_a_bucket_answers_as_a_folder(folder, bucket, sql):
    local = run("query", "--lake", folder, "--format", "csv", sql)
    assert local.returncode == 0, local.stderr
    assert ask(bucket, sql)[0].encode() == local.stdout
    assert local.stdout.count(b"\n") > 1


def test_a_plan_reads_no_more_than_it_needs(bucket):
    whole = ask(bucket, "SELECT * FROM measures")[1]
    assert whole["row_groups_kept"] == whole["row_groups"] == OBJECTS * ROWS // GROUP_ROWS
    column = ask(bucket, "SELECT sum(kind) FROM measures")[1]
    assert column["bytes"] < whole["bytes"] / 20
    few = ask(bucket, "SELECT * FROM measures WHERE id = 45000")[1]
    assert few["row_groups_kept"] == 1 and few["bytes"] < whole["bytes"] / 10
    limit = ask(bucket, "SELECT * FROM measures LIMIT 51")[1]
    assert limit["row_groups_kept"] == 1 and limit["bytes"] < whole["bytes"] / 10
    year = ask(bucket, "SELECT * FROM years WHERE year = 2001")[1]
    assert year["objects"] == 1


def test_a_dry_run_tells_what_a_run_takes(folder, bucket):
    root, environment = bucket
    sql = "SELECT text FROM lake('measures/*.parquet') WHERE id >= 800000"
    told = json.loads(run("query", "--lake", root, "--dry-run", sql, **environment).stdout)
    taken = ask(bucket, sql)[1]
    assert (told["objects"], told["row_groups"], told["row_groups_kept"]) == (3, 30, 4)
    assert taken["row_groups_kept"] == 4
    assert told["bytes"] <= taken["bytes"] <= told["bytes"] * 1.5 + 1_500_000  # and three footers, which told all that
    assert told["usd"] == told["requests_usd"] == pytest.approx(told["requests"] * 0.0004 / 1000, abs=1e-7)
    local = json.loads(run("query", "--lake", folder, "--dry-run", sql).stdout)
    assert local["usd"] == 0 and local["row_groups_kept"] == 4


def test_prices_come_from_the_configuration(bucket, tmp_path):
    root, environment = bucket
    config = tmp_path / "prices.yaml"
    config.write_text("lake: {prices: {usd_per_1000_gets: 1, usd_per_gb: 0.09}}\n")
    told = json.loads(run("query", "--lake", root, "--config", config, "--dry-run", "SELECT text FROM measures",
                          **environment).stdout)
    assert told["requests_usd"] == pytest.approx(told["requests"] / 1000)
    assert told["usd"] == pytest.approx(told["requests"] / 1000 + told["bytes"] * 0.09 / 1e9, rel=1e-4)
    config.write_text("lake: {prices: {usd_per_gb: cheap}}\n")
    wrong = run("query", "--lake", root, "--config", config, "SELECT 1", **environment)
    assert wrong.returncode == 1 and "usd_per_gb" in wrong.stderr and "cheap" in wrong.stderr


def test_a_cache_on_disk_spares_the_requests(bucket, tmp_path):
    sql = "SELECT kind, sum(id) AS s, max(amount) AS a FROM measures WHERE id < 400000 GROUP BY kind ORDER BY kind"
    cache = ["--threads", "1", "--cache", tmp_path / "blocks"]  # so that no row group is given up and read again
    first, cold = ask(bucket, *cache, sql)
    again, warm = ask(bucket, *cache, sql)
    assert again == first and cold["cache_hits"] == 0
    assert warm["requests"] == 0 and warm["bytes"] == 0 and warm["cache_hits"] > 0
    for block in filter(lambda path: path.is_file(), (tmp_path / "blocks").rglob("*")):
        block.write_bytes(block.read_bytes()[:-1] + b"!")
    assert ask(bucket, *cache, sql)[0] == first, "damaged blocks are read anew"


def test_a_cache_never_answers_for_a_changed_object(bucket, tmp_path):
    root, environment = bucket
    with s3_servers.started("minio") as server:
        client = server.client()
        client.create_bucket(Bucket="lake")
        for value in (1, 2):
            with duckdb.connect() as connection:
                connection.sql(f"SELECT {value} AS v FROM range(100000)").write_parquet(str(tmp_path / "a.parquet"))
            client.upload_file(str(tmp_path / "a.parquet"), "lake", "a.parquet")
            answer, _ = ask(("s3://lake", server.environment()), "--cache", tmp_path / "blocks",
                            "SELECT sum(v) AS s FROM a")
            assert answer == f"s\r\n{value * 100000}\r\n"


def test_sql_over_http_reads_a_bucket(serve, folder, bucket):
    root, environment = bucket
    server = serve(root, **environment)
    for sql in QUERIES:
        local = run("query", "--lake", folder, "--format", "csv", sql)
        assert server.post("/query", {"sql": sql, "format": "csv"}).content == local.stdout, sql
    asked = {"sql": "SELECT sum(id) AS s FROM measures WHERE id < 30000", "metadata": True}
    stats = server.post("/query", asked).json()["metadata"]["stats"]
    assert stats["requests"] + stats["cache_hits"] > 0 and stats["cache"] == "miss"
    assert (stats["row_groups"], stats["row_groups_kept"]) == (30, 1)
    told = server.post("/query", {"sql": asked["sql"], "dry_run": True}).json()
    assert (told["row_groups"], told["row_groups_kept"]) == (30, 1) and told["usd"] > 0


def test_a_kept_result_is_not_given_for_a_changed_object(serve, tmp_path):
    with s3_servers.started("minio") as store:
        client = store.client()
        client.create_bucket(Bucket="lake")
        server = None
        for value in (1, 2):
            with duckdb.connect() as connection:
                connection.sql(f"SELECT {value} AS v FROM range(100000)").write_parquet(str(tmp_path / "a.parquet"))
            client.upload_file(str(tmp_path / "a.parquet"), "lake", "a.parquet")
            server = server or serve("s3://lake", "--revalidate", **store.environment())
            for cache in ("miss", "hit"):
                answer = server.post("/query", {"sql": "SELECT sum(v) AS s FROM a"})
                assert answer.headers["X-Cache"] == cache and answer.json() == [{"s": value * 100000}]


def requests_of(store, sql, *options):
    """What the store was asked for: (key or "list", range)."""
    asked = []
    answer = store.answer

    def listen(target, headers):
        path = target.partition("?")[0]
        asked.append((path.removeprefix("/bucket").strip("/") or "list", headers.get("Range", "")))
        return answer(target, headers)

    store.answer = listen
    done = run("query", "--lake", store.lake, "--format", "csv", *options, sql, **store.environment())
    store.answer = answer
    return done, asked


def test_a_query_asks_for_nothing_that_it_does_not_need(folder, tmp_path):
    small = folder / "years/year=2001/a.parquet"
    with FakeS3({"lake/small.parquet": small.read_bytes(), "lake/x/a.parquet": small.read_bytes(),
                 "lake/big.parquet": (folder / "measures/0.parquet").read_bytes(),
                 "lake/eider.yaml": b"lake: {titel: x}"}) as store:
        done, asked = requests_of(store, "SELECT sum(id) AS s FROM lake('small.parquet')")
        assert done.stdout == b"s\r\n100060\r\n", done.stderr
        assert asked == [("lake/small.parquet", "bytes=-65536")]
        done, asked = requests_of(store, "SELECT count(*) AS n FROM lake('big.parquet') WHERE kind = 3 AND id < 30000")
        assert done.stdout == b"n\r\n4286\r\n", done.stderr
        assert [key for key, _ in asked] == ["lake/big.parquet"] * 2
        done, asked = requests_of(store, "SELECT sum(id) AS s FROM 'x/*.parquet'")
        # Twice: the columns of a glob are learnt before the query is known to want its data.
        assert done.stdout == b"s\r\n100060\r\n" and [key for key, _ in asked] == ["list"] + ["lake/x/a.parquet"] * 2
        for sql, options in (("SELECT id FROM small", []), ("SELECT id FROM lake('small.parquet')", ["--dry-run"])):
            done, asked = requests_of(store, sql, *options)
            assert done.returncode == 1 and "titel" in done.stderr and ("lake/eider.yaml", "") in asked


@pytest.mark.parametrize("options", [["--requests", "1"], ["--read-ahead", "1MiB"], ["--threads", "1"],
                                     ["--revalidate"], ["--cache-memory", "1KiB"]])
def test_narrow_limits_change_no_answer(bucket, options):
    sql = "SELECT kind, count(*) AS n, max(wide) AS w FROM measures GROUP BY kind ORDER BY kind"
    assert ask(bucket, *options, sql)[0] == ask(bucket, sql)[0]


@pytest.mark.parametrize("arguments, code, words", [
    (["SELECT * FROM meazures"], 1, ["measures"]),
    (["SELECT kin FROM measures"], 1, ["kind"]),
    (["SELEC 1"], 1, ["SELEC"]),
    (["SELECT 1; SELECT 2"], 1, ["one SELECT"]),
    (["DELETE FROM measures"], 1, ["one SELECT"]),
    (["SELECT * FROM lake('none/*.parquet')"], 1, ["none/*.parquet"]),
    (["SELECT * FROM lake('../../etc/passwd')"], 1, ["'..'"]),
    (["SELECT * FROM read_csv('/etc/passwd')"], 1, ["/etc/passwd"]),
    (["SELECT 1", "--format", "docx"], 1, ["docx"]),
    (["SELECT 1", "--format", "geojson"], 1, ["geojson", "csv"]),
    (["-f", "/no/such.sql"], 1, ["/no/such.sql"]),
    (["SELECT 1", "-o", "/no/such/folder/f.csv"], 4, ["/no/such/folder/f.csv"]),
    (["SELECT count(*) FROM measures a, measures b WHERE a.text < b.text", "--time-limit", "1"], 4, ["time limit"]),
    (["SELECT 1", "--limit", "-1"], 2, ["--limit"]),
    (["SELECT $a + $b", "--param", "a=1"], 1, ["$b"]),
    (["SELECT $a", "--param", "a=1", "--param", "2"], 1, ["NAME=VALUE"]),
    (["SELECT 1", "--remote", "ftp://127.0.0.1/"], 2, ["http"]),
    (["SELECT 1", "--remote", "http://127.0.0.1:9/", "--into", "x/"], 2, ["--into", "lake itself"]),
    (["SELECT 1", "--remote", "lambda:"], 2, ["function's name"]),
    (["SELECT 1", "--remote", "lambda:f", "--into", "results/a.csv"], 2, ["--into", "lake itself"]),
    (["SELECT 1", "--remote", "lambda:f", "--dry-run"], 2, ["--dry-run"]),
    (["SELECT 1", "--remote", "lambda:f", "-o", "a.csv"], 2, ["JSON"]),
])
def test_what_is_wrong_is_said(folder, arguments, code, words):
    done = run("query", "--lake", folder, *arguments)
    assert done.returncode == code, done.stderr
    told = done.stderr
    assert all(word in told for word in words), told


def test_sql_comes_from_anywhere_and_goes_to_a_file(folder, tmp_path):
    script = tmp_path / "q.sql"
    script.write_text("-- how many\nSELECT count(*) AS n FROM measures;\n")
    assert run("query", "--lake", folder, "-f", script).stdout == b"n\r\n900000\r\n"
    target = tmp_path / "out.parquet"
    assert run("query", "--lake", folder, "--format", "parquet", "-o", target, "SELECT id FROM measures").returncode == 0
    assert duckdb.sql(f"SELECT count(*), sum(id) FROM '{target}'").fetchone() == (900000, sum(range(900000)))
    table = run("query", "--lake", folder, "--format", "table", "SELECT 1 AS one, NULL AS nothing").stdout.decode()
    assert table.splitlines() == ["one  nothing", "---  -------", "  1  NULL"] or "NULL" in table


@pytest.mark.parametrize("target", [["--format", "table"], ["--into", "rows.parquet"], ["--into", "rows/"],
                                    ["-o", "/dev/null"]], ids=" ".join)
def test_stats_are_told_wherever_the_rows_go(tmp_path, target):
    done = run("query", "--lake", tmp_path, "--stats", "SELECT * FROM range(7)", *target)
    assert done.returncode == 0 and json.loads(done.stderr.splitlines()[-1])["rows"] == 7, done.stderr


def test_values_come_beside_the_sql(folder):
    sql = "SELECT count(*) AS n, any_value(typeof($2)) AS t FROM measures WHERE kind = $1 AND text <> $2"
    done = run("query", "--lake", folder, "--format", "csv", sql, "--param", "3", "--param", "'; DROP TABLE x; --")
    assert done.stdout == b"n,t\r\n128571,VARCHAR\r\n", done.stderr
    named = run("query", "--lake", folder, "--format", "csv", "SELECT typeof($n) AS t, $s AS s, $z IS NULL AS z",
                "--param", "n=1.5", "--param", 's="007"', "--param", "z=null")
    assert named.stdout == b"t,s,z\r\nDOUBLE,007,true\r\n", named.stderr


def test_the_plan_is_shown_without_a_run(folder):
    done = run("query", "--lake", folder, "--explain", "SELECT kind, error('it ran') FROM measures WHERE id = $1",
               "--param", "5")
    assert done.returncode == 0 and "PROJECTION" in done.stdout.decode(), done.stderr


def test_a_server_is_asked_in_the_place_of_a_lake(serve, folder, tmp_path):
    server = serve(folder)
    target = tmp_path / "out.parquet"
    done = run("query", "--remote", server.url, "-o", target, "SELECT id, text FROM measures WHERE id < $1",
               "--param", "700000")
    assert done.returncode == 0, done.stderr
    assert duckdb.sql(f"SELECT count(*), count(DISTINCT text) FROM '{target}'").fetchone() == (700000, 300000)
    table = run("query", "--remote", server.url, "--format", "table",
                "SELECT id, text, NULL AS nothing FROM measures WHERE id < 2 ORDER BY id").stdout.decode()
    assert table.splitlines()[0].split() == ["id", "text", "nothing"]
    assert table.splitlines()[2].split() == ["0", "cfcd208495d565ef66e7dff9f98764da", "NULL"]
    told = json.loads(run("query", "--remote", server.url, "--dry-run", "SELECT id FROM measures").stdout)
    assert told["usd"] == 0
    wrong = run("query", "--remote", server.url, "-o", target, "SELECT kin FROM measures")
    assert wrong.returncode == 1 and "kind" in wrong.stderr and target.exists()
    elsewhere = run("query", "--remote", server.url + "measures.csv", "SELECT 1")
    assert elsewhere.returncode == 1 and "that of a server" in elsewhere.stderr
    clear = server.url.removeprefix("http://")
    tls = run("query", "--remote", f"https://{clear}", "SELECT 1")
    assert tls.returncode == 3 and f"speaks HTTP without TLS; use --remote http://{clear.rstrip('/')}" in tls.stderr, tls.stderr
    as_lake = run("query", "--lake", server.url, "SELECT count(*) FROM measures")
    assert as_lake.returncode != 0 and "is a running Eider" in as_lake.stderr, as_lake.stderr
    assert f"--remote {server.url.rstrip('/')}" in as_lake.stderr
    server.terminate()
    server.wait()
    down = run("query", "--remote", server.url, "SELECT 1")
    assert down.returncode == 3 and "127.0.0.1" in down.stderr


def test_a_key_goes_to_the_server_and_nowhere_else(serve, folder, tmp_path):
    key = "a-key-that-nobody-else-has"
    config = tmp_path / "eider.yaml"
    config.write_text("datasets: {measures: {glob: 'measures/*.parquet', access: key}}\n"
                      f"auth: {{keys: {{us: 'sha256:{hashlib.sha256(key.encode()).hexdigest()}'}}}}\n")
    server = serve(folder, "--config", config)
    sql = "SELECT count(*) AS n FROM measures"
    refused = run("query", "--remote", server.url, sql)
    assert refused.returncode == 3 and "API key" in refused.stderr
    told = run("query", "--remote", server.url, sql, EIDER_API_KEY=key)
    assert told.stdout == b"n\r\n900000\r\n", told.stderr
    elsewhere = run("query", "--remote", "http://nowhere.invalid/", sql, EIDER_API_KEY=key)
    assert elsewhere.returncode == 1 and "in the clear" in elsewhere.stderr and key not in elsewhere.stderr


def test_a_query_that_fails_leaves_no_file_that_looks_whole(folder, tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("of yesterday")
    failing = "SELECT CASE WHEN id < 899999 THEN text ELSE error('too far') END AS t FROM measures"
    done = run("query", "--lake", folder, "--format", "csv", "-o", target, failing)
    assert done.returncode == 1 and "too far" in done.stderr
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("out.csv", "of yesterday")]


def test_what_is_no_regular_file_is_written_and_not_replaced(folder, tmp_path):
    target = tmp_path / "pipe"
    os.mkfifo(target)
    with subprocess.Popen(["cat", target], stdout=subprocess.PIPE, text=True) as reader:
        done = run("query", "--lake", folder, "--format", "csv", "-o", target, "SELECT 7 AS seven")
        assert done.returncode == 0, done.stderr
        assert reader.communicate(timeout=60)[0].split() == ["seven", "7"]
    assert target.is_fifo() and [file.name for file in tmp_path.iterdir()] == ["pipe"]
