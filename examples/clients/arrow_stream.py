"""SQL by requests; the rows as Arrow record batches, each as soon as it arrives."""
import sys

import pyarrow.ipc
import requests

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
SQL = "SELECT origin, destination, delay FROM flights WHERE delay > $1 ORDER BY delay DESC, origin, destination"

with requests.post(f"{SERVER}/query", json={"sql": SQL, "params": [60], "format": "arrow"}, stream=True) as answer:
    answer.raise_for_status()
    with pyarrow.ipc.open_stream(answer.raw) as batches:
        rows = sum(batch.num_rows for batch in batches)
print(f"{rows} flights were more than an hour late")

# Wrong SQL is told with its place, as application/problem+json.
refused = requests.post(f"{SERVER}/query", json={"sql": "SELECT origin FROM flihgts"})
print(refused.status_code, refused.json()["detail"].splitlines()[0])
