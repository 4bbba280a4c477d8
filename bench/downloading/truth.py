"""Whether a downloaded CSV has exactly the rows of its Parquet file: their number, and an order-free hash of all."""
import dataclasses
import pathlib

import duckdb


@dataclasses.dataclass(frozen=True)
class Rows:
    count: int
    digest: int


def expected(parquet: pathlib.Path, where: dict[str, object]) -> Rows:
    return _fingerprint(f"(SELECT * FROM read_parquet({_text(parquet)}) WHERE {_condition(where)})",
                        columns(parquet))


def found(csv: pathlib.Path, parquet: pathlib.Path) -> Rows:
    return _fingerprint(_read_csv(csv, parquet), columns(parquet))


def in_source_order(csv: pathlib.Path, parquet: pathlib.Path) -> bool:
    """For a table whose `entity` counts its rows: do they come as they stand in the file?"""
    query = f"""SELECT count(*) = 0 FROM (SELECT entity, row_number() OVER () AS n, first_value(entity) OVER () AS first
                FROM {_read_csv(csv, parquet)}) WHERE entity <> first + n - 1"""
    return duckdb.sql(query).fetchone()[0]


def columns(parquet: pathlib.Path) -> dict[str, str]:
    return {row[0]: row[1] for row in duckdb.sql(f"DESCRIBE FROM read_parquet({_text(parquet)})").fetchall()}


def _read_csv(csv: pathlib.Path, parquet: pathlib.Path) -> str:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns(parquet).items())
    return f"read_csv({_text(csv)}, columns = {{{types}}}, header = true, auto_detect = false, quote = '\"')"


def _fingerprint(table: str, names: dict[str, str]) -> Rows:
    listed = ", ".join(f'"{name}"' for name in names)
    return Rows(*duckdb.sql(f"SELECT count(*), coalesce(sum(hash({listed})::HUGEINT), 0) FROM {table}").fetchone())


def _condition(where: dict[str, object]) -> str:
    return " AND ".join(f'"{column}" = {int(value)}' for column, value in where.items()) or "true"


def _text(path: pathlib.Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
