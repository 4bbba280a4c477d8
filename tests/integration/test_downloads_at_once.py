"""Many downloads at once, and the same download again: each exactly right, equal ones byte for byte."""
import pytest

from support.eider_server import EiderServer
from support.flights import ROWS, Answers, parse_csv, write_lake
from support.raw_http import Client

DIFFERENT = 200
EQUAL = 500


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return write_lake(tmp_path_factory.mktemp("flights"))


def ask_at_once(server, targets):
    """Every request is sent before any answer is read."""
    clients = []
    try:
        for target in targets:
            clients.append(Client(server.port))
            clients[-1].send(target, "Connection: close")
        return [client.rest(client.head()) for client in clients]
    finally:
        for client in clients:
            client.close()


def test_two_hundred_different_downloads_each_get_exactly_their_rows(lake):
    answers = Answers(f"'{lake}/flights.parquet'")
    wanted = [(f"/flights.csv?_columns=id,delay&delay__gte={number - 60}&id__lt={ROWS - number}",
               f"delay >= {number - 60} AND id < {ROWS - number}") for number in range(DIFFERENT)]
    with EiderServer(lake) as server:
        got = ask_at_once(server, [target for target, _ in wanted])
    assert {answer.status for answer in got} == {200}
    wrong = [target for (target, where), answer in zip(wanted, got)
             if parse_csv(answer.body)[1] != answers.rows(f"WHERE {where}", ["id", "delay"])]
    assert wrong == []


def test_five_hundred_equal_downloads_cost_one_query(lake):
    with EiderServer(lake) as server:
        whole = server.get("/flights.csv?delay__notnull").content
        before = server.metric("eider_queries_total")
        got = ask_at_once(server, ["/flights.csv?delay__notnull&_sort=-ratio"] * EQUAL)
        assert server.metric("eider_queries_total") == before + 1
    assert {answer.status for answer in got} == {200}
    assert len({answer.body for answer in got}) == 1
    assert sorted(got[0].body.split(b"\r\n")) == sorted(whole.split(b"\r\n"))


def test_a_failed_query_is_told_to_all_who_wait_for_it(serve, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n" + "1,2\n" * 100)
    server = serve(tmp_path, "--spool-bytes", "1KiB", "--memory", "32MiB")
    got = ask_at_once(server, ["/a.csv?y=nothing"] * 20)
    assert {answer.status for answer in got} == {400}


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "ndjson", "parquet", "arrow", "xlsx"])
def test_equal_requests_are_equal_bytes_after_a_restart_too(lake, format):
    targets = [
        f"/flights.{format}", f"/flights.{format}?_sort=-origin,delay", f"/text.{format}?delay__gte=0",
        f"/parts.{format}?_sort=tail"
    ]
    if format == "xlsx":
        targets = [target + ("&" if "?" in target else "?") + "_limit=500" for target in targets]

    def ask(server):
        return [(answer.headers["ETag"], answer.content) for answer in map(server.get, targets)]
    with EiderServer(lake, "--threads", 2) as server:
        first = ask(server)
        assert ask(server) == first
    with EiderServer(lake, "--threads", 2) as server:
        assert ask(server) == first
    with EiderServer(lake, "--threads", 1, "--memory", "200MiB") as server:
        assert ask(server) == first


def test_a_result_that_was_evicted_is_made_again_byte_for_byte(lake):
    with EiderServer(lake, "--spool-bytes", "8MiB") as server:
        targets = [f"/flights.csv?id__gte={number}" for number in range(8)]
        first = [server.get(target).content for target in targets]
        assert [server.get(target).content for target in targets] == first
        assert server.metric("eider_queries_total") > len(
            targets), "the quota cannot keep eight results of 1.4 MB, each in steps of 4 MiB"


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br"])
def test_compressed_bytes_are_the_same_again(lake, coding):
    def ask():
        with EiderServer(lake) as server, server.request("GET", "/flights.csv", stream=True,
                                                         accept_encoding=coding) as answer:
            return answer.headers["ETag"], answer.raw.read(decode_content=False)
    assert ask() == ask()


def test_a_reader_that_leaves_cancels_a_query_that_nobody_else_wants(serve, lake):
    """The others are served; afterwards nothing runs."""
    server = serve(lake)
    for number in range(20):
        with Client(server.port) as client:
            client.send(f"/flights.json?id__gte={number}&_sort=-organisation-entity,ratio")
    kept = server.get("/flights.csv?_limit=5")
    assert kept.status_code == 200 and len(parse_csv(kept.content)[1]) == 5
