"""Many readers at once from one process: `python -m downloading.crowd` takes a plan as JSON, prints what came of it.

Each reader has its own connection with a small receive buffer, decodes its body and hashes it. With a rate, a reader
takes what its rate allows every half second, the readers spread evenly over that time, so that an early burst cannot
hide in the kernel; without one, each takes what there is.
"""
import dataclasses
import hashlib
import json
import resource
import select
import socket
import sys
import time

from downloading.client import Body, request

VISIT_S = 0.5
SLOTS = 50
RECEIVE_BYTES = 64 << 10  # of the kernel's, for each connection; it doubles this
GIVE_UP = 4.0  # times what the slowest reader should need


@dataclasses.dataclass
class Plan:
    port: int
    requests: list[str]
    digests: list[str]  # SHA-256 of the true body of each request
    readers: int
    rate: float = 0.0  # bytes a second for each reader; 0: as fast as they come
    bytes: int = 0  # of the longest body


@dataclasses.dataclass
class Outcome:
    right: int
    wrong: int
    incomplete: int
    bytes: int
    seconds: float
    slowest_s: float
    cpu_s: float


class Reader:
    def __init__(self, plan: Plan, number: int) -> None:
        self.want = plan.digests[number % len(plan.requests)]
        self.body = Body()
        self.digest = hashlib.sha256()
        self.taken = 0
        self.closed = False
        self.began = time.perf_counter()
        self.ended = self.began
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self.socket.connect(("127.0.0.1", plan.port))
        self.socket.sendall(request(f"127.0.0.1:{plan.port}", plan.requests[number % len(plan.requests)]))
        self.socket.setblocking(False)

    def take(self, buffer: bytearray, credit: int) -> None:
        """Takes at most `credit` bytes, or what there is."""
        view = memoryview(buffer)
        while credit > 0 and not self.closed:
            try:
                count = self.socket.recv_into(buffer, min(credit, len(buffer)))
            except BlockingIOError:
                return
            except OSError:
                count = 0
            credit -= count
            self.taken += count
            for part in self.body.feed(view[:count]):
                self.digest.update(part)
            if self.body.done or not count:
                self.closed = True
                self.ended = time.perf_counter()
                self.socket.close()

    @property
    def right(self) -> bool:
        return self.body.done and self.body.status == 200 and self.digest.hexdigest() == self.want


def pace(readers: list[Reader], rate: float, end: float) -> None:
    """Visits each reader once in VISIT_S with the bytes that its rate has earned it, two visits' worth at most."""
    buffer = bytearray(1 << 20)
    slots = [readers[first::SLOTS] for first in range(SLOTS)]
    begin = time.perf_counter()
    tick = 0
    while any(slots) and time.perf_counter() < end:
        tick += 1
        now = time.perf_counter()
        if (wait := begin + tick * VISIT_S / SLOTS - now) > 0:
            time.sleep(wait)
        for reader in (slot := slots[tick % SLOTS]):
            earned = int(rate * (time.perf_counter() - reader.began)) - reader.taken
            reader.take(buffer, min(earned, int(2 * rate * VISIT_S)))
        slot[:] = [reader for reader in slot if not reader.closed]


def race(readers: list[Reader], end: float) -> None:
    buffer = bytearray(1 << 20)
    poll = select.epoll()
    waiting = {reader.socket.fileno(): reader for reader in readers}
    for descriptor in waiting:
        poll.register(descriptor, select.EPOLLIN)
    while waiting and time.perf_counter() < end:
        for descriptor, _ in poll.poll(0.5):
            waiting[descriptor].take(buffer, len(buffer))
            if waiting[descriptor].closed:
                del waiting[descriptor]


def run(plan: Plan) -> Outcome:
    begin = time.perf_counter()
    readers = [Reader(plan, number) for number in range(plan.readers)]
    if plan.rate:
        pace(readers, plan.rate, begin + GIVE_UP * plan.bytes / plan.rate)
    else:
        race(readers, begin + 120)
    end = time.perf_counter()
    done = [reader for reader in readers if reader.body.done]
    right = sum(reader.right for reader in readers)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Outcome(right, len(done) - right, len(readers) - len(done), sum(reader.body.bytes for reader in readers),
                   end - begin, max((reader.ended - reader.began for reader in done), default=0.0),
                   used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(run(Plan(**json.load(sys.stdin))))))
