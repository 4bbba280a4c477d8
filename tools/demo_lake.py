"""The demo's lake: real open data out of the vega-datasets package, written by the DuckDB library that Eider links."""
import ctypes
import hashlib
import pathlib
import shutil

from install import place
from step import Failure, say

AS_THEY_ARE = {"airports.csv": "airports.csv", "zipcodes.csv": "zipcodes.csv", "movies.json": "movies.json",
               "seattle-weather-hourly-normals.csv": "weather.csv"}

MONTHS = [f"2001-{month:02}" for month in range(1, 8)]  # of three million US flights; of July only its first minute

FLIGHTS = """
COPY (SELECT * FROM '{data}/flights-3m.parquet' WHERE strftime(date, '%Y-%m') = '{month}' ORDER BY ALL)
TO '{folder}/flights.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"""

# GeoJSON is one object, not rows: its features become rows with a position.
EARTHQUAKES = """
COPY (SELECT quake.id, make_timestamp(quake.properties.time * 1000) AS time, quake.properties.mag AS magnitude,
             quake.properties.place, quake.geometry.coordinates[1] AS longitude,
             quake.geometry.coordinates[2] AS latitude, quake.geometry.coordinates[3] AS depth_km
      FROM (SELECT unnest(features) AS quake FROM read_json('{data}/earthquakes.json')) ORDER BY time, quake.id)
TO '{lake}/earthquakes.parquet' (FORMAT parquet)"""


def make(target: pathlib.Path, vega: pathlib.Path, duckdb: pathlib.Path) -> pathlib.Path:
    """`target`, made once; the same bytes wherever it is made."""
    def fill(lake: pathlib.Path) -> None:
        data = vega / "data"
        run_sql = _open(duckdb)
        for month in MONTHS:
            folder = lake / "flights" / f"month={month}"
            folder.mkdir(parents=True)
            run_sql(FLIGHTS.format(data=data, month=month, folder=folder))
        run_sql(EARTHQUAKES.format(data=data, lake=lake))
        for source, name in AS_THEY_ARE.items():
            shutil.copyfile(data / source, lake / name)
        say(f"  made {target.name}/")
    recipe = pathlib.Path(__file__).read_bytes() + (vega / ".complete").read_bytes()
    return place(target, hashlib.sha256(recipe).hexdigest(), fill)


class _QueryResult(ctypes.Structure):
    """duckdb_result of duckdb.h, whose members are its own business."""
    _fields_ = [("opaque", ctypes.c_uint64 * 6)]


def _open(duckdb: pathlib.Path):
    """An in-memory database of the C library: a function that runs SQL and looks at no rows."""
    library = ctypes.CDLL(str(duckdb / "lib" / "libduckdb.so"))
    library.duckdb_result_error.restype = ctypes.c_char_p
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    if library.duckdb_open(None, ctypes.byref(database)) or library.duckdb_connect(database, ctypes.byref(connection)):
        raise Failure("DuckDB does not open a database in memory.")

    def run_sql(sql: str) -> None:
        answer = _QueryResult()
        if library.duckdb_query(connection, sql.encode(), ctypes.byref(answer)):
            raise Failure(f"{library.duckdb_result_error(ctypes.byref(answer)).decode()}\nin{sql}")
        library.duckdb_destroy_result(ctypes.byref(answer))

    run_sql("SET threads = 1")
    return run_sql
