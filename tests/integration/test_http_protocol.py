"""HTTP/1.1 as the program speaks it, over raw sockets: what libraries hide, a server must still get right."""

import contextlib
import signal
import socket
import time

import pytest

from support.eider_server import EiderServer
from support.raw_http import PATIENCE_SECONDS

ROWS = 600_000  # about 16 MB as CSV: more than the buffers of both kernels
SMALL = b"id,name\r\n1,one\r\n2,two\r\n"


def connect(server, receive_buffer=None):
    client = socket.socket()
    client.settimeout(PATIENCE_SECONDS)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(("127.0.0.1", server.port))
    return client


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    with open(folder / "big.csv", "w") as out:
        out.write("id,name\n")
        out.writelines(f"{i},name of row {i:08d}\n" for i in range(ROWS))
    (folder / "small.csv").write_bytes(SMALL)
    return folder


@pytest.fixture(scope="module")
def shared(lake):
    with EiderServer(lake) as server:
        yield server


@pytest.fixture
def start(lake):
    with contextlib.ExitStack() as servers:
        yield lambda *options: servers.enter_context(EiderServer(lake, *options))


class Reply:
    """One response from `stream`; raises ConnectionError when it ends before its framing says so."""

    def __init__(self, stream, head_only=False):
        line = stream.readline()
        if not line:
            raise ConnectionError("no response")
        self.status = int(line.split()[1])
        self.headers = self.fields(stream)
        self.body, self.trailers = b"", {}
        if head_only or self.status in (100, 204, 304):
            return
        if self.headers.get("transfer-encoding") == "chunked":
            self.read_chunks(stream)
        elif "content-length" in self.headers:
            self.body = self.exactly(stream, int(self.headers["content-length"]))
        else:
            self.body = stream.read()

    def read_chunks(self, stream):
        pieces = []
        while size := self.chunk_size(stream.readline()):
            pieces.append(self.exactly(stream, size))
            assert stream.readline() == b"\r\n"
        self.body, self.trailers = b"".join(pieces), self.fields(stream)

    @staticmethod
    def chunk_size(line):
        if not line.endswith(b"\r\n"):
            raise ConnectionError("cut")
        return int(line, 16)

    @staticmethod
    def exactly(stream, size):
        data = stream.read(size)
        if len(data) < size:
            raise ConnectionError("cut")
        return data

    @staticmethod
    def fields(stream):
        fields = {}
        while (line := stream.readline()) != b"\r\n":
            if not line.endswith(b"\r\n"):
                raise ConnectionError("cut")
            name, value = line.decode().split(":", 1)
            fields[name.lower()] = value.strip()
        return fields


def ask(server, request, head_only=False):
    """Sends raw bytes, reads one response, and what the server sends after it until it closes."""
    with connect(server) as client:
        client.sendall(request)
        stream = client.makefile("rb")
        reply = Reply(stream, head_only)
        reply.rest = stream.read() if reply.headers.get("connection") == "close" else None
        return reply


def get(target, *headers):
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: test", *headers, "", ""]).encode()


def test_a_connection_carries_many_requests(shared):
    ids = set()
    with connect(shared) as client:
        stream = client.makefile("rb")
        for _ in range(20):
            client.sendall(get("/small.csv"))
            reply = Reply(stream)
            assert (reply.status, reply.body) == (200, SMALL)
            assert reply.headers["server"] == "eider" and "date" in reply.headers
            ids.add(reply.headers["eider-request-id"])
    assert len(ids) == 20


def test_head_sends_no_body(shared):
    with connect(shared) as client:
        stream = client.makefile("rb")
        client.sendall(b"HEAD /small.csv HTTP/1.1\r\nHost: test\r\n\r\n")
        assert Reply(stream, head_only=True).status == 200
        client.sendall(get("/small.csv"))
        assert Reply(stream).status == 200


def test_trailers_for_who_asks(shared):
    reply = ask(shared, get("/small.csv", "TE: trailers", "Connection: close, TE"))
    assert {"eider-rows", "content-digest"} <= {name.strip().lower() for name in reply.headers["trailer"].split(",")}
    assert reply.trailers["eider-rows"] == "2"
    assert reply.trailers["content-digest"].startswith("sha-256=:")
    assert not ask(shared, get("/small.csv", "Connection: close")).trailers


