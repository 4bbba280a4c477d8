"""A function URL that streams (cargo-lambda): the first rows are with the client before the last ones are read."""
import concurrent.futures
import contextlib
import hashlib
import re
import threading

import duckdb
import pytest
import requests

from support import cargo_lambda
from support.fake_s3 import FakeS3
from support.lambda_function import LambdaFunction
from support.raw_http import PATIENCE_SECONDS, Client

STREAMS = {"EIDER_INVOKE_MODE": "stream"}  # this emulator's events do not look like those of a function URL
ROWS = 20_000  # of each object: more than 700 kB of texts that do not compress, so that none is read whole with its footer
NAMES = "abcdef"


class HeldStore(FakeS3):
    """Its last object has a footer and is listed; its rows are there once `released`."""

    def __init__(self, objects):
        super().__init__(objects)
        self.released = threading.Event()
        self.waited = threading.Event()

    def answer(self, target, headers):
        begins = re.match(r"bytes=(\d+)-", headers.get("Range", ""))
        if f"/{NAMES[-1]}.parquet" in target and begins and int(begins[1]) < len(self.objects[f"lake/rows/{NAMES[-1]}.parquet"]) // 2:
            self.waited.set()
            assert self.released.wait(PATIENCE_SECONDS)
        return super().answer(target, headers)


def expected():
    return "id,m\r\n" + "".join(f"{i},{hashlib.md5(str(i).encode()).hexdigest()}\r\n" for i in range(len(NAMES) * ROWS))


def parquet(folder, number):
    first, path = number * ROWS, folder / f"{NAMES[number]}.parquet"
    duckdb.sql(f"SELECT range AS id, md5(range::VARCHAR) AS m FROM range({first}, {first + ROWS})").write_parquet(str(path))
    return path.read_bytes()


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake") / "rows"
    folder.mkdir()
    for number in range(len(NAMES)):
        parquet(folder, number)
    return folder.parent


@pytest.fixture(scope="module")
def emulator():
    with cargo_lambda.started() as emulator:
        yield emulator


def test_the_first_rows_come_before_the_last_are_read(emulator, tmp_path):
    objects = {f"lake/rows/{name}.parquet": parquet(tmp_path, number) for number, name in enumerate(NAMES)}
    with HeldStore(objects) as store, LambdaFunction(emulator, store.lake, **STREAMS, **store.environment()) as function:
        with Client(emulator.port) as client:
            client.send(f"{emulator.url_path}/rows.csv")
            answer = client.head()
            assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv")
            body = client.chunk()
            while b"\n99," not in body:
                body += client.chunk()
            assert body.startswith(b"id,m\r\n0,")
            assert store.waited.wait(PATIENCE_SECONDS)  # the query is at the last object, and gets nothing of it
            assert not store.released.is_set() and not function.log_lines("invocation")
            store.released.set()
            body += client.rest(answer).body
        assert body.decode() == expected()


def test_its_url(emulator, lake):
    with LambdaFunction(emulator, lake, **STREAMS):
        url = f"http://{emulator.address}{emulator.url_path}"
        answer = requests.get(f"{url}/rows.csv", timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200 and answer.text == expected()
        answer = requests.get(f"{url}/rows.csv", {"id__gte": 5, "_limit": 2, "_columns": "id"}, timeout=PATIENCE_SECONDS)
        assert answer.text == "id\r\n5\r\n6\r\n"
        assert requests.get(f"{url}/none.csv", timeout=PATIENCE_SECONDS).status_code == 404
        answer = requests.post(f"{url}/query", json={"sql": "SELECT count(*) AS n FROM rows"}, timeout=PATIENCE_SECONDS)
        assert answer.json() == [{"n": len(NAMES) * ROWS}]


def test_several_processes_at_once(emulator, lake):
    """As many invocations as processes are under way at a time; each has its own rows, and all processes had some."""
    with contextlib.ExitStack() as stack:
        functions = [stack.enter_context(LambdaFunction(emulator, lake, **STREAMS)) for _ in range(3)]

        def ask(number):
            answer = requests.post(f"http://{emulator.address}{emulator.url_path}/query", timeout=PATIENCE_SECONDS,
                                   json={"sql": f"SELECT count(*) + {number} AS n FROM rows WHERE id >= {number}"})
            return answer.json()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(48))) == [[{"n": len(NAMES) * ROWS}] for _ in range(48)]
        assert all(function.log_lines("invocation") for function in functions)
