"""FakeS3 by HTTPS, each answer over a connection of its own, that says which of them resumed a session.

    with TlsStore(objects, tls_context(certificate)) as store:
        run("query", "--lake", store.lake, …, **store.environment(certificate))
        assert store.handshakes == ["full", "resumed"]
"""
import socket
import ssl
import struct
import threading

from support.fake_s3 import FakeS3
from support.raw_http import PATIENCE_SECONDS

PRE_SHARED_KEY = 41  # what a client of TLS 1.3 offers a session by (RFC 8446, 4.2.11)
DECRYPT_ERROR = b"\x15\x03\x03\x00\x02\x02\x33"  # the alert, fatal, in a record of its own


def tls_context(certificate, version=ssl.TLSVersion.TLSv1_3, tickets=True):
    """Tickets of one context are nothing to another: each has keys of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    context.minimum_version = context.maximum_version = version
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    return context


class TlsStore(FakeS3):
    """`context` may be replaced at any time, and holds from the next connection on."""

    def __init__(self, objects, context):
        self.context = context
        self.handshakes: list[str] = []  # "full", "resumed", "failed" or "refused", in the order in which they ended
        self.refuses_sessions = False  # breaks off instead of shaking hands in full
        self._changed = threading.Condition()
        super().__init__(objects)
        self.endpoint = self.endpoint.replace("http://127.0.0.1", "https://localhost")
        self._http.handle_error = lambda *_: None  # a handshake that failed

    def environment(self, certificate):
        return {**super().environment(), "AWS_CA_BUNDLE": certificate}

    def handshakes_after(self, count):
        """Those behind the first `count`; waits for one, for a client may know of a failure before the server."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.handshakes) > count, PATIENCE_SECONDS)
            return self.handshakes[count:]

    def _ended(self, outcome):
        with self._changed:
            self.handshakes.append(outcome)
            self._changed.notify_all()

    def answer(self, target, headers):
        status, fields, body = super().answer(target, headers)
        return status, {**fields, "Connection": "close"}, body

    def _shake_hands(self, connection):
        if self.refuses_sessions and PRE_SHARED_KEY in _extensions(connection):
            self._ended("refused")
            connection.sendall(DECRYPT_ERROR)
            raise ConnectionAbortedError
        try:
            shaken = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            self._ended("failed")
            raise
        self._ended("resumed" if shaken.session_reused else "full")
        return shaken

    def _handler(self):
        store = self

        class Handler(super()._handler()):
            def setup(self):
                self.request = store._shake_hands(self.request)
                super().setup()

            def finish(self):
                super().finish()
                self.connection.close()  # the listener closes the socket that it knows of, which is another by now

        return Handler


def _extensions(connection):
    """The numbers of the extensions in the ClientHello that comes, which stays to be read."""
    head = _peek(connection, 5)
    hello = _peek(connection, 5 + struct.unpack(">H", head[3:])[0])
    at = 5 + 4 + 2 + 32  # record, message, version, random
    at += 1 + hello[at]  # session id
    at += 2 + struct.unpack_from(">H", hello, at)[0]  # cipher suites
    at += 1 + hello[at]  # compression
    at += 2
    found = set()
    while at < len(hello):
        number, size = struct.unpack_from(">HH", hello, at)
        found.add(number)
        at += 4 + size
    return found


def _peek(connection, size):
    seen = b""
    while len(seen) < size:
        seen = connection.recv(size, socket.MSG_PEEK | socket.MSG_WAITALL)
        if not seen:
            raise ConnectionAbortedError
    return seen
