"""The lakes that the downloads bench reads: made once from a fixed seed, kept in $EIDER_CACHE/bench-data.

A lake is whole once it has its `.complete`; delete the folder to have it made anew. The same seed gives the same rows.
"""
import dataclasses
import hashlib
import pathlib
import shutil
import sqlite3

import duckdb
import numpy
import pyarrow
import pyarrow.parquet

SEED = 20260727
LAYOUT = 1  # goes up whenever the same seed would give other files

# Datasette reads SQLite. The columns keep their Parquet names; timestamps are the text that DuckDB prints for them.
SQLITE_TABLE = "seed_10mb"


@dataclasses.dataclass(frozen=True)
class Table:
    """A dataset of seven columns, sorted by organisation_entity, every value of which has the same number of rows."""
    name: str
    rows: int
    group_rows: int
    organisations: int
    name_digits: int  # the width of the `name` column sets the bytes of a row in Parquet: 85 with 24, 101 with 40


@dataclasses.dataclass(frozen=True)
class Lake:
    folder: pathlib.Path
    tables: dict[str, Table]

    def path(self, dataset: str) -> pathlib.Path:
        return self.folder / "lake" / f"{dataset}.parquet"

    @property
    def sqlite(self) -> pathlib.Path:
        return self.folder / f"{SQLITE_TABLE}.db"


def tables(quick: bool) -> list[Table]:
    shrink = 20 if quick else 1
    return [Table("large", 5_000_000 // shrink, 100_000 // shrink, 100, 24),
            Table("seed_10mb", 100_000 // shrink, 10_000 // shrink, 10, 40),
            Table("seed_100mb", 1_000_000 // shrink, 100_000 // shrink, 10, 40)]


def make(cache: pathlib.Path, vega: pathlib.Path, quick: bool) -> Lake:
    known = {table.name: table for table in tables(quick)}
    folder = cache / "bench-data" / f"downloads-{LAYOUT}-{'quick' if quick else 'full'}"
    lake = Lake(folder, known)
    if (folder / ".complete").exists():
        return lake
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lake").mkdir(parents=True)
    for table in known.values():
        _write(table, lake.path(table.name))
    shutil.copy(vega / "data" / "flights-3m.parquet", lake.path("flights"))
    _load_sqlite(lake)
    (folder / ".complete").touch()
    return lake


def _write(table: Table, path: pathlib.Path) -> None:
    """Writes group after group, so that the size of the table does not matter."""
    random = numpy.random.default_rng([SEED, table.rows])
    writer = None
    for first in range(0, table.rows, table.group_rows):
        batch = _group(table, first, random)
        writer = writer or pyarrow.parquet.ParquetWriter(path, batch.schema, compression="snappy",
                                                         use_dictionary=["organisation_entity"])
        writer.write_table(batch, row_group_size=table.group_rows)
    writer.close()


def _group(table: Table, first: int, random: numpy.random.Generator) -> pyarrow.Table:
    keys = numpy.arange(first, first + table.group_rows, dtype=numpy.int64)
    digests = [hashlib.md5(b"%d %d" % (SEED, key), usedforsecurity=False).hexdigest() for key in keys]
    names = [hashlib.sha256(digest.encode()).hexdigest()[:table.name_digits] for digest in digests]
    seconds = random.integers(1_262_304_000, 1_767_225_600, len(keys))  # 2010 to 2025
    return pyarrow.table({
        "entity": keys + 1,
        "organisation_entity": (keys * table.organisations // table.rows + 1).astype(numpy.int32),
        "reference": digests,
        "name": names,
        "longitude": random.uniform(-6.4, 1.8, len(keys)),
        "latitude": random.uniform(49.9, 55.8, len(keys)),
        "entry_date": pyarrow.array(seconds * 1_000_000, pyarrow.timestamp("us")),
    })


def _load_sqlite(lake: Lake) -> None:
    columns = "entity, organisation_entity, reference, name, longitude, latitude, entry_date::VARCHAR"
    rows = duckdb.connect().execute(f"SELECT {columns} FROM read_parquet(?)", [str(lake.path(SQLITE_TABLE))])
    with sqlite3.connect(lake.sqlite) as database:
        database.execute(f"CREATE TABLE {SQLITE_TABLE} (entity INTEGER PRIMARY KEY, organisation_entity INTEGER,"
                         " reference TEXT, name TEXT, longitude REAL, latitude REAL, entry_date TEXT)")
        database.executemany(f"INSERT INTO {SQLITE_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)", rows.fetchall())
