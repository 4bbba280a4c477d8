"""Formats at the sizes where writers and readers break: millions of rows, huge values, many columns."""
import csv
import io
import json

import duckdb
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

from support.eider_server import EiderServer
from support.relations import assert_same_rows, write

MANY = 3_000_000
HUGE = 10_000_000
WIDE = 10_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sizes")
    write(
        f"""SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL WHEN i % 5 = 0 THEN '' WHEN i % 11 = 0 THEN
          'a,"' || i || chr(10) ELSE 'row ' || i END AS text, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 8 END AS number
          FROM range({MANY}) AS t(i)""",
        folder / "many.parquet", "ROW_GROUP_SIZE 100000")
    # Quotes and line ends fall on every place of a writer's buffers.
    write(
        f"""SELECT i AS id, CASE i WHEN 1 THEN repeat('x', {HUGE})
          WHEN 2 THEN repeat('"' || chr(13) || chr(10), {HUGE} // 3)
          WHEN 3 THEN repeat('é🦆', {HUGE} // 6) WHEN 4 THEN NULL ELSE '' END AS text FROM range(6) AS t(i)""",
        folder / "huge.parquet")
    wide = pyarrow.table({f"c{place}": [place, place + 1, place + 2] for place in range(WIDE)})
    pyarrow.parquet.write_table(wide, folder / "wide.parquet")
    return folder


@pytest.fixture(scope="module")
def server(lake):
    with EiderServer(lake) as running:
        yield running


@pytest.fixture
def download(server, tmp_path):
    def to_file(target):
        path = tmp_path / target.split("?")[0]
        with server.get("/" + target, stream=True) as answer, path.open("wb") as file:
            assert answer.status_code == 200, answer.text
            for piece in answer.iter_content(1 << 20):
                file.write(piece)
        return path
    return to_file


def reader(path):
    """What DuckDB reads this file with."""
    csv_options = "header=true, quote='\"', escape='\"', nullstr='', allow_quoted_nulls=false, " \
                  "max_line_size=50000000, buffer_size=200000000"
    return {".csv": f"read_csv('{path}', {csv_options}, delim=',', {{types}})",
            ".tsv": f"read_csv('{path}', {csv_options}, delim='\t', {{types}})",
            ".json": f"read_json('{path}', format='array', maximum_object_size=100000000, {{types}})",
            ".ndjson": f"read_json('{path}', format='newline_delimited', maximum_object_size=100000000, {{types}})",
            ".parquet": f"read_parquet('{path}')"}[path.suffix]


@pytest.mark.parametrize("format", ["csv", "ndjson", "parquet", "arrow"])
def test_three_million_rows_in_order(lake, download, format):
    path = download(f"many.{format}")
    connection = duckdb.connect()
    if format == "arrow":
        connection.register("got", pyarrow.ipc.open_stream(path).read_all())
        got = "got"
    else:
        got = reader(path).format(types="columns={id: 'BIGINT', text: 'VARCHAR', number: 'DOUBLE'}")
    summary = ("SELECT count(*), count(text), count(number), bit_xor(hash(id, text, number)), "
               "sum(hash(id, text, number)::HUGEINT)")
    assert (connection.execute(f"{summary} FROM {got}").fetchone() ==
            connection.execute(f"{summary} FROM '{lake}/many.parquet'").fetchone())
    moved = f"SELECT count(*) FROM (SELECT id, row_number() OVER () - 1 AS place FROM {got}) WHERE id <> place"
    assert connection.execute(moved).fetchone() == (0,)


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "ndjson", "parquet"])
def test_huge_texts(lake, download, format):
    got = reader(download(f"huge.{format}")).format(types="columns={id: 'BIGINT', text: 'VARCHAR'}")
    assert_same_rows(f"FROM '{lake}/huge.parquet'", f"FROM {got}")


def test_huge_texts_by_others(lake, download):
    source = pyarrow.parquet.read_table(lake / "huge.parquet")
    assert pyarrow.ipc.open_stream(download("huge.arrow")).read_all().equals(source)
    wanted = source.to_pylist()
    with download("huge.ndjson").open(encoding="utf-8", newline="\n") as lines:
        assert [json.loads(line) for line in lines] == wanted
    limit = csv.field_size_limit(2 * HUGE)
    try:
        with download("huge.csv").open(encoding="utf-8", newline="") as lines:
            assert [row["text"] for row in csv.DictReader(lines, strict=True)] == [row["text"] or "" for row in wanted]
    finally:
        csv.field_size_limit(limit)


def test_ten_thousand_columns_as_text(server):
    names = [f"c{place}" for place in range(WIDE)]
    rows = [[place + row for place in range(WIDE)] for row in range(3)]
    assert list(csv.reader(
        server.get("/wide.csv").text.splitlines())) == [names, *([str(v) for v in row] for row in rows)]
    assert server.get("/wide.json").json() == [dict(zip(names, row)) for row in rows]


def test_ten_thousand_columns_in_binary(lake, server):
    source = pyarrow.parquet.read_table(lake / "wide.parquet")
    assert pyarrow.parquet.read_table(io.BytesIO(server.get("/wide.parquet").content)).equals(source)
    assert pyarrow.ipc.open_stream(server.get("/wide.arrow").content).read_all().equals(source)


def test_few_of_ten_thousand_columns(server):
    assert server.get("/wide.csv?_columns=c9999,c0&c5000=5001").text == "c9999,c0\r\n10000,1\r\n"


def test_ten_thousand_columns_are_described(server):
    described = server.get("/wide").json()
    assert len(described["columns"]) == WIDE and described["rows"] == 3


def test_a_wrong_name_among_ten_thousand_is_answered_briefly(server):
    answer = server.get("/wide.csv?_columns=c10000")
    assert answer.status_code == 400 and "c10000" in answer.json()["detail"] and len(answer.text) < 5000
