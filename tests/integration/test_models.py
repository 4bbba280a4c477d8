"""Views and models: names in SQL and downloads, built whole or not at all, into folders and buckets."""
import hashlib
import json
import signal
import subprocess

import pytest
import requests
from support import lakes
from support.raw_http import PATIENCE_SECONDS

FILES = {
    "eider.yaml": "views: {late: 'SELECT * FROM flights WHERE delay > 5'}\n",
    "models/by_origin.sql": "SELECT origin, count(*) AS n, max(delay) AS worst\nFROM {{ source('lake', 'flights') }}\n"
                            "GROUP BY origin\n",
    "models/by_day.sql": "-- {{ config(materialized='incremental', partition_by='day') }}\n"
                         "SELECT day, origin, delay FROM {{ source('lake', 'flights') }}\n"
                         "{% if is_incremental() %} WHERE day >= (SELECT max(day) FROM {{ this }}) {% endif %}\n",
    "models/reports/worst.sql": "{{ config(materialized='external', location='reports/worst.parquet') }}\n"
                                "SELECT origin, worst FROM {{ ref('by_origin') }} ORDER BY worst DESC, origin\n",
    "models/schema.yml": "models:\n- name: by_origin\n  columns:\n  - name: origin\n    data_tests: [not_null, unique]\n"
                         "- name: by_day\n  columns:\n  - name: day\n    data_tests: [{accepted_values: {values: [1, 2, 3, 4]}}]\n",
    "tests/no_negative.sql": "SELECT * FROM {{ ref('by_origin') }} WHERE n < 0\n",
}
FLIGHTS = "SELECT 1 + i % 3 AS day, ['JFK', 'LAX', 'SFO'][1 + i % 3] AS origin, i::INTEGER AS delay FROM range(9) t(i)"


def build(lake, *arguments):
    done = lake.run("build", *arguments)
    done.stdout = done.stdout.decode()
    return done


@pytest.fixture
def lake(place, tmp_path):
    made = place()
    for key, text in FILES.items():
        made.put(key, text.encode())
    made.put_rows("flights/a.parquet", FLIGHTS, tmp_path)
    return made


@pytest.fixture
def local(tmp_path):
    made = lakes.FolderLake(tmp_path / "lake")
    for key, text in FILES.items():
        made.put(key, text.encode())
    made.put_rows("flights/a.parquet", FLIGHTS, tmp_path)
    return made


