"""Lakes made with DuckDB, and the comparison of two relations by DuckDB."""
import duckdb


def write(sql, path, options=""):
    """Writes a SELECT to a .parquet, .csv or .json file; its folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = {".parquet": "parquet", ".csv": "csv", ".json": "json", ".ndjson": "json"}[path.suffix]
    array = ", array true" if path.suffix == ".json" else ""
    duckdb.execute(f"COPY ({sql}) TO '{path}' (FORMAT {kind}{array}{options and ', ' + options})")
    return path


def columns(relation, connection=duckdb):
    """[(name, type)] of a relation: a quoted path, a call of a table function, a registered name."""
    return [row[:2] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def assert_same_rows(expected, got, connection=duckdb):
    """Both are SELECTs. The same rows the same number of times; order is not looked at."""
    count = [connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()[0] for sql in (expected, got)]
    assert count[0] == count[1]
    for left, right, side in ((expected, got, "missing"), (got, expected, "unexpected")):
        rows = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM (({left}) EXCEPT ALL ({right})) LIMIT 3").fetchall()
        assert not rows, f"{side}: {rows}"
