"""HTTP/1.1 by hand: for what a client library hides (trailers, a body that is cut, a reader that stops reading)."""
import dataclasses
import os
import socket

# For what takes milliseconds, on a busy machine; a sanitizer makes it ten times slower.
PATIENCE_SECONDS = 600 if os.environ.get("EIDER_SANITIZER") else 60


class Cut(Exception):
    """The connection ended before the response did."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes = b""
    trailers: dict[str, str] = dataclasses.field(default_factory=dict)


class Client:
    """One connection. `receive_buffer_bytes` makes the kernel take little on behalf of a reader that does not read."""

    def __init__(self, port, receive_buffer_bytes=None):
        self.socket = socket.socket()
        if receive_buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        self._file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self.socket.close()

    def send(self, target, *headers, method="GET"):
        lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())

    def head(self):
        """Reads status and headers."""
        status_line = self._line()
        return Answer(int(status_line.split(" ")[1]), self._fields())

    def rest(self, answer):
        """Reads the body of `answer` to its end. Raises Cut when it is not whole."""
        if answer.headers.get("transfer-encoding") == "chunked":
            while chunk := self.chunk():
                answer.body += chunk
            answer.trailers = self._fields()
        else:
            answer.body += self._exactly(int(answer.headers.get("content-length", 0)))
        return answer

    def chunk(self):
        """The next one of a chunked body; empty: the last, behind which are the trailers."""
        size = int(self._line(), 16)
        data = self._exactly(size)
        if size:
            self._exactly(2)
        return data

    def read(self, size):
        """At least one byte of what comes, chunk sizes included; at most `size`."""
        return self._file.read1(size)

    def ask(self, target, *headers, method="GET"):
        self.send(target, *headers, method=method)
        answer = self.head()
        return answer if method == "HEAD" or answer.status == 304 else self.rest(answer)

    def _line(self):
        try:
            line = self._file.readline()
        except ConnectionError as error:
            raise Cut(str(error)) from error
        if not line.endswith(b"\r\n"):
            raise Cut(f"in the line {line!r}")
        return line[:-2].decode("latin-1")

    def _fields(self):
        fields = {}
        while line := self._line():
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        return fields

    def _exactly(self, size):
        try:
            data = self._file.read(size)
        except ConnectionError as error:
            raise Cut(str(error)) from error
        if len(data) < size:
            raise Cut(f"{len(data)} of {size} bytes")
        return data


def ask(port, target, *headers, method="GET"):
    with Client(port) as client:
        return client.ask(target, "Connection: close", *headers, method=method)
