"""An S3 server that lies, by a script that is the same on every run.

Each lie is one that a client can know from the heads, the lengths and the order of what it gets. Bytes that were
changed silently are none of them: only checksums would show those.

    with FaultyStore.of(folder) as store:
        store.next("short", offset=7)  # the next request that it fits
        store.at_random(0.05, seed=1)  # or: one request of twenty, any lie of SOUND

A fault is drawn from the seed, the request and how often that was asked before, so that the order in which threads come
does not matter.
"""
import collections
import dataclasses
import gzip
import os
import pathlib
import random
import re
import socket
import socketserver
import struct
import threading
import urllib.parse

from support.fake_s3 import BUCKET, FakeS3, etag_of

LONGEST_SILENCE_S = 60  # of a stall; the client goes away much earlier


@dataclasses.dataclass
class Exchange:
    """One request and the proper answer to it, which a lie spoils."""
    store: "FaultyStore"
    connection: socket.socket
    target: str
    headers: dict[str, str]
    chance: random.Random
    status: int
    fields: dict[str, str]
    body: bytes
    offset: int | None = None  # where to break off, if the test says where

    @property
    def lists(self):
        return not _key(self.target)

    def head(self, length=None):
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in self.fields.items())]
        length = len(self.body) if length is None else length
        return ("\r\n".join(lines) + (f"\r\nContent-Length: {length}" if length >= 0 else "") + "\r\n\r\n").encode()

    def whole(self):
        return self.head() + self.body

    def send(self, data):
        self.connection.sendall(data)

    def part(self, data):
        """A proper prefix of it."""
        return data[:self.chance.randrange(len(data)) if self.offset is None else self.offset] if data else b""

    def refuse(self, status, code, more="", **fields):
        self.status, self.fields = status, {"Content-Type": "application/xml", **fields}
        self.body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message>{more}</Error>".encode()
        self.send(self.whole())
        return True


# --- The lies. Each answers whether the connection stays. ---

def short(x):
    """The right length is promised and not kept."""
    x.send(x.head() + x.part(x.body))
    return False


def reset(x):
    """Anywhere, in the head too."""
    x.send(x.part(x.whole()))
    x.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(x.connection.detach())  # at once: a file on top of it would delay a close()
    return False


def short_chunked(x):
    """No length is promised, and the end is a proper one."""
    x.fields["Transfer-Encoding"] = "chunked"
    x.send(x.head(-1) + _chunk(x.part(x.body)) + b"0\r\n\r\n")
    return True


def long(x):
    """Bytes follow that belong to nothing."""
    x.send(x.whole() + b"\0" * x.chance.randint(1, 5000))
    return True


def long_chunked(x):
    x.fields["Transfer-Encoding"] = "chunked"
    x.send(x.head(-1) + _chunk(x.body + b"more") + b"0\r\n\r\n")
    return True


def longer_length(x):
    x.body += b"\0" * 10
    x.send(x.whole())
    return True


def shifted(x):
    """The bytes beside those that were asked for, and it says so."""
    first, last, size = _content_range(x)
    step = 1 if last + 1 < size else -1
    if not 0 <= first + step:
        return whole(x)
    content = x.store.objects[_key(x.target)]
    x.body = content[first + step:last + step + 1]
    x.fields["Content-Range"] = f"bytes {first + step}-{last + step}/{size}"
    x.send(x.whole())
    return True


def wrong_total(x):
    first, last, size = _content_range(x)
    x.fields["Content-Range"] = f"bytes {first}-{last}/{size + 1}"
    x.send(x.whole())
    return True


def whole(x):
    """200 and everything, where 206 was asked for."""
    x.status, x.body = 200, x.store.objects[_key(x.target)]
    x.fields.pop("Content-Range", None)
    x.send(x.whole())
    return True


def other_version(x):
    """Bytes of another version of the object, in spite of If-Match."""
    x.body = bytes(byte ^ 1 for byte in x.body)
    x.fields["ETag"] = etag_of(x.body)
    x.send(x.whole())
    return True


