"""Downloads as HTTP: validators, ranges, codings, trailers, receipts, negotiation, refusals."""
import base64
import hashlib
import io
import random
import zlib

import pyarrow
import pytest

from support import raw_http
from support.eider_server import EiderServer
from support.flights import ROWS, parse_csv, write_lake

FORMATS = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
}
TARGET = "/flights.csv?delay__gte=50&_sort=-price"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return write_lake(tmp_path_factory.mktemp("flights"))


@pytest.fixture(scope="module")
def server(lake):
    with EiderServer(lake) as running:
        yield running


def media_type(answer):
    return answer.headers["Content-Type"].split(";")[0]


@pytest.mark.parametrize("format", FORMATS)
def test_headers_of_each_format(server, format):
    answer = server.get(f"/flights.{format}?_limit=10")
    assert media_type(answer) == FORMATS[format]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="flights.{format}"'
    assert {"Accept", "Accept-Encoding"} <= set(answer.headers["Vary"].split(", "))
    assert answer.headers["ETag"].startswith('"') and answer.headers["Last-Modified"].endswith("GMT")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# --- Validators ---

def test_one_request_has_one_etag_however_it_is_written(server):
    tag = server.get("/flights.csv?origin=JFK&origin=LAX&delay__gte=5").headers["ETag"]
    assert server.get("/flights.csv?delay__gte=5&origin=LAX&origin=JFK").headers["ETag"] == tag
    assert server.get("/flights.csv?delay%5F%5Fgte=%35&origin=L%41X&origin=JFK").headers["ETag"] == tag
    others = [
        "/flights.tsv?origin=JFK&origin=LAX&delay__gte=5", "/flights.csv?origin=JFK&delay__gte=5",
        "/flights.csv?origin=JFK&origin=LAX&delay__gt=5", "/flights.csv?origin=JFK&origin=LAX&delay__gte=5&_limit=5",
        "/flights.csv?origin=JFK&origin=LAX&delay__gte=5&_sort=id",
        "/flights.csv?origin=JFK&origin=LAX&delay__gte=5&_count=1",
        "/flights.csv?origin=JFK&origin=LAX&delay__gte=5&_columns=id", "/text.csv?origin=JFK&origin=LAX&delay__gte=5"
    ]
    tags = [server.get(target).headers["ETag"] for target in others]
    assert len({tag, *tags}) == len(tags) + 1


