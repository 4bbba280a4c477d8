"""Types that no Parquet source can bring, but CSV whose types eider.yaml says: every format carries their values."""
import io

import duckdb
import pyarrow.ipc
import pyarrow.parquet
import pytest

from support.eider_server import EiderServer
from support.flights import parse_csv
from support.relations import assert_same_rows, columns, write

CELLS = {
    "HUGEINT": [
        "170141183460469231731687303715884105727", "-170141183460469231731687303715884105728", "9007199254740993", ""
    ],
    "UHUGEINT": ["340282366920938463463374607431768211455", "0", "18446744073709551616", ""],
    "INTERVAL": ["00:00:00.123456", "1 year 2 months 3 days 04:05:06.000007", "", "00:00:00"],
    "NEGATIVE": ["-1 day", "-00:00:01", "", "00:00:00"],
    "TIMESTAMP_NS": ["2024-02-29 12:34:56.123456789", "1677-09-22 00:00:00", "", "2262-04-11 23:47:16.854775806"],
    "TIME": ["23:59:59.999999", "00:00:00", "", "12:00:00"],
    "UUID": [
        "00112233-4455-6677-8899-aabbccddeeff", "ffffffff-ffff-ffff-ffff-ffffffffffff", "",
        "00000000-0000-0000-0000-000000000000"
    ],
    "DECIMAL(38,10)": ["9999999999999999999999999999.9999999999", "-0.0000000001", "", "1.0000000000"],
    "BIT": ["101", "0", "", "1111111111111111111111111111111111111111111111111111111111111111111111"],
    "VARCHAR": ["001", "1e5", "", "true"],
}
NAMES = {type: f"c{place}" for place, type in enumerate(CELLS)}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    lake = tmp_path_factory.mktemp("lake")
    rows = zip(*CELLS.values())
    (lake / "a.csv").write_text("\n".join([",".join(NAMES.values()), *(",".join(row) for row in rows), ""]))
    types = "\n".join(f"      {NAMES[type]}: {'INTERVAL' if type == 'NEGATIVE' else type}" for type in CELLS)
    (lake / "eider.yaml").write_text(f"datasets:\n  a:\n    types:\n{types}\n")
    with EiderServer(lake) as running:
        yield running


def texts(values):
    return [value or None for value in values]


def column(server, format, type):
    answer = server.get(f"/a.{format}?_columns={NAMES[type]}")
    assert answer.status_code == 200, answer.text
    return answer


def test_the_types_are_as_said(server):
    said = ["INTERVAL" if type == "NEGATIVE" else type for type in CELLS]
    assert [known["type"] for known in server.get("/a").json()["columns"]] == said


@pytest.mark.parametrize("type", CELLS)
def test_csv(server, type):
    lines = column(server, "csv", type).text.split("\r\n")
    assert lines == [NAMES[type], *CELLS[type], ""]


@pytest.mark.parametrize("type", CELLS)
def test_json(server, type):
    rows = column(server, "json", type).text.splitlines()[1:-1]
    values = [row.split(":", 1)[1].rstrip("},").strip('"') for row in rows]
    assert values == [cell or "null" for cell in CELLS[type]]


@pytest.mark.parametrize("type", CELLS)
def test_parquet(server, tmp_path, type):
    path = tmp_path / "a.parquet"
    path.write_bytes(column(server, "parquet", type).content)
    got = duckdb.execute(f"SELECT COLUMNS(*)::VARCHAR FROM '{path}'").fetchall()
    assert [row[0] for row in got] == texts(CELLS[type])


@pytest.mark.parametrize("type", CELLS)
def test_arrow(server, type):
    connection = duckdb.connect()
    connection.register("got", pyarrow.ipc.open_stream(column(server, "arrow", type).content).read_all())
    got = connection.execute("SELECT COLUMNS(*)::VARCHAR FROM got").fetchall()
    assert [row[0] for row in got] == texts(CELLS[type])


def test_parquet_keeps_what_json_brought(serve, tmp_path):
    """DuckDB reads unsigned 64-bit numbers of JSON as HUGEINT."""
    (tmp_path / "a.json").write_text('[{"n": 18446744073709551615}, {"n": 9007199254740993}]')
    table = pyarrow.parquet.read_table(io.BytesIO(serve(tmp_path).get("/a.parquet").content))
    assert [int(value) for value in table["n"].to_pylist()] == [18446744073709551615, 9007199254740993]


def test_geometries_are_wkt_in_text_and_wkb_in_binary(serve, tmp_path):
    source = write(
        "SELECT row_number() OVER () AS id, shape::GEOMETRY AS shape FROM (VALUES ('POINT (1 2)'), (NULL), "
        "('LINESTRING (0 0, 1.5 1)'), ('POLYGON ((0 0, 0 1, 1 1, 0 0))'), ('MULTIPOINT (0 0, 1 1)')) AS t(shape)",
        tmp_path / "lake/a.parquet")
    server = serve(tmp_path / "lake")
    texts = [row[0] for row in duckdb.execute(f"SELECT shape::VARCHAR FROM '{source}'").fetchall()]
    assert [row["shape"] for row in server.get("/a.json").json()] == texts
    assert [row[1] for row in parse_csv(server.get("/a.csv").content)[1]] == [text or "" for text in texts]
    got = tmp_path / "got.parquet"
    got.write_bytes(server.get("/a.parquet").content)
    assert columns(f"'{got}'") == columns(f"'{source}'")
    assert_same_rows(f"FROM '{source}'", f"FROM '{got}'")
    field = pyarrow.ipc.open_stream(server.get("/a.arrow").content).schema.field("shape")
    assert b"geoarrow.wkb" in (field.metadata or {}).get(b"ARROW:extension:name", b"")
    assert server.get("/a.csv?shape__isnull&_columns=id").text == "id\r\n2\r\n"
