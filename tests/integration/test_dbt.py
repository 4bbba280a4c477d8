"""The dbt project of examples/dbt: dbt and Eider build the same file from it, over the same lake."""
import os
import pathlib
import shutil
import subprocess

import duckdb
import pytest
from support.eider_server import PATIENCE_SECONDS, clean_environment, run

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples/dbt"
REPORT = "reports/top_origins.parquet"
FLIGHTS = """SELECT (hash(i) % 300)::VARCHAR AS origin, (hash(i + 1) % 200)::INTEGER - 30 AS delay
             FROM range(20000) t(i) WHERE i % 2 = {half}"""


def dbt():
    found = os.environ.get("EIDER_DBT", "")
    if not found:
        raise FileNotFoundError("EIDER_DBT does not say where dbt is. ./dev test installs it and sets it.")
    return found


def make_lake(folder):
    for half in (0, 1):
        (folder / f"flights/month=2001-0{half + 1}").mkdir(parents=True)
        duckdb.sql(f"COPY ({FLIGHTS.format(half=half)}) TO '{folder}/flights/month=2001-0{half + 1}/flights.parquet'")
    (folder / "reports").mkdir()
    return folder


def build_with_dbt(lake, work):
    project = work / "project"
    shutil.copytree(EXAMPLE, project)  # dbt writes target/ and logs/ into it
    done = subprocess.run([dbt(), "build", "--project-dir", project, "--profiles-dir", project, "--no-use-colors"],
                          cwd=work, env=clean_environment(LAKE=lake, DO_NOT_TRACK=1), capture_output=True, text=True,
                          timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_with_eider(lake):
    done = run("build", "--lake", lake, "--config", EXAMPLE / "eider.yaml", "--model-env", "LAKE", LAKE=lake)
    assert done.returncode == 0, done.stdout.decode() + done.stderr
    return done.stdout.decode()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A lake with what dbt has built in it, and what dbt said: it takes seconds to start."""
    work = tmp_path_factory.mktemp("dbt")
    lake = make_lake(work / "lake")
    return lake, build_with_dbt(lake, work)


def test_both_build_the_same_file(built, tmp_path):
    by_dbt, said = built
    assert "ERROR=0" in said and "PASS=7" in said, said  # two models, four tests of columns and one query
    lake = make_lake(tmp_path / "lake")
    said = build_with_eider(lake)
    assert said.endswith("2 models, 5 tests, 0 failed, 0 skipped\n"), said
    rows = duckdb.sql(f"SELECT * FROM '{lake}/{REPORT}'").fetchall()
    assert len(rows) == 200 and rows[0][1] >= rows[-1][1]
    assert (lake / REPORT).read_bytes() == (by_dbt / REPORT).read_bytes()


def test_eider_reads_what_dbt_has_built(built):
    config = ["--config", EXAMPLE / "eider.yaml", "--model-env", "LAKE"]
    done = run("query", "SELECT count(*) AS n FROM top_origins JOIN flights_by_origin USING (origin, flights)",
               "--lake", built[0], "--format", "csv", *config, LAKE=built[0])
    assert done.stdout == b"n\r\n200\r\n", done.stderr
