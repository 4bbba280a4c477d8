"""What is downloaded in a format is read back by DuckDB as the rows that were there, for every type and edge."""
import duckdb
import pyarrow.ipc
import pytest

from support.eider_server import EiderServer
from support.relations import assert_same_rows, columns, quoted
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
def download(server, tmp_path):
    def to_file(target):
        answer = server.get("/" + target)
        assert answer.status_code == 200, answer.text
        path = tmp_path / target.split("?")[0]
        path.write_bytes(answer.content)
        return path
    return to_file


def casts(relation, types):
    return "SELECT " + ", ".join(f"CAST({quoted(name)} AS {type}) AS {quoted(name)}"
                                 for name, type in types) + f" FROM {relation}"


@pytest.mark.parametrize("name", DATASETS)
def test_parquet(lake, download, name):
    """Intervals come as text: Parquet's own have no microseconds and no sign."""
    source, got = f"'{lake}/{name}.parquet'", f"'{download(name + '.parquet')}'"
    types = columns(source)
    assert columns(got) == [(column, "VARCHAR" if type == "INTERVAL" else type) for column, type in types]
    assert_same_rows(f"FROM {source}", casts(got, types))


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("format, delimiter", [("csv", ","), ("tsv", "\t")])
def test_delimited_text(lake, download, name, format, delimiter):
    """All values as text, which equals DuckDB's own text of them; a null is an empty field, an empty text is "". """
    source = f"'{lake}/{name}.parquet'"
    types = columns(source)
    got = (
        f"read_csv('{download(f'{name}.{format}')}', header=true, all_varchar=true, delim='{delimiter}', quote='\"', "
        "escape='\"', nullstr='', allow_quoted_nulls=false, strict_mode=true, max_line_size=10000000)")
    assert [column for column, _ in columns(got)] == [column for column, _ in types]
    assert_same_rows(casts(source, [(column, "VARCHAR") for column, _ in types]), f"FROM {got}")


# DuckDB's text cannot be cast back: its own reader refuses these values, or has no name for the type.
NOT_CAST_BACK = {("every", "timestamp_tz")}


@pytest.mark.parametrize("name", DATASETS)
def test_csv_values_are_cast_back_to_their_types(lake, download, name):
    source = f"'{lake}/{name}.parquet'"
    types = [(column, type) for column, type in columns(source) if (name, column) not in NOT_CAST_BACK]
    got = (f"read_csv('{download(f'{name}.csv')}', header=true, all_varchar=true, delim=',', quote='\"', escape='\"', "
           "nullstr='', allow_quoted_nulls=false)")
    assert_same_rows(casts(source, types), casts(got, types))


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("format, layout", [("json", "array"), ("ndjson", "newline_delimited")])
def test_json(lake, download, name, format, layout):
    """Decimals and blobs are looked at by test_formats_readers: DuckDB reads numbers of JSON as doubles."""
    source = f"'{lake}/{name}.parquet'"
    types = [(column, type) for column, type in columns(source) if (name, column) not in NOT_CAST_BACK]
    as_text = {column for column, type in types if type.startswith(("DECIMAL", "BLOB"))}
    read_as = ", ".join(f"{quoted(column)}: '{'VARCHAR' if column in as_text else type}'" for column, type in types)
    got = (f"read_json('{download(f'{name}.{format}')}', format='{layout}', columns={{{read_as}}}, "
           "maximum_object_size=100000000)")
    exact = [(column, type) for column, type in types if not type.startswith("DECIMAL")]
    assert_same_rows(casts(source, exact), casts(got, exact))


@pytest.mark.parametrize("name", DATASETS)
def test_arrow(lake, download, name):
    """What Arrow has no type for comes as text."""
    with pyarrow.ipc.open_stream(download(f"{name}.arrow")) as stream:
        table = stream.read_all()
    source = f"'{lake}/{name}.parquet'"
    connection = duckdb.connect()
    connection.register("got", table)
    types = columns("got", connection)
    assert [column for column, _ in types] == [column for column, _ in columns(source)]
    changed = {column: got for (column, got), (_, type) in zip(types, columns(source)) if got != type}
    assert set(changed.values()) <= {"VARCHAR"}, changed
    assert set(changed) <= {"uuid", "time_tz"}
    assert_same_rows(casts(source, types), "FROM got", connection)


def test_empty_results_are_whole_files(download):
    assert download("empty.csv?_columns=int,varchar").read_bytes() == b"int,varchar\r\n"
    assert download("empty.tsv?_columns=int,varchar").read_bytes() == b"int\tvarchar\n"
    assert download("empty.json").read_text().split() == ["[", "]"]
    assert download("empty.ndjson").read_bytes() == b""