def other_answer(x):
    """What another range of this object would get."""
    first, last, size = _content_range(x)
    begin = x.chance.randrange(size)
    end = min(size, begin + last - first + 1)
    if (begin, end) == (first, last + 1):
        return shifted(x)
    x.body = x.store.objects[_key(x.target)][begin:end]
    x.fields["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    x.send(x.whole())
    return True


def twice(x):
    """The second time is in the way of the next request."""
    x.send(x.whole() * 2)
    return True


def silence(x):
    """Half an open connection: the request is taken, no byte comes."""
    _wait_for_end(x.connection)
    return False


def stall(x):
    x.send(x.part(x.whole()))
    return silence(x)


def internal_error(x):
    return x.refuse(500, "InternalError")


def burst(x):
    """This request is refused, and the next ones too."""
    x.store.refuse_next(x.chance.randint(1, 3))
    return x.refuse(503, "ServiceUnavailable")


def slow_down(x):
    return x.refuse(503, "SlowDown", **{"Retry-After": "0"})


def stale_refusal(x):
    """A 503, and behind it the answer that nobody waits for any more."""
    late = x.whole()
    x.refuse(503, "ServiceUnavailable")
    x.send(late)
    return True


def expired(x):
    return x.refuse(403, "ExpiredToken")


def compressed(x):
    """A proxy in between that means well."""
    x.body = gzip.compress(x.body, 1)
    x.fields["Content-Encoding"] = "gzip"
    x.send(x.whole())
    return True


def compressed_chunked(x):
    x.fields |= {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
    x.send(x.head(-1) + _chunk(gzip.compress(x.body, 1)) + b"0\r\n\r\n")
    return True


def leaves(x):
    """Closes the connection that it just kept alive."""
    x.send(x.whole())
    return False


def cut_listing(x):
    """The XML ends in the middle, the HTTP does not."""
    x.body = x.part(x.body)
    x.send(x.whole())
    return True


def other_listing(x):
    """What another folder's listing would get."""
    _, x.fields, x.body = x.store.answer(f"/{BUCKET}?list-type=2&prefix=lake/nothing/", {})
    x.send(x.whole())
    return True


def other_region(x):
    return x.refuse(301, "PermanentRedirect", **{"x-amz-bucket-region": "eu-west-3"})


def other_host(x):
    return x.refuse(307, "TemporaryRedirect", "<Endpoint>elsewhere.invalid</Endpoint>",
                    Location="http://elsewhere.invalid/")


OF_ANY = (short, reset, short_chunked, long, twice, silence, stall, internal_error, burst, slow_down, stale_refusal, expired,
          compressed, compressed_chunked, leaves)
OF_OBJECTS = (long_chunked, longer_length, shifted, wrong_total, whole, other_version, other_answer)
OF_LISTINGS = (cut_listing, other_listing)
REDIRECTS = (other_region, other_host)  # whoever is sent elsewhere does not get the answer by asking again
LIES = {lie.__name__: lie for lie in (*OF_ANY, *OF_OBJECTS, *OF_LISTINGS, *REDIRECTS)}
SOUND = tuple(name for name, lie in LIES.items() if lie not in REDIRECTS)


def _fits(name, key, headers):
    lie = LIES[name]
    if lie is other_version:  # of an object that the client has not seen yet, any version is the right one
        return "If-Match" in headers
    return lie not in (OF_OBJECTS if not key else OF_LISTINGS)


class FaultyStore(FakeS3):
    """FakeS3, and the lies. Answers thousands of requests a second on one core."""

    def __init__(self, objects):
        super().__init__(objects)
        self.requests = 0
        self.dealt = collections.Counter()  # how often each lie was told
        self._rate, self._seed, self._kinds = 0.0, 0, SOUND
        self._script = collections.deque()  # (name, offset, prefix of the key)
        self._refusals = 0
        self._asked = collections.Counter()
        self._deal = threading.Lock()

    @classmethod
    def of(cls, folder):
        folder = pathlib.Path(folder)
        return cls({f"lake/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*")
                    if path.is_file()})

    def next(self, name, offset=None, count=1, key=""):
        """The next `count` requests that this lie fits, of objects whose key begins with `key`."""
        with self._deal:
            self._script.extend([(name, offset, key)] * count)

    def at_random(self, rate, seed, kinds=SOUND):
        with self._deal:
            self._rate, self._seed, self._kinds = rate, seed, kinds
            self._asked.clear()

    def honest(self):
        """From now on; forgets what was still to be dealt."""
        self.at_random(0, 0)
        with self._deal:
            self._script.clear()
            self._refusals = 0

    def refuse_next(self, count):
        with self._deal:
            self._refusals += count

    def _draw(self, method, target, headers):
        """(name of the lie or None, its offset, chance)"""
        key = _key(target)
        with self._deal:
            self.requests += 1
            request = (method, target, headers.get("Range", ""))
            self._asked[request] += 1
            chance = random.Random(f"{self._seed} {request} {self._asked[request]}")
            name = offset = None
            for number, (scripted, where, prefix) in enumerate(self._script):
                if _fits(scripted, key, headers) and key.startswith(prefix):
                    name, offset = scripted, where
                    del self._script[number]
                    break
            if name is None and self._refusals:
                self._refusals -= 1
                name = "internal_error"
            if name is None and chance.random() < self._rate:
                fitting = [kind for kind in self._kinds if _fits(kind, key, headers)]
                name = chance.choice(fitting) if fitting else None
            if name:
                self.dealt[name] += 1
            return name, offset, chance

    def _serve(self, connection, method, target, headers):
        name, offset, chance = self._draw(method, target, headers)
        status, fields, body = self.answer(target, headers)
        x = Exchange(self, connection, target, headers, chance, status, fields, body, offset)
        if method == "HEAD":
            if name in ("silence", "stall"):
                return silence(x)
            connection.sendall(x.head())
            return name is None
        # What is no success cannot be spoilt further.
        if name is None or status not in (200, 206) or (LIES[name] in OF_OBJECTS and status != 206):
            connection.sendall(x.whole())
            return True
        return LIES[name](x)

    def _handler(self):
        store = self

        class Connection(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                store._connections.append(self.connection)
                try:
                    while request := _read_request(self.rfile):
                        if not store._serve(self.connection, *request):
                            return
                except OSError:
                    pass  # the client has left

        return Connection


def _read_request(file):
    """(method, target, headers); None at the end."""
    words = file.readline().split()
    if len(words) != 3:
        return None
    headers = {}
    while (line := file.readline().decode("latin-1").rstrip("\r\n")):
        name, _, value = line.partition(":")
        headers[name.strip().title()] = value.strip()
    return words[0].decode(), words[1].decode(), headers


def _key(target):
    return urllib.parse.unquote(target.partition("?")[0]).removeprefix(f"/{BUCKET}").removeprefix("/")


def _content_range(x):
    return map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", x.fields["Content-Range"]).groups())


def _chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""


def _wait_for_end(connection):
    connection.settimeout(LONGEST_SILENCE_S)
    while connection.recv(1 << 16):
        pass