def test_not_modified_costs_no_query(server):
    target = "/flights.csv?delay=7&_columns=id,delay"
    answer = server.get(target)
    before = server.metric("eider_queries_total")
    for tag in (answer.headers["ETag"], "W/" + answer.headers["ETag"], f'"other", {answer.headers["ETag"]}', "*"):
        again = server.get(target, if_none_match=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == answer.headers["ETag"] and "Vary" in again.headers
    assert server.get(target, if_none_match='"other"').content == answer.content
    fresh = server.get(target.replace("7", "8"), if_none_match='"other"').headers["ETag"]
    assert fresh != answer.headers["ETag"]
    assert server.metric("eider_queries_total") == before + 1


def test_a_change_of_the_data_changes_the_etag(serve, tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    server = serve(tmp_path)
    first = server.get("/a.csv")
    (tmp_path / "a.csv").write_text("x\n22\n")
    second = server.get("/a.csv", if_none_match=first.headers["ETag"])
    assert (first.text, second.status_code, second.text) == ("x\r\n1\r\n", 200, "x\r\n22\r\n")


# --- HEAD and ranges ---

@pytest.mark.parametrize("format", FORMATS)
def test_head_says_what_get_says(server, format):
    target = f"/flights.{format}?delay__gte=100&_columns=id,delay,origin"
    head = server.request("HEAD", target)
    answer = server.get(target)
    assert head.content == b"" and int(head.headers["Content-Length"]) == len(answer.content)
    for name in ("ETag", "Content-Type", "Content-Disposition", "Last-Modified", "Vary", "Accept-Ranges",
                 "Cache-Control"):
        assert head.headers[name] == answer.headers[name], name


def test_head_of_what_is_refused(server):
    assert server.request("HEAD", "/flights.csv?colour=red").status_code == 400
    assert server.request("HEAD", "/nothing.csv").status_code == 404


def part(server, target, range, **headers):
    return server.get(target, range=range, **headers)


def test_ranges(server):
    whole = server.get(TARGET).content
    size = len(whole)
    for text, begin, end in (("0-0", 0, 1), ("0-99", 0, 100), ("100-", 100, size), ("-50", size - 50, size),
                             (f"{size - 1}-", size - 1, size), (f"5-{size * 2}", 5, size), (f"-{size * 2}", 0, size)):
        answer = part(server, TARGET, f"bytes={text}")
        assert answer.status_code == 206, text
        assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"
        assert int(answer.headers["Content-Length"]) == end - begin and answer.content == whole[begin:end]
    for text in (f"{size}-", f"{size + 5}-{size + 9}", "-0"):
        answer = part(server, TARGET, f"bytes={text}")
        assert answer.status_code == 416 and answer.headers["Content-Range"] == f"bytes */{size}"
    for text in ("lines=1-2", "bytes=5-2", "bytes=a-b", "bytes=0-1,5-6"):
        answer = part(server, TARGET, text)
        assert (answer.status_code, answer.content) == (200, whole), text


def test_a_range_is_the_first_thing_that_is_asked_for(serve, lake):
    """Nothing is produced yet: the total is known all the same."""
    answer = serve(lake).get("/flights.csv", range="bytes=10-19")
    whole = serve(lake).get("/flights.csv").content
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(whole)}" and answer.content == whole[10:20]


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("format", ["csv", "json", "parquet", "xlsx", "arrow"])
def test_pieces_of_a_filtered_export_join_to_the_whole(serve, lake, format, coding):
    target = f"/flights.{format}?origin__in=JFK,LAX&_columns=id,delay,origin"
    server = serve(lake)

    def raw(**headers):
        with server.request("GET", target, stream=True, accept_encoding=coding, **headers) as answer:
            return answer, answer.raw.read(decode_content=False)
    first, whole = raw()
    dice = random.Random(7)
    cuts = sorted({0, len(whole), *(dice.randrange(len(whole)) for _ in range(9))})
    joined = b""
    for place, (begin, end) in enumerate(zip(cuts, cuts[1:])):
        if place == 5:
            server = serve(lake)  # a client goes on with another process of the same lake
        answer, content = raw(range=f"bytes={begin}-{end - 1}", if_range=first.headers["ETag"])
        assert (answer.status_code, answer.headers["ETag"]) == (206, first.headers["ETag"])
        joined += content
    assert joined == whole


def test_if_range_of_another_version_gets_the_whole(server):
    whole = server.get(TARGET)
    assert part(server, TARGET, "bytes=5-9", if_range='"other"').content == whole.content
    assert part(server, TARGET, "bytes=5-9", if_range="W/" + whole.headers["ETag"]).status_code == 200
    assert part(server, TARGET, "bytes=5-9", if_range=whole.headers["ETag"]).content == whole.content[5:10]


def test_rows_in_any_order_have_no_ranges(server):
    answer = part(server, "/flights.csv?_order=any&delay=3", "bytes=5-9")
    assert answer.status_code == 200 and answer.headers["Accept-Ranges"] == "none"


def test_a_replaced_object_breaks_no_resumed_download(serve, tmp_path):
    (tmp_path / "a.csv").write_text("x\n" + "".join(f"{i}\n" for i in range(1000)))
    server = serve(tmp_path)
    tag = server.get("/a.csv").headers["ETag"]
    (tmp_path / "a.csv").write_text("x\n" + "".join(f"{-i}\n" for i in range(1, 1000)))
    answer = part(server, "/a.csv", "bytes=100-", if_range=tag)
    assert answer.status_code == 200 and answer.text.startswith("x\r\n-1\r\n")


# --- Codings ---

def decode(coding, content):
    if coding == "gzip":
        return zlib.decompress(content, zlib.MAX_WBITS | 16)
    codec = {"br": "brotli", "zstd": "zstd"}[coding]
    return pyarrow.CompressedInputStream(pyarrow.BufferReader(content), codec).read()


def coded(server, target, accept_encoding):
    with server.request("GET", target, stream=True, accept_encoding=accept_encoding) as answer:
        return answer, answer.raw.read(decode_content=False)


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br"])
@pytest.mark.parametrize("format", ["csv", "tsv", "json", "ndjson"])
def test_codings(server, format, coding):
    target = f"/flights.{format}?delay__gte=0"
    plain = server.get(target)
    answer, content = coded(server, target, coding)
    assert answer.headers["Content-Encoding"] == coding and len(content) < len(plain.content) / 2
    assert decode(coding, content) == plain.content
    assert answer.headers["ETag"] != plain.headers["ETag"], "the bytes differ, so must the strong validator"
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("accepted, chosen", [("gzip, zstd, br", {"gzip", "zstd", "br"}),
                                              ("gzip;q=0.5, br;q=0.9", {"br"}), ("GZIP", {"gzip"}),
                                              ("x-gzip", {"gzip", None}), ("gzip;q=0, zstd;q=0", {None}),
                                              ("deflate", {None}), ("*", {"gzip", "zstd", "br", None}), ("", {None}),
                                              ("identity;q=1, gzip;q=0.1", {None, "gzip"}),
                                              ("br;q=0, *;q=0.5", {"gzip", "zstd", None})])
def test_the_best_accepted_coding_is_chosen(server, accepted, chosen):
    answer, _ = coded(server, "/flights.csv?_limit=100", accepted)
    assert answer.headers.get("Content-Encoding") in chosen


def test_an_empty_and_a_compressed_format(server):
    answer, content = coded(server, "/flights.csv?id=-1", "gzip")
    assert decode("gzip", content).startswith(b"id,date,") and content.count(b"\n") < 3
    answer, content = coded(server, "/flights.parquet?_limit=5", "gzip")
    assert "Content-Encoding" not in answer.headers and content.startswith(b"PAR1")


# --- Trailers and receipts ---

def digest(content):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(content).digest()).decode() + ":"


