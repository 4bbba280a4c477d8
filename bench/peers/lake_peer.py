"""What the peers of `./dev bench lake` share: `lake_NAME.py ASK [ANSWER]`.

ASK is JSON: endpoint, bucket, objects (a glob), sql, and what a peer without SQL needs to know. Credentials are in the
environment. A peer is prepared (settings, secrets; no request) and then timed from its first statement to the last row
in memory as Arrow. It prints {"seconds": …}; the rows go to the file ANSWER, as Arrow, when that is given.
"""
import json
import os
import sys
import time
from collections.abc import Callable

KEY = os.environ["AWS_ACCESS_KEY_ID"]
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = os.environ["AWS_REGION"]


def measure(prepare: Callable[[dict], Callable[[], object]]) -> None:
    ask = json.loads(sys.argv[1])
    answer = prepare(ask)
    begin = time.perf_counter()
    table = answer()
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "rows": table.num_rows}))
    if len(sys.argv) > 2:
        import pyarrow.feather
        pyarrow.feather.write_feather(table, sys.argv[2], compression="uncompressed")


def url(ask: dict) -> str:
    return f"s3://{ask['bucket']}/{ask['objects']}"
