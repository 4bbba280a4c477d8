"""A stand-in for Lambda's runtime API (2018-06-01) and its extensions API, which looks at every byte that it is sent.

What the API does not say is scripted: an Invocation says how its answer is taken, `first_replies` what /next answers
before it hands out any. Whatever breaks the protocol is a line of `violations`, and fails the test at its end.
"""
import base64
import collections
import contextlib
import json
import re
import socket
import threading
import time
import uuid

from support.raw_http import PATIENCE_SECONDS

BUFFERED_BYTES = 6_291_556    # of a whole answer; more is refused with 413
STREAMED_BYTES = 200_000_000  # of a streamed one; more is cut
NEXT = "/2018-06-01/runtime/invocation/next"
STREAMED_HTTP = "application/vnd.awslambda.http-integration-response"
ERROR_TRAILERS = ("Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body")
LONGEST_CHUNK = 64 * 1024
STATUS_LINES = {200: "OK", 202: "Accepted", 204: "No Content", 403: "Forbidden", 404: "Not Found",
                408: "Request Timeout", 413: "Payload Too Large", 500: "Internal Server Error",
                503: "Service Unavailable"}


class Violation(Exception):
    """The client has not kept the protocol."""


def check(condition, *what):
    if not condition:
        raise Violation(" ".join(str(part)[:300] for part in what))


class Invocation:
    """One event, how its answer is to be taken, and the answer."""

    def __init__(self, event, seconds=60, *, reply=202, close_after=None, hold_after=None, headers=()):
        self.id = str(uuid.uuid4())
        self.event = event if isinstance(event, bytes) else json.dumps(event).encode()
        self.deadline = None if seconds is None else time.time() + seconds
        # The status of what /response is answered; or "close": nothing; or "early": 202 before a stream's first chunk.
        self.reply = reply
        self.close_after = close_after  # bytes of a stream after which the connection is closed
        self.hold_after = hold_after    # (bytes, event): no more is read of a stream until the event is set
        self.headers = dict(headers)    # beside the usual ones, or instead of them
        self.handed_out = threading.Event()
        self.answered = threading.Event()
        self.kind = None         # "response", "stream", "error", or "cut"
        self.content_type = None
        self.payload = b""
        self.chunks = []         # the sizes of a stream's
        self.trailers = {}
        self.error_type = None   # of an error, or of a stream's trailer
        self.refused = False     # /response was answered with an error, so that /error may follow
        self.first_chunk = threading.Event()

    def wait(self):
        assert self.answered.wait(PATIENCE_SECONDS), "the invocation was not answered"
        return self

    def json(self):
        return json.loads(self.payload)

    @property
    def error(self):
        """What an error says, or the trailer of a stream."""
        text = self.payload if self.kind == "error" else base64.b64decode(self.trailers[ERROR_TRAILERS[1]], validate=True)
        return json.loads(text)

    @property
    def http(self):
        """Status, headers and body of a stream with HTTP's metadata."""
        assert self.content_type == STREAMED_HTTP, self.content_type
        prelude, _, body = self.payload.partition(bytes(8))
        prelude = json.loads(prelude)
        return prelude["statusCode"], prelude["headers"], body


class Wire:
    """One connection, read strictly."""

    def __init__(self, connection):
        self.connection = connection
        self._file = connection.makefile("rb")

    def line(self):
        line = self._file.readline(100_000)
        if not line:
            raise ConnectionError("the client has closed")
        check(line.endswith(b"\r\n") and b"\r" not in line[:-2], "a line without CR LF:", line)
        return line[:-2].decode("ascii")

    def exactly(self, size):
        data = self._file.read(size)
        if len(data) < size:
            raise ConnectionError("the client has closed in the middle")
        return data

    def fields(self):
        fields = {}
        while line := self.line():
            found = re.fullmatch(r"([A-Za-z0-9-]+): ([\x21-\x7e][\x20-\x7e]*)", line)
            check(found, "no header:", line)
            check(found[1].lower() not in map(str.lower, fields), "twice:", line)
            fields[found[1]] = found[2]
        return fields

    def chunks(self):
        """Each chunk; then the trailers are in `self.trailers`."""
        while (size := self.line()) != "0":
            check(re.fullmatch("[1-9a-f][0-9a-f]*", size), "no size of a chunk:", size)
            data = self.exactly(int(size, 16))
            check(self.exactly(2) == b"\r\n", "a chunk that is longer than its size")
            yield data
        self.trailers = self.fields()

    def send(self, status, body=b"", headers=()):
        lines = [f"HTTP/1.1 {status} {STATUS_LINES[status]}", f"Content-Length: {len(body)}",
                 *(f"{name}: {value}" for name, value in headers), "", ""]
        self.connection.sendall("\r\n".join(lines).encode() + body)

    def ended(self):
        return self._file.read(1) == b""