@pytest.mark.parametrize("target, coding, count", [(TARGET, "identity", None), ("/flights.json", "identity", ROWS),
                                                   ("/flights.csv", "gzip", ROWS),
                                                   ("/flights.parquet", "identity", ROWS),
                                                   ("/flights.arrow", "identity", ROWS),
                                                   ("/flights.xlsx?_limit=7", "identity", 7),
                                                   ("/flights.ndjson?id=-1", "identity", 0)])
def test_trailers_tell_rows_and_digest(server, target, coding, count):
    answer = raw_http.ask(server.port, target, "TE: trailers", f"Accept-Encoding: {coding}")
    if count is None:
        count = len(parse_csv(answer.body)[1])
    assert {"eider-rows", "content-digest"} <= {name.strip().lower() for name in answer.headers["trailer"].split(",")}
    assert answer.trailers.pop("eider-reads").startswith("requests=")
    assert answer.trailers == {"eider-rows": str(count), "content-digest": digest(answer.body)}


def test_no_trailers_for_who_does_not_ask(server):
    answer = raw_http.ask(server.port, TARGET)
    assert answer.trailers == {} and "trailer" not in answer.headers


@pytest.mark.parametrize("headers", [(), ("TE: trailers",), ("Range: bytes=100-299",), ("Accept-Encoding: zstd",)])
def test_a_receipt_tells_afterwards(server, headers):
    answer = raw_http.ask(server.port, TARGET, *headers)
    identity = answer.headers["eider-request-id"]
    receipt = server.get(f"/flights.csv?_receipt={identity}")
    assert receipt.status_code == 200, receipt.text
    told = receipt.json()
    assert told["request_id"] == identity and told["bytes"] == len(answer.body)
    assert told["content_digest"] == digest(answer.body)
    if not headers:
        assert told["rows"] == len(parse_csv(answer.body)[1])


def test_no_receipt(server):
    assert server.get("/flights.csv?_receipt=0123456789abcdef").status_code == 404
    refused = server.get("/flights.csv?colour=red").headers["Eider-Request-Id"]
    assert server.get(f"/flights.csv?_receipt={refused}").status_code == 404


# --- Negotiation and refusals ---

@pytest.mark.parametrize("accept, answered", [
    ("text/csv", "text/csv"), ("application/x-ndjson", "application/x-ndjson"), ("TEXT/CSV; charset=utf-8", "text/csv"),
    ("application/vnd.apache.parquet", "application/vnd.apache.parquet"), ("application/json", "application/json"),
    ("*/*", "application/json"), ("image/png, text/csv", "text/csv"), ("text/html, */*;q=0.8", "application/json")])
def test_without_an_extension_accept_decides(server, accept, answered):
    assert media_type(server.get("/flights", accept=accept)) == answered


@pytest.mark.parametrize("accept, answered", [("text/csv;q=0.1, application/x-ndjson", "application/x-ndjson"),
                                              ("text/csv;q=0, application/x-ndjson", "application/x-ndjson"),
                                              ("text/html;q=0.1, text/csv", "text/csv")])
def test_accept_is_weighed(server, accept, answered):
    assert media_type(server.get("/flights", accept=accept)) == answered


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0, text/csv;q=0"])
def test_nothing_acceptable(server, accept):
    answer = server.get("/flights", accept=accept)
    assert answer.status_code == 406 and "csv" in answer.json()["detail"]


def test_an_extension_goes_before_accept(server):
    assert media_type(server.get("/flights.csv?_limit=1", accept="application/json")) == "text/csv"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_only_get_and_head(server, method):
    answer = server.request(method, "/flights.csv")
    assert answer.status_code == 405 and set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert method in answer.json()["detail"]


@pytest.mark.parametrize("path, status, words",
                         [("/flight.csv", 404, ["flight", "'flights'"]), ("/flight", 404, ["'flights'"]),
                          ("/nothing.json?x=1", 404, ["nothing"]), ("/flights.cvs", 406, ["cvs", "csv"]),
                          ("/flights.docx", 406, ["docx", "parquet"]), ("/flights.", 406, ["csv"]),
                          ("/flights.CSV", 406, ["csv"]), ("/flights.geojson", 406, ["GeoJSON", "longitude"]),
                          ("/flights/more.csv", 404, ["/datasets"]), ("/a.b.csv", 404, ["/datasets"]),
                          ("/" + "n" * 101 + ".csv", 404, ["100"]), ("/-/nothing", 404, [])])
def test_what_is_not_there(server, path, status, words):
    answer = server.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert all(word in answer.json()["detail"] for word in words), answer.text


def test_a_path_that_is_no_path(server):
    answer = raw_http.ask(server.port, "/%zz.csv")
    assert answer.status == 400 and b"%zz" in answer.body
