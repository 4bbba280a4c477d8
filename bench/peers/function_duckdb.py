"""The usual function over Parquet: DuckDB with httpfs, its answer as a frame of pandas, that as CSV."""
import os

import duckdb
import pandas  # noqa: F401  what df() needs, loaded when the function starts

import function_loop

database = duckdb.connect()
database.execute(f"LOAD '{os.environ['HTTPFS']}'")
for name, value in {"s3_endpoint": function_loop.endpoint(), "s3_use_ssl": "false", "s3_url_style": "path",
                    "s3_region": os.environ["AWS_REGION"], "s3_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
                    "s3_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
                    "parquet_metadata_cache": "true"}.items():
    database.execute(f"SET {name} = '{value}'")
database.execute("CREATE VIEW large AS FROM read_parquet('s3://lake/large/large.parquet')")


def answer(event):
    if "q" in event:
        return database.execute(event["q"]).df().to_json(orient="records")
    return csv(function_loop.asked(event))


def csv(where):
    tests = " AND ".join(f"{name.removesuffix('__gte').removesuffix('__lte')} "
                         f"{'>=' if name.endswith('__gte') else '<=' if name.endswith('__lte') else '='} {value}"
                         for name, value in where.items())
    yield database.execute(f"FROM large WHERE {tests}").df().to_csv(index=False).encode()


function_loop.run(answer)
