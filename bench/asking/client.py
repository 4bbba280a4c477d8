"""A client that keeps its connection: one POST after another, each with its time from the first byte sent to the last
byte read. As a program, `client.py THREADS SECONDS PORT SEED < QUESTIONS` asks at random from that many threads and
prints [[question, milliseconds, status], ...] as JSON."""
import http.client
import json
import random
import sys
import threading
import time

import pyarrow.ipc

RECEIVE_BYTES = 1 << 20


class Client:
    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self._headers = {"Content-Type": "application/json", **(headers or {})}

    def ask(self, target: str, body: str | dict) -> tuple[float, int, int, http.client.HTTPResponse]:
        """Seconds, status, bytes of the body, and the head."""
        text = body if isinstance(body, str) else json.dumps(body)
        begun = time.perf_counter()
        self._connection.request("POST", target, text, self._headers)
        answer = self._connection.getresponse()
        size = 0
        buffer = bytearray(RECEIVE_BYTES)
        while count := answer.readinto(buffer):
            size += count
        return time.perf_counter() - begun, answer.status, size, answer

    def read_arrow(self, target: str, body: dict) -> int:
        """The rows of an Arrow stream, as PyArrow reads them."""
        self._connection.request("POST", target, json.dumps(body), self._headers)
        with pyarrow.ipc.open_stream(self._connection.getresponse()) as batches:
            return sum(batch.num_rows for batch in batches)

    def close(self) -> None:
        self._connection.close()


def crowd(questions: list[str], threads: int, seconds: float, port: int, seed: int) -> list[tuple[int, float, int]]:
    seen: list[tuple[int, float, int]] = []
    end = time.monotonic() + seconds

    def one(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        client = Client(port)
        while time.monotonic() < end:
            which = chance.randrange(len(questions))
            sql = questions[which].replace("{}", str(chance.randrange(1_000_000)))
            try:
                took, status, _, _ = client.ask("/query", {"sql": sql})
            except OSError:
                took, status, client = 0.0, 0, Client(port)
            seen.append((which, took * 1e3, status))

    workers = [threading.Thread(target=one, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return seen


if __name__ == "__main__":
    print(json.dumps(crowd(json.load(sys.stdin), int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]),
                           int(sys.argv[4]))))
