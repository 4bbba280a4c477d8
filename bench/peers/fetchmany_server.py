"""Python's DuckDB: the filter is pushed into the scan, rows come by fetchmany and leave through the csv module."""
import csv
import io
import pathlib
from collections.abc import Iterator

import duckdb

import csv_server


def csv_pieces(path: pathlib.Path, where: dict[str, str]) -> Iterator[str]:
    condition = " AND ".join(f'"{column}" = ?' for column in where) or "true"
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT * FROM read_parquet(?) WHERE {condition}", [str(path), *where.values()])
        batch = [[column[0] for column in rows.description]]
        while batch:
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(batch)
            yield text.getvalue()
            batch = rows.fetchmany(csv_server.BATCH_ROWS)


if __name__ == "__main__":
    csv_server.serve(csv_pieces)
