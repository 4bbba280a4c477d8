"""HTTPS by certificate files: downloads, queries, a new certificate while it serves, and wrong files."""
import http.client
import signal
import socket
import ssl
import subprocess

import duckdb
import pytest

from support.eider_server import PATIENCE_SECONDS, EiderServer


def make_certificate(folder, name):
    """Self-signed, for 127.0.0.1."""
    cert, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    return cert, key


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    folder.mkdir()
    duckdb.sql("SELECT range AS id, md5(range::VARCHAR) AS m FROM range(300000)").write_parquet(str(folder / "rows.parquet"))
    return folder


@pytest.fixture
def pair(tmp_path):
    return make_certificate(tmp_path, "first")


def start(serve, lake, pair, *options):
    server = serve(lake, "--tls-cert", pair[0], "--tls-key", pair[1], *options)
    server.trusted = str(pair[0])
    assert server.url.startswith("https://")
    return server


def test_downloads_and_queries(serve, lake, pair):
    server = start(serve, lake, pair)
    rows = server.get("/rows.csv")
    assert rows.status_code == 200 and rows.text.count("\r\n") == 300001
    part = server.get("/rows.csv", range="bytes=10-19")
    assert part.status_code == 206 and part.content == rows.content[10:20]
    assert server.get("/rows.csv", if_none_match=rows.headers["ETag"]).status_code == 304
    assert server.post("/query", {"sql": "SELECT count(*) AS n FROM rows"}).json() == [{"n": 300000}]


def test_one_connection_carries_many_requests(serve, lake, pair):
    server = start(serve, lake, pair)
    context = ssl.create_default_context(cafile=pair[0])
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=PATIENCE_SECONDS)
    for _ in range(20):
        connection.request("GET", "/rows.csv?_limit=1000")
        assert connection.getresponse().read().count(b"\r\n") == 1001
    connection.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(serve, lake, pair, version):
    server = start(serve, lake, pair)
    context = ssl.create_default_context(cafile=pair[0])
    context.minimum_version = context.maximum_version = version
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/rows.csv")
    assert connection.getresponse().read().count(b"\r\n") == 300001
    connection.close()


def test_a_reader_that_is_told_of_no_end_sees_it_as_cut(serve, lake, pair):
    """A body without a length ends with its connection: only a close that says so is an end (HTTP/1.0)."""
    server = start(serve, lake, pair)
    context = ssl.create_default_context(cafile=pair[0])
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as raw:
        with context.wrap_socket(raw, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as client:
            client.sendall(b"GET /rows.csv HTTP/1.0\r\n\r\n")
            received = b""
            while piece := client.recv(1 << 16):
                received += piece
    assert received.count(b"\r\n") > 300000


def test_a_client_that_leaves_cancels_its_query(serve, lake, pair):
    server = start(serve, lake, pair)
    context = ssl.create_default_context(cafile=pair[0])
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=PATIENCE_SECONDS)
    body = '{"sql": "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE a.range + b.range = c.range"}'
    connection.request("POST", "/query", body, {"Content-Type": "application/json"})
    while server.metric("eider_queries_running") == 0:
        pass
    connection.close()
    assert '"outcome":"client_left"' in server.wait_for_log("client_left")
    while server.metric("eider_queries_running") > 0:
        pass


def test_a_new_certificate_is_read_at_sighup(serve, lake, pair, tmp_path):
    server = start(serve, lake, pair)
    second = make_certificate(tmp_path, "second")
    assert server.get("/rows.csv?_limit=1").status_code == 200
    pair[1].write_bytes(second[1].read_bytes())
    server.process.send_signal(signal.SIGHUP)
    assert "is not that of the certificate" in server.wait_for_log("certificate_kept")
    assert server.get("/rows.csv?_limit=1").status_code == 200, "the old one is kept"
    pair[0].write_bytes(second[0].read_bytes())
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("certificate_read")
    server.trusted = str(second[0])
    assert server.get("/rows.csv?_limit=1").status_code == 200


def test_who_speaks_http_is_told(serve, lake, pair):
    server = start(serve, lake, pair)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/rows.csv")
    answer = connection.getresponse()
    assert answer.status == 400 and b"https://" in answer.read()
    assert server.metric("eider_tls_failures_total") == 1


def test_files_may_be_named_in_eider_yaml(serve, lake, pair):
    (lake / "eider.yaml").write_text(f"server: {{tls_cert: '{pair[0]}', tls_key: '{pair[1]}'}}\n")
    server = serve(lake)
    server.trusted = str(pair[0])
    assert server.url.startswith("https://") and server.get("/healthz").status_code == 200


def test_wrong_files_are_told_before_anything_is_served(lake, pair, tmp_path):
    other = make_certificate(tmp_path, "other")
    in_lake = lake / "key.pem"
    in_lake.write_bytes(pair[1].read_bytes())
    for cert, key, word in ((pair[0], other[1], "is not that of the certificate"), (pair[0], tmp_path / "none", "cannot read"),
                            (pair[1], pair[1], "no certificate in PEM"), (pair[0], pair[0], "no private key in PEM"),
                            (pair[0], in_lake, "lies in the lake")):
        code, said = EiderServer(lake, "--tls-cert", cert, "--tls-key", key).refusal()
        assert code == 1 and word in said and "PRIVATE KEY-----" not in said
    code, said = EiderServer(lake, "--tls-cert", pair[0]).refusal()
    assert code == 1 and "--tls-key is missing" in said
