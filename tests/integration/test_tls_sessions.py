"""Connections to a store resume the TLS sessions of those before them, and nothing else changes by it."""
import collections
import concurrent.futures
import ssl

import pytest

from support import s3_servers
from support.eider_server import run
from support.tls_store import TlsStore, tls_context

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
OBJECTS = {f"lake/{name}.csv": b"id\n" + b"".join(b"%d\n" % row for row in range(rows))
           for name, rows in (("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5), ("six", 6))}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return s3_servers.make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=VERSIONS)
def version(request):
    return VERSIONS[request.param]


@pytest.fixture
def store(certificate, version):
    with TlsStore(OBJECTS, tls_context(certificate, version)) as running:
        yield running


@pytest.fixture
def count(serve, store, certificate):
    server = serve(store.lake, **store.environment(certificate))
    return lambda name: ask(server, name)


def ask(server, name):
    """How many rows an object has, or what is said instead."""
    answer = server.post("/query", {"sql": f"SELECT count(*) AS n FROM lake('{name}.csv')"})
    return answer.json()[0]["n"] if answer.status_code == 200 else answer.text


def test_later_connections_resume(store, count):
    assert (count("one"), count("two"), count("three")) == (1, 2, 3)
    outcomes = collections.Counter(store.handshakes)
    assert set(outcomes) == {"full", "resumed"} and store.handshakes[-1] == "resumed", store.handshakes
    assert outcomes["resumed"] > outcomes["full"], store.handshakes
    before = len(store.handshakes)
    assert (count("four"), count("five")) == (4, 5)
    assert set(store.handshakes[before:]) == {"resumed"}, "a session that was renewed by a resumed connection is one too"


def test_a_server_with_other_ticket_keys_gets_full_handshakes(store, count, certificate, version):
    assert (count("one"), count("two")) == (1, 2)
    store.context = tls_context(certificate, version)
    before = len(store.handshakes)
    assert (count("three"), count("four"), count("five")) == (3, 4, 5)
    after = store.handshakes[before:]
    assert after[0] == "full" and after[-1] == "resumed" and "failed" not in after, after


@pytest.mark.parametrize("change", ["TLS 1.2 to TLS 1.3", "TLS 1.3 to TLS 1.2"])
def test_a_server_that_changes_its_version_is_shaken_hands_with_in_full(change, serve, certificate):
    first, second = (tls_context(certificate, VERSIONS[name]) for name in change.split(" to "))
    with TlsStore(OBJECTS, first) as store:
        server = serve(store.lake, **store.environment(certificate))
        for name, rows in (("one", 1), ("two", 2), ("three", 3), ("four", 4)):
            if name == "three":
                store.context = second
            assert ask(server, name) == rows
        assert "failed" not in store.handshakes and store.handshakes[-1] == "resumed", store.handshakes


def test_without_tickets_each_handshake_is_full(serve, certificate, version):
    with TlsStore(OBJECTS, tls_context(certificate, version, tickets=False)) as store:
        answer = run("query", "--lake", store.lake, "SELECT count(*) AS n FROM lake('six.csv')", **store.environment(certificate))
        assert answer.stdout.split() == [b"n", b"6"]
        assert len(store.handshakes) > 1 and set(store.handshakes) == {"full"}


def test_another_certificate_at_the_same_address_is_refused(serve, certificate, tmp_path):
    """Of both versions at once: s2n tells of it after 10 to 30 s, so that nobody learns from how long it took."""
    def refused(version):
        with TlsStore(OBJECTS, tls_context(certificate, version)) as store:
            server = serve(store.lake, **store.environment(certificate))
            assert [ask(server, name) for name in ("one", "two")] == [1, 2]
            store.context = tls_context(other, version)
            before = len(store.handshakes)
            assert "no TLS connection" in ask(server, "three")
            return store.handshakes_after(before)

    other = s3_servers.make_certificate(tmp_path)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        assert list(threads.map(refused, VERSIONS.values())) == [["failed"], ["failed"]]


def test_a_server_that_breaks_off_at_a_session_is_asked_without(serve, certificate):
    with TlsStore(OBJECTS, tls_context(certificate)) as store:
        server = serve(store.lake, **store.environment(certificate))
        for name, rows in (("one", 1), ("two", 2), ("three", 3)):
            store.refuses_sessions = name != "one"
            assert ask(server, name) == rows, store.handshakes
        assert "refused" in store.handshakes and store.handshakes[-1] == "full", store.handshakes
