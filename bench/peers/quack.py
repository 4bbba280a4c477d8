"""DuckDB's quack protocol: a server over a file, and a client that reads all rows into Arrow.

    quack.py FILE PORT    serves the file as the table `large`
"""
import pathlib
import signal
import sys

import duckdb
import duckdb_extension_httpfs
import duckdb_extension_quack

TOKEN = "of-this-bench-alone"
BATCH_ROWS = 100_000


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for package in (duckdb_extension_httpfs, duckdb_extension_quack):  # its client asks by httpfs
        connection.load_extension(str(next(pathlib.Path(package.__path__[0]).glob("extensions/*/*.duckdb_extension"))))
    return connection


def client(port: int) -> duckdb.DuckDBPyConnection:
    connection = connect()
    connection.execute(f"CREATE SECRET (TYPE quack, TOKEN '{TOKEN}')")
    connection.execute(f"ATTACH 'quack:127.0.0.1:{port}' AS remote")
    return connection


def read(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The rows that have come."""
    return sum(batch.num_rows for batch in connection.execute(sql).fetch_record_batch(BATCH_ROWS))


def serve(path: str, port: str) -> None:
    connection = connect()
    connection.execute("SET parquet_metadata_cache=true")
    connection.execute(f"CREATE VIEW large AS FROM read_parquet('{path}')")
    connection.execute(f"CALL quack_serve('quack:127.0.0.1:{port}', token = '{TOKEN}')")
    signal.pause()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    serve(*sys.argv[1:])
