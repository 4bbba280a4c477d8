"""What is downloaded is read back by programs that are not DuckDB: PyArrow, Polars, and Python's own csv and json."""
import csv
import decimal
import io
import json
import math
import random
import struct

import duckdb
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet
import pytest

from support.eider_server import EiderServer
from support.relations import columns, quoted, write
from support.type_samples import SAMPLES, write_samples

DATASETS = [*SAMPLES, "empty", "one"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return write_samples(tmp_path_factory.mktemp("types"))


@pytest.fixture(scope="module")
def server(lake):
    with EiderServer(lake) as running:
        yield running


@pytest.fixture
def download(server):
    def content(target):
        answer = server.get("/" + target)
        assert answer.status_code == 200, answer.text
        return answer.content
    return content


def texts_of(lake, name):
    """The rows as DuckDB writes them as text, nulls as None."""
    types = columns(f"'{lake}/{name}.parquet'")
    select = ", ".join(f"{quoted(column)}::VARCHAR" for column, _ in types)
    return types, duckdb.execute(f"SELECT {select} FROM '{lake}/{name}.parquet'").fetchall()


def equal_columns(left, right):
    """Arrow's own equality, which holds NaN unequal to itself."""
    return left.equals(right) or (left.type == right.type and repr(left.to_pylist()) == repr(right.to_pylist()))


@pytest.mark.parametrize("name", DATASETS)
def test_parquet_by_pyarrow(lake, download, name):
    """But for intervals, which come as text (see test_formats)."""
    source = pyarrow.parquet.read_table(lake / f"{name}.parquet")
    got = pyarrow.parquet.read_table(io.BytesIO(download(f"{name}.parquet")))
    assert got.schema.names == source.schema.names
    if "interval" in source.schema.names:
        source, got = source.drop_columns("interval"), got.drop_columns("interval")
    assert got.schema.equals(source.schema)
    assert [column for column in source.schema.names if not equal_columns(source[column], got[column])] == []


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in ("every", "empty", "one", "times")])
def test_parquet_by_polars(lake, download, name):
    """Polars has no intervals of months and no wide times."""
    assert polars.read_parquet(download(f"{name}.parquet")).equals(polars.read_parquet(lake / f"{name}.parquet"))


@pytest.mark.parametrize("name", DATASETS)
def test_arrow_by_pyarrow(lake, download, name):
    with pyarrow.ipc.open_stream(download(f"{name}.arrow")) as stream:
        got = stream.read_all()
    # 24:00:00, DuckDB's greatest time, is beyond what Arrow calls valid.
    got.drop_columns([column for column in ("time",) if name in ("every", "one")]).validate(full=True)
    source = pyarrow.parquet.read_table(lake / f"{name}.parquet")
    assert got.schema.names == source.schema.names
    comparable = [
        column for column in source.schema.names if got.schema.field(column).type == source.schema.field(column).type
    ]
    assert [column for column in comparable if not equal_columns(source[column], got[column])] == []
    if name in ("texts", "controls", "numbers"):
        assert comparable == source.schema.names


@pytest.mark.parametrize("name", ["texts", "controls", "numbers"])
def test_arrow_by_polars(lake, download, name):
    assert polars.read_ipc_stream(download(f"{name}.arrow")).equals(polars.read_parquet(lake / f"{name}.parquet"))


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("format, delimiter", [("csv", ","), ("tsv", "\t")])
def test_delimited_text_by_csv_module(lake, download, name, format, delimiter):
    types, rows = texts_of(lake, name)
    text = download(f"{name}.{format}").decode()
    got = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    assert got[0] == [column for column, _ in types]
    assert got[1:] == [["" if value is None else value for value in row] for row in rows]


@pytest.mark.parametrize("name", ["texts", "numbers", "times", "nested"])
def test_csv_by_polars(lake, download, name):
    types, rows = texts_of(lake, name)
    got = polars.read_csv(download(f"{name}.csv"), infer_schema=False)
    assert got.columns == [column for column, _ in types]
    assert got.rows() == rows


def test_csv_lines_end_as_rfc_4180_says(download):
    text = download("numbers.csv")
    assert text.count(b"\r\n") == 9 and text.count(b"\n") == 9 and text.endswith(b"\r\n")
    assert not text.startswith(b"\xef\xbb\xbf")


# --- JSON, by a parser that takes nothing that RFC 8259 does not ---

def refuse_constant(word):
    raise AssertionError(f"{word} is no JSON")


def unique_pairs(pairs):
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def parse_json(text):
    return json.loads(text, parse_float=decimal.Decimal, parse_constant=refuse_constant, object_pairs_hook=unique_pairs)


def expected_value(value, type, text):
    """What JSON should hold for a DuckDB value that Python shows as `value` and DuckDB as `text`."""
    if value is None or type in ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT",
                                 "UINTEGER", "UBIGINT"):
        return value
    if type.startswith("DECIMAL"):
        return decimal.Decimal(text)
    if type in ("FLOAT", "DOUBLE"):
        if math.isnan(value):
            return "NaN"
        return ("-Infinity" if value < 0 else "Infinity") if math.isinf(value) else value
    return text


