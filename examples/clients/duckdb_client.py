"""DuckDB over a Parquet download: it asks for the footer and the columns that it needs, by ranges."""
import sys

import duckdb

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"

connection = duckdb.connect()
try:  # the extension as a Python package; else DuckDB fetches it from its own site
    import duckdb_extension_httpfs
    import importlib.resources
    extension = next(file for file in importlib.resources.files(duckdb_extension_httpfs).rglob("httpfs.duckdb_extension"))
    connection.load_extension(str(extension))
except ImportError:
    connection.install_extension("httpfs")
    connection.load_extension("httpfs")

for row in connection.sql(f"""SELECT origin, count(*) AS flights, max(delay) AS latest
                              FROM '{SERVER}/flights.parquet' GROUP BY origin ORDER BY origin LIMIT 3""").fetchall():
    print(*row)