def test_http_1_0(shared):
    reply = ask(shared, b"GET /small.csv HTTP/1.0\r\n\r\n")
    assert reply.headers["connection"] == "close" and "transfer-encoding" not in reply.headers
    assert reply.body == SMALL


def test_a_pipelined_request_is_refused(shared):
    reply = ask(shared, get("/small.csv") + get("/airports.csv"))
    assert reply.body == SMALL
    assert reply.headers["connection"] == "close" and reply.rest == b""


@pytest.mark.parametrize(
    "status, request_bytes",
    [
        (400, b"nonsense\r\n\r\n"),
        (400, b"GET /small.csv HTTP/1.1\r\n\r\n"),
        (400, get("/small.csv", "X: folded", " over two lines")),
        (400, b"GET /small.csv HTTP/1.1\nHost: test\n\n"),
        (400, get("/small.csv", "Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + get("/smuggled")),
        (400, get("/small.csv", "Transfer-Encoding: chunked") + b"zz\r\n"),
        (501, get("/small.csv", "Transfer-Encoding: gzip")),
        (413, get("/small.csv", "Content-Length: 99999999999")),
        (414, get("/small.csv?q=" + "x" * (1 << 20))),
        (417, get("/small.csv", "Expect: a-miracle")),
        (431, get("/small.csv", *(f"X-{i}: flood" for i in range(50_000)))),
        (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ],
)
def test_bad_requests_get_their_answer(shared, status, request_bytes):
    reply = ask(shared, request_bytes)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["connection"] == "close" and reply.rest == b""


def test_expect_continue(shared):
    with connect(shared) as client:
        stream = client.makefile("rb")
        client.sendall(get("/small.csv", "Expect: 100-continue", "Content-Length: 3"))
        assert Reply(stream).status == 100
        client.sendall(b"abc")
        assert Reply(stream).status in (200, 400)


def test_one_connection_too_many(start):
    server = start("--max-connections", "1")
    with connect(server) as first:
        first.sendall(get("/healthz"))
        stream = first.makefile("rb")
        assert Reply(stream).status == 200
        reply = ask(server, get("/healthz"))
        assert reply.status == 503 and "retry-after" in reply.headers
        first.sendall(get("/healthz"))
        assert Reply(stream).status == 200


def test_a_reader_that_stops_is_cut(start):
    server = start("--stall", "1")
    with connect(server, receive_buffer=8192) as client:
        client.sendall(get("/big.csv"))
        assert client.recv(12) == b"HTTP/1.1 200"
        # Asks for the counter until it moves; each answer is an event of the server's own.
        with connect(server) as watcher:
            stream = watcher.makefile("rb")
            while True:
                watcher.sendall(get("/metrics"))
                if b"eider_responses_cut_total 1" in Reply(stream).body:
                    break
        with pytest.raises(ConnectionResetError):
            while client.recv(65536):
                pass


def test_stopping_lets_a_download_finish(start):
    server = start()
    with connect(server, receive_buffer=8192) as client, connect(server) as idle:
        client.sendall(get("/big.csv"))
        stream = client.makefile("rb")
        assert stream.peek(12)[:12] == b"HTTP/1.1 200"
        idle.sendall(get("/healthz"))
        idle_stream = idle.makefile("rb")
        Reply(idle_stream)
        server.terminate()
        assert idle_stream.read() == b""  # closed at once
        reply = Reply(stream)
        assert reply.body.count(b"\n") == ROWS + 1
    assert server.wait() == 0


def test_a_second_signal_cuts(start):
    server = start()
    with connect(server, receive_buffer=8192) as client:
        client.sendall(get("/big.csv"))
        stream = client.makefile("rb")
        assert stream.peek(12)[:12] == b"HTTP/1.1 200"
        server.terminate()
        while '"stopping"' not in server.log:
            time.sleep(0.01)
        server.process.send_signal(signal.SIGINT)
        assert server.wait() == 0
        with pytest.raises(ConnectionError):
            Reply(stream)


def test_each_request_is_one_line_of_log(start):
    server = start()
    request_id = ask(server, get("/small.csv?id=1", "Connection: close")).headers["eider-request-id"]
    server.terminate()
    assert server.wait() == 0
    lines = [line for line in server.log.splitlines() if '"event":"request"' in line and request_id in line]
    assert len(lines) == 1
    assert '"path":"/small.csv"' in lines[0] and '"outcome":"complete"' in lines[0]
