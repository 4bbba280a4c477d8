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
    types, truth = _truth(lake, shape)
    found = _rows(answer, types)
    if shape.limit:
        if len(found) != shape.limit or not set(found) <= set(truth):
            raise Failure(f"{name}: {len(found)} rows for a LIMIT of {shape.limit}, or rows that the table has not")
        return
    if len(found) != len(truth):
        raise Failure(f"{name}: {len(found)} rows, but {len(truth)} are right: {shape.title}")
    for have, want in zip(sorted(found), sorted(truth)):
        if not all(map(_same, have, want)):
            raise Failure(f"{name}: {have}, but right is {want}: {shape.title}")


@functools.lru_cache
def _truth(lake: Lake, shape: Shape) -> tuple[tuple[str, ...], list[tuple]]:
    sql = shape.sql.format(t=f"read_parquet('{lake.objects / shape.objects}')")
    if shape.limit:
        # DuckDB and most others answer the first rows; all of the first row groups are a generous truth.
        sql = sql.replace(f"LIMIT {shape.limit}", "LIMIT 1000000")
    answer = duckdb.sql(sql)
    return tuple(map(str, answer.types)), answer.fetchall()


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