class RuntimeApi:
    """The API on a free port of 127.0.0.1, for one function."""

    def __init__(self, first_replies=(), extensions=True, concurrency=1, path=""):
        self.first_replies = collections.deque(first_replies)
        self.extensions = extensions
        self.path = path
        self.violations = []
        self.registered = None
        self.init_error = None
        self.asked = 0  # times that /next was asked
        self._concurrency = concurrency
        self._handed_out = {}
        self._waiting = collections.deque()
        self._changed = threading.Condition()
        self._closing = False
        self._connections = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        self.close()
        if failed is None:
            assert not self.violations, self.violations

    def close(self):
        """Ends the API with all its connections, as a process that is killed does."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):  # closed before
            self._listener.shutdown(socket.SHUT_RDWR)  # or the kernel goes on listening while accept waits
        self._listener.close()

    def begin(self, invocation):
        with self._changed:
            self._waiting.append(invocation)
            self._changed.notify_all()
        return invocation

    def invoke(self, event, *arguments, **settings):
        return self.begin(Invocation(event, *arguments, **settings)).wait()

    def wait_until_asked(self, times):
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked >= times, PATIENCE_SECONDS), "it asks for no invocation"

    # --- connections ---

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with self._changed:
            self._connections.add(connection)
        try:
            wire = Wire(connection)
            while not self._closing and self._serve_one(wire):
                pass
        except Violation as violation:
            self.violations.append(str(violation))
        except (OSError, ValueError):
            pass
        finally:
            with self._changed:
                self._connections.discard(connection)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # its file holds it open otherwise
            connection.close()

    def _serve_one(self, wire):
        request = re.fullmatch(r"(GET|POST) (/[\x21-\x7e]*) HTTP/1\.1", line := wire.line())
        check(request, "no request line:", line)
        headers = wire.fields()
        check(headers.pop("Host", None) == self.address, "Host is not", self.address)
        check(headers.pop("User-Agent", None) == "eider", "another User-Agent")
        check(request[2].startswith(self.path), "not below", self.path)
        method, path = request[1], request[2][len(self.path):]
        if (method, path) == ("GET", NEXT):
            check(not headers, "headers of /next:", headers)
            return self._next(wire)
        if path.startswith("/2020-01-01/extension/"):
            return self._extension(wire, method, path, headers)
        check(method == "POST", "unknown request:", line)
        if path == "/2018-06-01/runtime/init/error":
            self.init_error = (headers.get(ERROR_TRAILERS[0]), self._whole(wire, headers, {ERROR_TRAILERS[0]}))
            wire.send(202)
            return True
        found = re.fullmatch(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)", path)
        check(found, "unknown path:", path)
        invocation = self._handed_out.get(found[1])
        check(invocation, "no invocation under way has this id:", found[1])
        if found[2] == "error":
            return self._error(wire, headers, invocation)
        if "Transfer-Encoding" in headers:
            return self._stream(wire, headers, invocation)
        return self._response(wire, headers, invocation)

    def _whole(self, wire, headers, others=frozenset()):
        """A body with its length, as JSON."""
        check(set(headers) == {"Content-Type", "Content-Length", *others}, "headers:", headers)
        check(headers["Content-Type"] == "application/json", "type:", headers)
        body = wire.exactly(int(headers["Content-Length"]))
        json.loads(body)
        return body

    # --- what is asked ---

    def _next(self, wire):
        with self._changed:
            self.asked += 1
            self._changed.notify_all()
            check(len(self._handed_out) < self._concurrency, "another is asked for before the last was answered")
            if self.first_replies:
                reply = self.first_replies.popleft()
            else:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return False
                reply = self._waiting.popleft()
                self._handed_out[reply.id] = reply
        if reply == "close":
            return False
        if reply == "cut":  # in the middle of an event, which nobody can then answer
            wire.connection.sendall(b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: cut\r\nContent-Length: 100\r\n\r\n{")
            return False
        if isinstance(reply, int):
            wire.send(reply, b"" if reply == 204 else b'{"errorMessage":"scripted"}')
            return True
        headers = {"Lambda-Runtime-Aws-Request-Id": reply.id, "Content-Type": "application/json",
                   "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:eider",
                   "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"}
        if reply.deadline is not None:
            headers["Lambda-Runtime-Deadline-Ms"] = str(int(reply.deadline * 1000))
        wire.send(200, reply.event, {**headers, **reply.headers}.items())
        reply.handed_out.set()
        return True

    def _extension(self, wire, method, path, headers):
        if not self.extensions:
            wire.exactly(int(headers.get("Content-Length", 0)))
            wire.send(404)
            return True
        if path.endswith("/register"):
            check(method == "POST" and headers.pop("Lambda-Extension-Name", ""), "no name of an extension")
            check(not self.asked, "an extension after the first /next")
            self.registered = json.loads(self._whole(wire, headers))
            wire.send(200, b"{}", [("Lambda-Extension-Identifier", "extension-1")])
            return True
        check((method, path) == ("GET", "/2020-01-01/extension/event/next"), "unknown path:", path)
        check(headers == {"Lambda-Extension-Identifier": "extension-1"}, "headers:", headers)
        with self._changed:
            self._changed.wait_for(lambda: self._closing)
        return False

    # --- answers ---

    def _end(self, invocation, kind):
        with self._changed:
            self._handed_out.pop(invocation.id, None)
        invocation.kind = kind
        invocation.answered.set()

    def _error(self, wire, headers, invocation):
        invocation.payload = self._whole(wire, headers, {ERROR_TRAILERS[0]})
        invocation.error_type = headers[ERROR_TRAILERS[0]]
        self._check_error(invocation.error_type, invocation.payload)
        self._end(invocation, "error")
        wire.send(202)
        return True

    @staticmethod
    def _check_error(kind, text):
        check(re.fullmatch(r"Eider\.[A-Z][A-Za-z]+", kind), "no type of an error:", kind)
        error = json.loads(text)
        check(set(error) == {"errorMessage", "errorType"} and kind == f"Eider.{error['errorType']}", "no error:", text)

    def _response(self, wire, headers, invocation):
        check(not invocation.refused, "a second response")
        payload = self._whole(wire, headers)
        reply = 413 if len(payload) > BUFFERED_BYTES else invocation.reply
        if reply == 202:
            invocation.payload, invocation.content_type = payload, headers["Content-Type"]
            self._end(invocation, "response")
            wire.send(202)
            return True
        if reply == "close":
            invocation.reply = 202  # it may be sent again
            return False
        invocation.refused = True
        wire.send(reply, b'{"errorMessage":"scripted","errorType":"Scripted"}')
        return True

    def _stream(self, wire, headers, invocation):
        kind = headers.pop("Content-Type", None)
        check(headers == {"Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked",
                          "Trailer": ", ".join(ERROR_TRAILERS)}, "headers:", headers)
        check(kind in (STREAMED_HTTP, "application/json"), "type:", kind)
        invocation.content_type = kind
        taken = bytearray()
        if invocation.reply == "early":
            with self._changed:  # what comes behind the reply is read when the client is at the next one
                self._handed_out.pop(invocation.id, None)
            wire.send(202)
        try:
            for number, chunk in enumerate(wire.chunks()):
                check(len(chunk) <= LONGEST_CHUNK, "a chunk of", len(chunk))
                if kind == STREAMED_HTTP and number < 2:
                    self._check_prelude(number, chunk)
                taken += chunk
                invocation.chunks.append(len(chunk))
                invocation.first_chunk.set()
                if not self._goes_on(invocation, len(taken), wire):
                    self._end(invocation, "cut")
                    return False
        except ConnectionError:
            invocation.payload = bytes(taken)
            self._end(invocation, "cut")
            return False
        if kind == STREAMED_HTTP:
            check(len(invocation.chunks) >= 2, "a stream without its prelude")
        invocation.payload, invocation.trailers = bytes(taken), wire.trailers
        if invocation.trailers:
            check(tuple(invocation.trailers) == ERROR_TRAILERS, "trailers:", invocation.trailers)
            invocation.error_type = invocation.trailers[ERROR_TRAILERS[0]]
            self._check_error(invocation.error_type,
                              base64.b64decode(invocation.trailers[ERROR_TRAILERS[1]], validate=True))
        with self._changed:  # the client asks for the next one as soon as it has this reply
            self._handed_out.pop(invocation.id, None)
        if invocation.reply != "early":
            wire.send(202)
        check(wire.ended(), "the connection of a stream goes on")
        self._end(invocation, "stream")
        return False

    @staticmethod
    def _check_prelude(number, chunk):
        if number == 1:
            return check(chunk == bytes(8), "the second chunk is not 8 NULs:", chunk)
        prelude = json.loads(chunk)
        check(set(prelude) == {"statusCode", "headers", "cookies"}, "prelude:", chunk)
        check(isinstance(prelude["statusCode"], int) and prelude["cookies"] == [], "prelude:", chunk)
        for name, value in prelude["headers"].items():
            check(name == name.lower() and isinstance(value, str), "header:", name)
            check(name not in ("transfer-encoding", "connection"), "header:", name)
            check(name != "content-length" or value == "0", "a length that the stream may not have:", value)

    def _goes_on(self, invocation, size, wire):
        if invocation.close_after is not None and size >= invocation.close_after:
            return False
        if invocation.hold_after and size >= invocation.hold_after[0]:
            invocation.hold_after[1].wait(PATIENCE_SECONDS)
            invocation.hold_after = None
        if size > STREAMED_BYTES + 100_000 or invocation.reply == 413:
            wire.send(413)
            return False
        return True
