"""pandas and Polars, each from a download's URL."""
import io
import sys
import urllib.request

import pandas
import polars

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"

late = pandas.read_csv(f"{SERVER}/flights.csv?delay__gt=60&_columns=origin,delay")
print(f"pandas: {len(late)} rows, {late.groupby('origin').delay.max().idxmax()} had the latest")

frame = polars.read_csv(f"{SERVER}/flights.csv?delay__gt=60&_columns=origin,delay")
assert len(frame) == len(late) and frame["delay"].sum() == late.delay.sum()

# Parquet keeps the types.
with urllib.request.urlopen(f"{SERVER}/flights.parquet?delay__gt=60") as download:
    typed = polars.read_parquet(io.BytesIO(download.read()))
print(f"Polars: {len(typed)} rows of {', '.join(typed.columns)}")