def test_a_build_makes_what_the_models_say(lake):
    planned = build(lake, "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.splitlines()[0].startswith("by_day: make 'by_day/', 1 test; reads flights (")
    assert ("local files" in planned.stdout) != ("requests, " in planned.stdout)
    done = build(lake)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split(" rows, ")[0] for line in done.stdout.splitlines()] == [
        "ok      accepted_values by_day.day",
        "ok      by_day: incremental: 9",
        "ok      by_origin: view",
        "ok      not_null by_origin.origin",
        "ok      unique by_origin.origin",
        "ok      worst: external: 3",
        "ok      tests/no_negative.sql",
        "3 models, 4 tests, 0 failed, 0 skipped"]
    assert done.stdout.splitlines()[1].endswith(" in 3 objects")
    assert lake.rows("SELECT * FROM worst") == [{"origin": origin, "worst": worst} for origin, worst in
                                                [("SFO", 8), ("LAX", 7), ("JFK", 6)]]
    assert lake.rows("SELECT sum(delay) AS s, count(DISTINCT day) AS d FROM by_day") == [{"s": 36, "d": 3}]
    assert lake.rows("SELECT n FROM by_origin JOIN late USING (origin) ORDER BY ALL") == [{"n": 3}] * 3


def test_an_incremental_build_replaces_only_what_comes(lake, tmp_path):
    assert build(lake, "--select", "by_day").returncode == 0
    before = json.loads(lake.get("by_day.manifest"))
    lake.put_rows("flights/a.parquet", "SELECT day::BIGINT AS day, origin, delay FROM (VALUES (1, 'X', 100), (3, 'Y', 50), "
                  "(4, 'Z', 1)) t(day, origin, delay)",
                  tmp_path)
    done = build(lake, "-s", "by_day")
    assert done.returncode == 0, done.stdout + done.stderr
    assert lake.rows("SELECT day, sum(delay) AS s FROM by_day GROUP BY 1 ORDER BY 1") == [
        {"day": 1, "s": 9}, {"day": 2, "s": 12}, {"day": 3, "s": 50}, {"day": 4, "s": 1}]
    after = json.loads(lake.get("by_day.manifest"))
    kept = {part["key"] for part in before["objects"]} & {part["key"] for part in after["objects"]}
    assert {key.split("/")[0] for key in kept} == {"day=1", "day=2"}


def test_what_was_there_stays_when_a_model_fails_half_way(lake):
    assert build(lake).returncode == 0
    report = hashlib.sha256(lake.get("reports/worst.parquet")).digest()
    manifest = lake.get("by_day.manifest")
    fails = "CASE WHEN delay = 8 THEN error('half-way') ELSE delay END"
    lake.put("models/reports/worst.sql",
             f"{{{{ config(materialized='external', location='reports/worst.parquet') }}}}\nSELECT origin, {fails} AS worst "
             "FROM flights".encode())
    lake.put("models/by_day.sql", "{{ config(materialized='table', partition_by='day') }}\n"
             f"SELECT day, origin, {fails} AS delay FROM flights".encode())
    done = build(lake)
    assert done.returncode == 1
    assert "failed  by_day: models/by_day.sql: " in done.stdout and "half-way" in done.stdout
    assert "failed  worst: models/reports/worst.sql: " in done.stdout
    assert done.stdout.endswith("3 models, 3 tests, 2 failed, 0 skipped\n")
    assert hashlib.sha256(lake.get("reports/worst.parquet")).digest() == report
    assert lake.get("by_day.manifest") == manifest
    assert lake.rows("SELECT count(*) AS n FROM by_day") == [{"n": 9}]
    checked = lake.run("check")
    assert b"leftovers" not in checked.stdout, checked.stdout


def test_a_ring_is_named_and_nothing_is_built(local):
    local.put("models/a.sql", b"{{ config(materialized='table') }} SELECT * FROM {{ ref('b') }}")
    local.put("models/b.sql", b"SELECT * FROM {{ ref('c') }}")
    local.put("models/c.sql", b"SELECT * FROM {{ ref('a') }}")
    done = build(local)
    assert done.returncode == 1
    assert "failed  a: models/a.sql: these read each other in a ring: a -> b -> c -> a\n" in done.stdout
    assert "\nok" not in done.stdout
    local.put("eider.yaml", b"views:\n  x: FROM y\n  y: FROM x\n")
    done = build(local)
    assert done.returncode == 1
    assert "eider.yaml:2:3: the views read each other in a ring: x -> y -> x" in done.stderr


def test_what_is_wrong_is_told_with_its_place(local):
    local.put("models/worse.sql", b"SELECT origin\nFROM {{ ref('by_orign') }}")
    done = build(local)
    assert done.returncode == 1
    assert "models/worse.sql: line 2, column 9: there is no model 'by_orign'. Did you mean 'by_origin'?" in done.stdout
    local.put("models/worse.sql", b"SELECT\n  orgin\nFROM {{ ref('by_origin') }}")
    done = build(local, "--select", "worse")
    assert done.returncode == 1 and "models/worse.sql: line 2, column 3: " in done.stdout, done.stdout
    done = build(local, "--select", "wors")
    assert done.returncode == 1 and "there is no model 'wors'. Did you mean 'wors" in done.stderr, done.stderr
    done = build(local, "--selectt", "x")
    assert done.returncode == 2


def test_a_part_is_built_with_what_it_reads_or_what_reads_it(local):
    def names(*select):
        done = build(local, "--dry-run", *select)
        assert done.returncode == 0, done.stderr
        return [line.split(":")[0] for line in done.stdout.splitlines()]
    assert names() == ["by_day", "by_origin", "worst"]
    assert names("--select", "+worst") == ["by_origin", "worst"]
    assert names("--select", "by_origin+") == ["by_origin", "worst"]
    assert names("--select", "worst", "--select", "by_day") == names("-s", "worst,by_day") == ["by_day", "worst"]


def test_a_dry_run_does_nothing(local):
    done = build(local, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "by_day: make 'by_day/', 1 test; reads flights (local files)",
        "by_origin: look at the view, 2 tests; reads flights (local files)",
        "worst: replace 'reports/worst.parquet', 0 tests; reads by_origin (local files)"]
    local.put("models/on.sql", b"SELECT * FROM {{ ref('by_day') }}")
    assert "on: build the view, 0 tests; reads by_day (what it reads is made first)" in build(local, "--dry-run").stdout
    missing = local.run("query", "FROM by_day")
    assert missing.returncode == 1 and "model 'by_day' has not been built yet: `eider build --select by_day` does" in missing.stderr


def test_a_table_whose_new_rows_fail_a_test_is_not_replaced(lake, tmp_path):
    assert build(lake, "--select", "by_day").returncode == 0
    manifest = lake.get("by_day.manifest")
    lake.put_rows("flights/a.parquet", "SELECT 7::BIGINT AS day, 'X' AS origin, 1 AS delay", tmp_path)
    done = build(lake, "--select", "by_day")
    assert done.returncode == 1
    assert "failed  accepted_values by_day.day: 1 rows have another value, such as '7'\n" in done.stdout
    assert lake.get("by_day.manifest") == manifest
    assert lake.rows("SELECT count(*) AS n FROM by_day") == [{"n": 9}]


def test_a_failed_test_stops_what_reads_the_model(local):
    local.put("models/schema.yml", b"models:\n- name: by_origin\n  columns:\n  - name: origin\n"
              b"    tests: [{accepted_values: {values: [JFK, LAX]}}]\n")
    done = build(local)
    assert done.returncode == 1
    assert "failed  accepted_values by_origin.origin: 1 rows have another value, such as 'SFO'\n" in done.stdout
    assert "skipped worst: skipped, for it reads 'by_origin'\n" in done.stdout


def test_models_are_served_as_datasets_are(local, serve):
    assert build(local).returncode == 0
    server = serve(local.root)
    names = [entry["name"] for entry in requests.get(server.url + "datasets").json()["dataset"]]
    assert names == ["by_day", "by_origin", "flights", "late", "reports", "worst"]
    view = requests.get(server.url + "by_origin.csv?origin=JFK&_columns=worst,n")
    assert view.text == "worst,n\r\n6,3\r\n"
    # Its rows come in any order: no part of one answer belongs to another.
    assert view.headers["ETag"].startswith('W/"') and view.headers["Accept-Ranges"] == "none"
    assert requests.get(server.url + "late.csv?_limit=1").headers.get("Link") is None
    assert requests.get(server.url + "late.csv?_after=x").status_code == 400
    assert requests.get(server.url + "by_origin.csv?origin=JFK&_columns=worst,n",
                        headers={"If-None-Match": view.headers["ETag"]}).status_code == 304
    described = requests.get(server.url + "by_origin").json()
    assert [column["name"] for column in described["columns"]] == ["origin", "n", "worst"] and described["rows"] is None
    answer = requests.post(server.url + "query", json={
        "sql": "WITH late AS (SELECT * FROM lake.late) SELECT count(*) AS n FROM late, worst WHERE late.origin = worst.origin"})
    assert answer.json() == [{"n": 3}], answer.text
    nodes = {node["name"]: node for node in requests.get(server.url + "lineage.json").json()["nodes"]}
    assert nodes["worst"]["reads"] == ["by_origin"] and nodes["by_origin"]["reads"] == ["flights"]
    assert nodes["flights"]["kind"] == "dataset" and nodes["late"]["kind"] == "view"
    assert json.loads(build(local, "--lineage").stdout)["nodes"] == list(nodes.values())
    # Models are as their files are now.
    local.put("models/by_origin.sql", b"SELECT 1 AS one")
    assert requests.get(server.url + "by_origin.csv").text == "one\r\n1\r\n"
    local.put("models/by_origin.sql", b"SELECT 1 AS")
    broken = requests.get(server.url + "by_origin.csv")
    assert broken.status_code == 400 and "models/by_origin.sql" in broken.json()["detail"]
    assert requests.get(server.url + "flights.csv").status_code == 200


def test_a_view_of_what_needs_a_key_needs_one(local, serve):
    digest = hashlib.sha256(b"opensesame").hexdigest()
    local.put("eider.yaml", f"auth: {{keys: {{alice: 'sha256:{digest}'}}}}\n"
              "datasets: {flights: {access: key}, counted: {access: public}}\n"
              "views: {late: FROM flights, counted: SELECT count(*) AS n FROM flights}\n".encode())
    server = serve(local.root)
    key = {"Authorization": "Bearer opensesame"}
    for name in ("late", "by_origin"):
        for path in (name, f"{name}.csv"):
            assert requests.get(server.url + path).status_code == 401, path
            assert requests.get(server.url + path, headers=key).status_code == 200, path
        sql = {"sql": f"SELECT count(*) AS n FROM {name}"}
        assert requests.post(server.url + "query", json=sql).status_code == 401
        assert requests.post(server.url + "query", json=sql, headers=key).status_code == 200
    assert requests.get(server.url + "counted.csv").text == "n\r\n9\r\n"
    described = requests.get(server.url + "openapi.json").json()["paths"]
    assert "/counted" in described and "/late" not in described and "/flights" not in described


def test_a_configuration_outside_of_the_lake_brings_its_models(local, tmp_path):
    (tmp_path / "conf" / "models").mkdir(parents=True)
    (tmp_path / "conf" / "eider.yaml").write_text("")
    (tmp_path / "conf" / "models" / "one.sql").write_text("SELECT '{{ env_var('GREETING') }}' AS hello")
    config = ["--config", tmp_path / "conf" / "eider.yaml"]
    refused = build(local, *config)
    assert refused.returncode == 1 and "--model-env GREETING" in refused.stdout
    local.environment = {"GREETING": "hi", "EIDER_MODEL_ENV": "OTHER,GREETING"}
    done = build(local, *config)
    assert done.returncode == 0 and done.stdout == "ok      one: view\n1 model, 0 tests, 0 failed, 0 skipped\n", done.stderr
    assert json.loads(local.run("query", "FROM one", "--format", "json", *config).stdout) == [{"hello": "hi"}]


def test_an_interrupted_build_ends_in_order(local):
    local.put("models/by_day.sql", b"{{ config(materialized='table') }} SELECT count(*) AS n FROM range(100000000) a, "
              b"range(100000000) b WHERE hash(a.range + b.range) = 1")
    building = local.start("build")
    # The table is begun when its empty manifest is there.
    manifest = f"{local.root}/by_day.manifest"
    subprocess.run(["sh", "-c", f"until [ -e '{manifest}' ]; do sleep 0.02; done"], check=True, timeout=PATIENCE_SECONDS)
    building.send_signal(signal.SIGINT)
    out, errors = building.communicate(timeout=PATIENCE_SECONDS)
    assert building.returncode == 130, out + errors
    assert "failed  by_day" in out and "ok" not in out