def assert_json_value(got, wanted, where):
    if isinstance(wanted, float):
        assert float(got) == wanted and math.copysign(1, float(got)) == math.copysign(1, wanted), where
    else:
        assert got == wanted and isinstance(got, bool) == isinstance(wanted, bool), where


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("format", ["json", "ndjson"])
def test_json_by_a_strict_parser(lake, download, name, format):
    types, texts = texts_of(lake, name)
    flat = [(place, column, type) for place, (column, type) in enumerate(types)
            if not type.endswith(("]", ")")) or type.startswith("DECIMAL")]
    # Python has no TIMESTAMPTZ without pytz and no year 290309: only numbers are asked for as Python's values.
    numeric = ", ".join(quoted(column) if type in ("BOOLEAN", "FLOAT", "DOUBLE") or type.endswith("INT") or
                        type.endswith("INTEGER") else f"{quoted(column)} IS NULL" for _, column, type in flat)
    values = duckdb.execute(f"SELECT {numeric} FROM '{lake}/{name}.parquet'").fetchall()
    text = download(f"{name}.{format}").decode()
    rows = parse_json(text) if format == "json" else [parse_json(line) for line in text.split("\n")[:-1]]
    assert len(rows) == len(texts)
    for row, row_values, row_texts in zip(rows, values, texts):
        assert list(row) == [column for column, _ in types]
        for (place, column, type), value in zip(flat, row_values):
            value = None if row_texts[place] is None else value
            assert_json_value(row[column], expected_value(value, type, row_texts[place]), (column, row_texts[place]))


def test_nested_json_by_a_strict_parser(download):
    rows = parse_json(download("nested.json"))
    assert rows[0] == {"id": 1, "list": [1, None, 3], "struct": {"x": 1, "y": 'a,"b"'},
                       "map": {"k": decimal.Decimal("1.5"), 'l,"m"': None},
                       "deep": [{"t": ["p", None, ""], "d": "2024-01-02"}]}
    assert rows[2] == {"id": 3, "list": None, "struct": None, "map": None, "deep": None}
    every = parse_json(download("every.json?_columns=double_array,map,struct_of_arrays,nested_int_array"))[1]
    assert every["double_array"] == [
        decimal.Decimal("42.0"), "NaN", "Infinity", "-Infinity", None,
        decimal.Decimal("-42.0")
    ]
    assert every["map"] == {"key1": "🦆🦆🦆🦆🦆🦆", "key2": "goose"}
    assert every["struct_of_arrays"] == {"a": [42, 999, None, None, -42], "b": ["🦆🦆🦆🦆🦆🦆", "goose", None, ""]}
    assert every["nested_int_array"][1] == [42, 999, None, None, -42]


def test_words_for_non_finite_numbers_inside_texts_stay(server, tmp_path, serve):
    write("SELECT 'NaN \"Infinity\", -Infinity' AS \"NaN\", 'NaN'::DOUBLE AS x, ['a\\', 'NaN'] AS list",
          tmp_path / "words.parquet")
    got = parse_json(serve(tmp_path).get("/words.json").text)
    assert got == [{"NaN": 'NaN "Infinity", -Infinity', "x": "NaN", "list": ["a\\", "NaN"]}]


@pytest.mark.parametrize("name", ["texts", "nested"])
def test_ndjson_by_pyarrow_and_polars(lake, download, name):
    content = download(f"{name}.ndjson")
    count = duckdb.execute(f"SELECT count(*) FROM '{lake}/{name}.parquet'").fetchone()[0]
    if name == "texts":
        assert polars.read_ndjson(content).equals(
            polars.read_parquet(lake / "texts.parquet").cast({"id": polars.Int64}))
    assert pyarrow.json.read_json(io.BytesIO(content)).num_rows == count


def random_numbers():
    """Doubles and floats of every magnitude: random bits, powers of ten and their neighbours, short decimals."""
    dice = random.Random(5)
    doubles = [struct.unpack("<d", dice.randbytes(8))[0] for _ in range(20_000)]
    doubles += [near for exponent in range(-320, 309) for power in (float(f"1e{exponent}"),)
                for near in (power, math.nextafter(power, 0), -math.nextafter(power, math.inf))]
    doubles += [dice.randrange(-10**9, 10**9) / 10**dice.randrange(12) for _ in range(20_000)]
    doubles = [number for number in doubles if math.isfinite(number)]
    floats = [struct.unpack("<f", dice.randbytes(4))[0] for _ in doubles]
    floats = [number if math.isfinite(number) else 0.0 for number in floats]
    return pyarrow.table({"d": doubles, "f": pyarrow.array(floats, pyarrow.float32())})


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_numbers_of_every_magnitude_come_back_to_the_last_bit(serve, tmp_path, format):
    table = random_numbers()
    pyarrow.parquet.write_table(table, tmp_path / "numbers.parquet")
    content = serve(tmp_path).get(f"/numbers.{format}").text
    if format == "csv":
        rows = [line.split(",") for line in content.split("\r\n")[1:-1]]
    else:
        rows = [(row["d"], row["f"]) for row in map(json.loads, content.splitlines())]
    assert [float(d) for d, _ in rows] == table["d"].to_pylist()
    assert pyarrow.array([float(f) for _, f in rows], pyarrow.float32()).equals(table["f"].combine_chunks())
