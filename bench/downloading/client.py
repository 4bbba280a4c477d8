"""A fast reader of one HTTP answer: `client.py URL [FILE] [HEADER...]` prints what it saw as JSON.

It runs as a process of its own, so that it shares no interpreter with what is measured. It counts a body's bytes and
drops them, or keeps them in FILE; the first byte is the first of the body, not of the head. Time starts at connect.
"""
import dataclasses
import json
import resource
import socket
import sys
import time
import urllib.parse

RECEIVE_BYTES = 1 << 20


@dataclasses.dataclass
class Answer:
    status: int
    first_byte_s: float
    total_s: float
    bytes: int
    whole: bool  # it ended as its head promised
    cpu_s: float = 0.0


class Body:
    """Takes an answer piece by piece and finds its body: with a Content-Length, chunked, or up to the end."""

    def __init__(self) -> None:
        self.status = 0
        self.bytes = 0
        self.done = False
        self._head = b""
        self._left = 0  # bytes of the present chunk, or of a body with a length
        self._chunked = False
        self._line = b""  # a chunk's size line that is not whole yet
        self._trailers = False

    def feed(self, piece: memoryview) -> list[memoryview]:
        """The parts of the piece that belong to the body."""
        if self.status:
            return self._body(piece)
        head, end, _ = (self._head + bytes(piece)).partition(b"\r\n\r\n")
        if not end:
            self._head += bytes(piece)
            return []
        rest = piece[len(head) + 4 - len(self._head):]
        self._read_head(head)
        return self._body(rest)

    def _read_head(self, head: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self._chunked = fields.get("transfer-encoding", "").lower() == "chunked"
        self._left = -1 if self._chunked else int(fields.get("content-length", 1 << 62))
        self.done = self._left == 0

    def _body(self, piece: memoryview) -> list[memoryview]:
        parts = []
        while len(piece) and not self.done:
            if self._left > 0:
                part = piece[:self._left]
                parts.append(part)
                self.bytes += len(part)
                self._left -= len(part)
                piece = piece[len(part):]
                if not self._left:
                    self.done = not self._chunked
                    self._line = b""
            else:
                piece = self._size_line(piece)
        return parts

    def _size_line(self, piece: memoryview) -> memoryview:
        """Reads the line break after a chunk and the next size line, or trailers; answers what follows."""
        text = self._line + bytes(piece[:64])
        start = 2 if text.startswith(b"\r\n") and not self._trailers else 0
        end = text.find(b"\r\n", start)
        if end < 0:
            self._line = text
            return piece[64:]
        used = end + 2 - len(self._line)
        line, self._line = text[start:end], b""
        if self._trailers:
            self.done = not line
        elif int(line.split(b";")[0], 16) == 0:
            self._trailers = True
        else:
            self._left = int(line.split(b";")[0], 16)
        return piece[used:]


def request(address: str, target: str, headers: tuple[str, ...] = ()) -> bytes:
    lines = [f"GET {target} HTTP/1.1", f"Host: {address}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read(url: str, path: str = "", headers: tuple[str, ...] = ()) -> Answer:
    parts = urllib.parse.urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    buffer = bytearray(RECEIVE_BYTES)
    view = memoryview(buffer)
    body = Body()
    first = 0.0
    file = open(path, "wb") if path else None
    begin = time.perf_counter()
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(request(parts.netloc, target, headers))
        while not body.done and (count := connection.recv_into(buffer)):
            found = body.feed(view[:count])
            if found and not first:
                first = time.perf_counter()
            if file:
                file.writelines(found)
    total = time.perf_counter() - begin
    if file:
        file.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Answer(body.status, (first or begin + total) - begin, total, body.bytes, body.done,
                  used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(read(sys.argv[1], *sys.argv[2:3], headers=tuple(sys.argv[3:])))))
