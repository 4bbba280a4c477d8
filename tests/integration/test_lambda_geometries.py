"""What a published service lost rows of: 11,766 of them with geometries, most small, some of 8 MB. They arrive complete
and in order through a streamed response, fifty times, in text and in binary."""
import hashlib
import io
import json
import pathlib
import random
import struct

import pyarrow
import pyarrow.parquet
import pytest

from support.lambda_function import LambdaFunction
from support.runtime_api import RuntimeApi

EVENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "events"
ROWS = 11_766
LARGEST = 8_000_000
SEED = 20_261_122
# As parcels and districts are: half of them below 300 bytes, one in a hundred of some KB, a few that nobody expects.
LARGE_ROWS = {0: 300_000, 3_000: 1_500_000, 7_001: LARGEST, 7_002: 400_000, 11_765: LARGEST}


def points(number, text_bytes):
    """As many corners as make about so many bytes of text, cheaply for the large ones."""
    pick, corners = random.Random(SEED + number), max(text_bytes // 14, 4)
    ring = [(pick.randint(-17_000, 17_000) / 100, pick.randint(-8_500, 8_500) / 100) for _ in range(min(corners, 500))]
    return (ring * (corners // 500 + 1))[:corners]


def well_known_text(ring):
    once = [f"{x} {y}" for x, y in ring[:500]]
    corners = (once * (len(ring) // 500 + 1))[:len(ring)]
    return f"POLYGON(({', '.join(corners)}))"


def well_known_binary(ring):
    once = b"".join(struct.pack("<dd", x, y) for x, y in ring[:500])
    return struct.pack("<BIII", 1, 3, 1, len(ring)) + (once * (len(ring) // 500 + 1))[:16 * len(ring)]


@pytest.fixture(scope="module")
def parcels():
    """The rows: reference, geometry as text, its middle as binary, and a name that may be missing."""
    pick, rows = random.Random(SEED), []
    for number in range(ROWS):
        size = LARGE_ROWS.get(number, min(int(pick.lognormvariate(5.5, 1.1)), 60_000))
        ring = points(number, size)
        text = well_known_text(ring)
        if number in LARGE_ROWS and LARGE_ROWS[number] == LARGEST:
            text = text[:-2].ljust(LARGEST - 2, "0") + "))"  # to the byte
        rows.append((number, text, well_known_binary(ring[:max(len(ring) // 8, 4)]), None if number % 7 == 3 else f"no. {number}"))
    return rows


@pytest.fixture(scope="module")
def lake(parcels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    table = pyarrow.table(dict(zip(("reference", "geometry", "point", "name"), map(list, zip(*parcels)))))
    pyarrow.parquet.write_table(table, folder / "parcels.parquet", row_group_size=1024)
    return folder


@pytest.fixture(scope="module")
def api(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake, AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1024) as function:
        yield api
        assert not function.log_lines("answer_lost")


def download(api, target):
    path, _, query = target.partition("?")
    event = json.loads((EVENTS / "function-url.json").read_text())
    event.update(rawPath=path, rawQueryString=query, headers={})
    event["requestContext"]["http"].update(method="GET", path=path)
    answer = api.invoke(event)
    assert answer.kind == "stream" and not answer.trailers
    status, _, body = answer.http
    assert status == 200, body
    return body


def test_text_25_times(api, parcels):
    """Each time another request, so that each is a query of its own and none is another's result."""
    lines = ["reference,geometry,name"] + [f'{number},"{text}",{name or ""}' for number, text, _, name in parcels]
    expected = hashlib.sha256(("\r\n".join(lines) + "\r\n").encode()).hexdigest()
    for time in range(25):
        body = download(api, f"/parcels.csv?_columns=reference,geometry,name&reference__gte={-time}")
        if hashlib.sha256(body).hexdigest() != expected:
            got = body.decode().split("\r\n")
            wrong = next(i for i, (have, want) in enumerate(zip(got, [*lines, ""])) if have != want)
            pytest.fail(f"time {time}: {len(got) - 2} rows, line {wrong} is {got[wrong][:200]}")


def test_binary_25_times(api, parcels):
    for time in range(25):
        body = download(api, f"/parcels.parquet?reference__gte={-time}")
        table = pyarrow.parquet.read_table(io.BytesIO(body))
        assert table.column("reference").to_pylist() == list(range(ROWS)), time
        for name, place in (("geometry", 1), ("point", 2), ("name", 3)):
            assert table.column(name).to_pylist() == [row[place] for row in parcels], (time, name)
