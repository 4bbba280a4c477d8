"""Whether a contender's answer is the true one, which DuckDB computes from the local copies of the objects.

Columns are compared by position and as the truth's types. Rows have no order here. Floating point numbers may differ
in the last digits, for each sums in an order of its own. A LIMIT may answer any rows, but each must be in the table.
"""
import functools
import math
import pathlib

import duckdb

from reading.chain import Failure
from reading.lake import Lake
from reading.shapes import Shape

CLOSE = 1e-9


def check(name: str, lake: Lake, shape: Shape, answer: pathlib.Path) -> None:
    found = _rows(answer, _types(lake, shape))
    if shape.limit and len(found) != shape.limit:
        raise Failure(f"{name}: {len(found)} rows: {shape.title}")
    truth = _rows_like(lake, shape, tuple(sorted({row[0] for row in found}))) if shape.limit else _truth(lake, shape)
    if len(found) != len(truth):
        raise Failure(f"{name}: {len(found)} rows, but {len(truth)} are right: {shape.title}")
    for have, want in zip(sorted(found), sorted(truth)):
        if not all(map(_same, have, want)):
            raise Failure(f"{name}: {have}, but right is {want}: {shape.title}")


def _statement(lake: Lake, shape: Shape) -> str:
    return shape.sql.format(t=f"read_parquet('{lake.objects / shape.objects}')")


@functools.lru_cache
def _types(lake: Lake, shape: Shape) -> tuple[str, ...]:
    return tuple(row[1] for row in duckdb.sql(f"DESCRIBE {_statement(lake, shape)}").fetchall())


@functools.lru_cache
def _truth(lake: Lake, shape: Shape) -> list[tuple]:
    return duckdb.sql(_statement(lake, shape)).fetchall()


@functools.lru_cache
def _rows_like(lake: Lake, shape: Shape, keys: tuple[int, ...]) -> list[tuple]:
    """The table's rows with these values in its first column, which is a key."""
    column = duckdb.sql(f"DESCRIBE {_statement(lake, shape)}").fetchone()[0]
    table = shape.sql.partition(" LIMIT ")[0].format(t=f"read_parquet('{lake.objects / shape.objects}')")
    return duckdb.sql(f'{table} WHERE "{column}" IN ({", ".join(map(str, keys)) or "NULL"})').fetchall()


def _rows(answer: pathlib.Path, types: tuple[str, ...]) -> list[tuple]:
    if answer.suffix == ".csv":
        relation = duckdb.sql(f"SELECT * FROM read_csv('{answer}', header = true, all_varchar = true)")
    else:
        import pyarrow.feather
        relation = duckdb.from_arrow(pyarrow.feather.read_table(answer))
    if len(relation.columns) != len(types):
        raise Failure(f"{answer.name}: columns {relation.columns}, but {len(types)} are right")
    cast = ", ".join(f'"{column}"::{kind}' for column, kind in zip(relation.columns, types))
    return relation.project(cast).fetchall()


def _same(have: object, want: object) -> bool:
    if isinstance(want, float) and isinstance(have, float):
        return math.isclose(have, want, rel_tol=CLOSE)
    return have == want
