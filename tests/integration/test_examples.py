"""Every example under examples/clients, run as its README says, against a server."""
import csv
import os
import pathlib
import shutil
import subprocess
import sys

import duckdb
import pytest

from support.eider_server import PATIENCE_SECONDS, clean_environment

CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "clients"
LATE = "origin, delay FROM flights WHERE delay > 60"


@pytest.fixture(scope="module")
def flights(tmp_path_factory):
    lake = tmp_path_factory.mktemp("lake")
    (lake / "flights").mkdir()
    for year in (2001, 2002):
        duckdb.sql(f"""SELECT {year} AS year, ['JFK', 'LAX', 'ORD'][range % 3 + 1] AS origin, 'BOS' AS destination,
                       range % 97 - 10 + ({year} - 2001) AS delay FROM range(50000)""").write_parquet(
            str(lake / "flights" / f"{year}.parquet"))
    return lake


@pytest.fixture
def example(serve, flights):
    server = serve(flights)

    def run(program, name, folder=CLIENTS):
        done = subprocess.run([program, folder / name, server.url.rstrip("/")], env=clean_environment(),
                              capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


@pytest.fixture(scope="module")
def late(flights):
    with duckdb.connect() as connection:
        connection.sql(f"CREATE VIEW flights AS FROM '{flights}/flights/*.parquet'")
        return connection.sql(f"SELECT count(*) FROM (SELECT {LATE})").fetchone()[0]


def test_curl(example):
    said = example("/bin/sh", "download.sh")
    assert said[0] == "origin,destination,delay" and len(said) == 6
    assert said[4:] == ["begins with PAR1", "asked again: 304"]


def test_requests_and_an_arrow_stream(example, late):
    said = example(sys.executable, "arrow_stream.py")
    assert said[0] == f"{late} flights were more than an hour late"
    assert said[1].startswith("404 line 1, column 20: ") and said[1].endswith("Did you mean 'flights'?")


def test_pandas_and_polars(example, late):
    said = example(sys.executable, "data_frames.py")
    assert said[0].startswith(f"pandas: {late} rows, ")
    assert said[1] == f"Polars: {late} rows of year, origin, destination, delay"


def test_duckdb_over_http(example):
    assert example(sys.executable, "duckdb_client.py") == ["JFK 33334 87", "LAX 33334 87", "ORD 33332 87"]


def test_a_lambda_client(example):
    said = example(sys.executable, "lambda_invoke.py")
    assert said[0].startswith("[{'origin': 'JFK', 'n': 33334}, {'origin': 'LAX', 'n': 33334}] in ")
    assert said[1] == "Unhandled NotFound"


def test_javascript(example, late):
    assert example(node(), "fetch.mjs") == [
        f"{late} flights were more than an hour late; the latest, from JFK, 87 minutes"]


def test_javascript_and_an_arrow_stream(example, late, tmp_path):
    shutil.copy(CLIENTS / "arrow_stream.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(of_the_tests("EIDER_ARROW_JS"))  # as beside where npm install was run
    assert example(node(), "arrow_stream.mjs", tmp_path) == [
        f"{late} flights were more than an hour late; the latest, from JFK, 87 minutes", "bigint 261000000000, 2001-01-01"]


def node():
    return of_the_tests("EIDER_NODE")


def of_the_tests(variable):
    found = os.environ.get(variable, "")
    if not pathlib.Path(found).exists() or not found:
        raise FileNotFoundError(f"{variable} does not say where it is. ./dev test installs it and sets it.")
    return found


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_spreadsheet_program_opens_a_download(serve, tmp_path, ending):
    """Gnumeric's reader, which guesses the types of a CSV as people's spreadsheets do."""
    lake = tmp_path / "lake"
    lake.mkdir()
    duckdb.sql("""SELECT * FROM (VALUES (1, 'eider, "common"', 1.5, DATE '2024-02-29', true), (2, 'ümlaut', NULL, NULL, false),
                  (3, NULL, -0.25, DATE '1999-12-31', NULL)) AS t(id, name, span, seen, rare)""").write_parquet(
        str(lake / "birds.parquet"))
    (tmp_path / f"birds.{ending}").write_bytes(serve(lake).get(f"/birds.{ending}").content)
    done = subprocess.run(["ssconvert", tmp_path / f"birds.{ending}", tmp_path / "shown.csv"], capture_output=True, text=True,
                          env={**clean_environment(), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "shown.csv").open(newline="") as file:
        # A date that it took for text would keep its dashes.
        assert list(csv.reader(file)) == [
            ["id", "name", "span", "seen", "rare"], ["1", 'eider, "common"', "1.5", "2024/02/29", "TRUE"],
            ["2", "ümlaut", "", "", "FALSE"], ["3", "", "-0.25", "1999/12/31", ""]]
