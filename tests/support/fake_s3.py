"""An S3 server in one process with the tests, that can refuse, lie, and change an object between two requests.

It checks no signature. Real servers stand in s3_servers.py.
"""
import contextlib
import dataclasses
import functools
import hashlib
import http.server
import re
import socket
import threading
import urllib.parse
from collections.abc import Callable

BUCKET = "bucket"
KEY = "AKIAFAKEFAKEFAKEFAKE"
SECRET = "fakeSecretKeyThatMustNotBeShown0123456789"
TOKEN = "fakeSessionTokenThatMustNotBeShown"


@dataclasses.dataclass
class Refusal:
    status: int
    code: str
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    more: str = ""  # XML inside of <Error>


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024  # as many may connect at once


class FakeS3:
    """`objects` may be changed at any time. `before_get(count)` is called before the count-th GET of an object."""

    def __init__(self, objects: dict[str, bytes], address: tuple[str, int] = ("127.0.0.1", 0)):
        self.objects = dict(objects)
        self.refusal: Refusal | None = None
        self.before_get: Callable[[int], None] = lambda count: None
        self.heeds_if_match = True
        self.page_keys = 1000
        self.gets = 0
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._http = _Listener(address, self._handler())
        self.port = self._http.server_port
        self.endpoint = f"http://{address[0]}:{self.port}"
        self.lake = f"s3://{BUCKET}/lake"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # the client has left
                connection.shutdown(socket.SHUT_RDWR)

    def environment(self):
        return {"AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_SESSION_TOKEN": TOKEN, "AWS_REGION": "eu-west-1"}

    def answer(self, target, headers):
        """(status, headers, body) for a GET or a HEAD."""
        if self.refusal:
            body = (f"<?xml version='1.0'?><Error><Code>{self.refusal.code}</Code><Message>refused</Message>"
                    f"{self.refusal.more}</Error>")
            return self.refusal.status, {"Content-Type": "application/xml", **self.refusal.headers}, body.encode()
        path, _, query = target.partition("?")
        key = urllib.parse.unquote(path).removeprefix(f"/{BUCKET}").removeprefix("/")
        if not key:
            return 200, {"Content-Type": "application/xml"}, self._listing(dict(urllib.parse.parse_qsl(query))).encode()
        with self._lock:
            self.gets += 1
            self.before_get(self.gets)
            content = self.objects.get(key)
        if content is None:
            return 404, {}, b"<Error><Code>NoSuchKey</Code></Error>"
        return self._content(content, headers)

    def _content(self, content, headers):
        etag = etag_of(content)
        if self.heeds_if_match and headers.get("If-Match", etag) not in (etag, "*"):
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        found = {"ETag": etag, "Last-Modified": "Sat, 01 Jan 2022 00:00:00 GMT", "Accept-Ranges": "bytes"}
        if not (asked := re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("Range", ""))):
            return 200, found, content
        first, last = asked.groups()
        begin = int(first) if first else max(0, len(content) - int(last))
        end = min(len(content), int(last) + 1) if first and last else len(content)
        if begin >= len(content):
            return 416, found, b"<Error><Code>InvalidRange</Code></Error>"
        return 206, {**found, "Content-Range": f"bytes {begin}-{end - 1}/{len(content)}"}, content[begin:end]

    def _listing(self, query):
        """One page; the token for the next is the last entry of this one."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        token = query.get("continuation-token", "")
        entries = {}  # in order, each name once
        for key, content in sorted(self.objects.items()):
            if not key.startswith(prefix):
                continue
            folder, below, _ = key[len(prefix):].partition(delimiter) if delimiter else ("", "", "")
            if below:
                name = prefix + folder + delimiter
                entries[name] = f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"
            else:
                entries[key] = (
                    f"<Contents><Key>{key}</Key><LastModified>2022-01-01T00:00:00.000Z</LastModified>"
                    f"<ETag>{etag_of(content).replace(chr(34), '&quot;')}</ETag><Size>{len(content)}</Size></Contents>")
        left = [name for name in entries if name > token]
        page = left[:min(self.page_keys, int(query.get("max-keys", 1000)))]
        more = len(left) > len(page)
        following = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if more else ""
        asked = f"<ContinuationToken>{token}</ContinuationToken>" if token else ""
        return (f"<?xml version='1.0'?><ListBucketResult><Name>{BUCKET}</Name><Prefix>{prefix}</Prefix>"
                f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{asked}{following}"
                f"{''.join(entries[name] for name in page)}</ListBucketResult>")

    def _handler(self):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                fake._connections.append(self.connection)

            def do_GET(self):
                status, headers, body = fake.answer(self.path, self.headers)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        return Handler


@functools.lru_cache(maxsize=10_000)
def etag_of(content):
    return f'"{hashlib.md5(content).hexdigest()}"'
