"""In the middle of a download the data changes, the reader stops, the disk is full, the server is told to stop.

The answer is whole or visibly broken; never a mixture, never short.
"""
import contextlib
import itertools
import resource

import pytest

from support import raw_http
from support.eider_server import EiderServer
from support.fake_s3 import FakeS3
from support.flights import parse_csv
from support.raw_http import Client, Cut
from support.relations import write

GROUPS = 5


def versions(folder, suffix):
    """Two files of one layout, so that a mixture of them would read well, and the one column that tells them apart."""
    options = "ROW_GROUP_SIZE 2048" if suffix == ".parquet" else ""
    return [
        write(
            f"SELECT {word} AS version, i AS id, repeat(chr(97 + (hash(i) % 26)::INTEGER), 40) AS padding "
            f"FROM range({GROUPS * 2048}) AS r(i)", folder / f"{word}{suffix}", options).read_bytes()
        for word in (111, 222)
    ]


def which(content):
    """The version that a whole answer has."""
    rows = parse_csv(content)[1]
    assert len(rows) == GROUPS * 2048 and [int(row[1]) for row in rows] == list(range(len(rows)))
    assert len({row[0] for row in rows}) == 1, "a mixture"
    return rows[0][0]


# --- The object changes while it is read ---

@pytest.mark.parametrize("suffix, heeds_if_match", [(".parquet", True), (".csv", True), (".parquet", False)],
                         ids=["parquet", "csv", "parquet and no If-Match"])
def test_an_object_in_s3_replaced_between_any_two_reads(tmp_path, suffix, heeds_if_match):
    """A server that does not know If-Match still says the ETag of what it sends."""
    old, new = versions(tmp_path, suffix)
    key, outcomes = f"lake/a{suffix}", set()
    with FakeS3({key: old}) as store:
        store.heeds_if_match = heeds_if_match
        for moment in itertools.count(1):
            store.objects[key], store.gets = old, 0
            store.before_get = lambda count: store.objects.update({key: new}) if count == moment else None
            with EiderServer(store.lake, **store.environment()) as server:
                try:
                    answer = raw_http.ask(server.port, "/a.csv")
                    outcomes.add(which(answer.body) if answer.status == 200 else str(answer.status))
                    assert answer.status in (200, 503), answer.body
                except Cut:
                    outcomes.add("cut")
            if store.gets < moment:  # nothing was replaced any more
                break
    assert {"111", "222"} <= outcomes <= {"111", "222", "cut", "503"}, outcomes


@pytest.mark.parametrize("moment", [1, 2, 3, 5])
def test_an_object_in_s3_deleted_between_two_reads(tmp_path, moment):
    old, _ = versions(tmp_path, ".parquet")
    with FakeS3({"lake/a.parquet": old}) as store:
        store.before_get = lambda count: store.objects.pop("lake/a.parquet", None) if count == moment else None
        with EiderServer(store.lake, **store.environment()) as server:
            try:
                answer = raw_http.ask(server.port, "/a.csv")
            except Cut:
                return
    assert answer.status in (404, 502, 503) or which(answer.body) == "111"


def replace_by_rename(path, content):
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    beside.rename(path)


def overwrite(path, content):
    path.write_bytes(content)


@pytest.mark.parametrize("replace", [replace_by_rename, overwrite], ids=["renamed", "overwritten"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_replaced_at_many_moments_of_its_reading(tmp_path, suffix, replace):
    """Whichever moments it hits: every whole answer is of one version.

    A file that is written in place may be seen half-written, and refused.
    """
    both = versions(tmp_path / "made", suffix)
    lake = tmp_path / "lake"
    lake.mkdir()
    path = lake / f"a{suffix}"
    path.write_bytes(both[0])
    whole = 0
    with EiderServer(lake, "--threads", 1) as server:
        for number in range(40):
            with Client(server.port) as client:
                client.send(f"/a.csv?id__gte={-number}",
                            "Connection: close")  # another request each time: nothing is kept
                for _ in range(number * 4000):
                    pass
                replace(path, both[(number + 1) % 2])
                with contextlib.suppress(Cut):
                    answer = client.rest(client.head())
                    assert answer.status in (200,
                                             503) or replace is overwrite and answer.status in (400, 502), answer.body
                    whole += answer.status == 200 and which(answer.body) in ("111", "222")
        replace(path, both[0])
        assert which(server.get("/a.csv").content) == "111"
    assert whole > 0


@pytest.mark.parametrize("change", ["replaced", "overwritten", "deleted"])
def test_a_reader_that_has_begun_gets_the_old_bytes_whole(serve, tmp_path, change):
    path = write("SELECT 111 AS version, i AS id, repeat('x', 500) AS padding FROM range(60000) AS r(i)",
                 tmp_path / "a.parquet")
    server = serve(tmp_path)
    whole = server.get("/a.csv").content
    with Client(server.port, receive_buffer_bytes=4096) as client:
        client.send("/a.csv", "Connection: close")
        answer = client.head()
        other = write("SELECT 222 AS version, i AS id, repeat('y', 500) AS padding FROM range(60000) AS r(i)",
                      tmp_path / "made/b.parquet")
        if change == "deleted":
            path.unlink()
        elif change == "overwritten":
            path.write_bytes(other.read_bytes())
        else:
            other.rename(path)
        status = server.get("/a.csv?_limit=1&_columns=version")
        assert status.status_code == (404 if change == "deleted" else 200)
        assert change == "deleted" or status.text.split() == ["version", "222"]
        assert client.rest(answer).body == whole


@pytest.mark.parametrize("change", ["replaced", "deleted"])
def test_a_reader_of_s3_that_has_begun_gets_the_old_bytes_or_sees_a_cut(serve, tmp_path, change):
    old, new = (write(f"SELECT {version} AS version, i AS id, repeat('x', 500) AS padding FROM range(60000) AS r(i)",
                      tmp_path / f"{version}.parquet").read_bytes() for version in (111, 222))
    with FakeS3({"lake/a.parquet": old}) as store:
        server = serve(store.lake, **store.environment())
        whole = server.get("/a.csv").content
        fresh = serve(store.lake, **store.environment())
        with Client(fresh.port, receive_buffer_bytes=4096) as client:
            client.send("/a.csv", "Connection: close")
            answer = client.head()
            store.objects = {"lake/a.parquet": new} if change == "replaced" else {}
            with contextlib.suppress(Cut):
                assert client.rest(answer).body == whole
            assert whole.startswith(answer.body)


# --- Readers that stop ---

def test_readers_that_stop_hold_little_and_keep_nobody_waiting(serve, tmp_path):
    write("SELECT i AS id, repeat('x', 1000) AS padding FROM range(8000) AS r(i)", tmp_path / "a.parquet")
    server = serve(tmp_path, "--queries", 1)
    server.get("/a.csv?_limit=5")
    before = server.memory_bytes()
    with contextlib.ExitStack() as stack:
        for number in range(50):
            client = stack.enter_context(Client(server.port, receive_buffer_bytes=4096))
            client.send(f"/a.csv?id__gte={number}")
            assert client.head().status == 200
        assert parse_csv(server.get("/a.csv?id=7999&_columns=id").content)[1] == [["7999"]]
        assert server.memory_bytes() - before < 100 << 20, "8 MB for each of 50 readers would be 400 MB"
    assert server.metric("eider_queries_running") == 0


# --- The disk is full ---

BIG = "SELECT hash(i) AS id, repeat(chr(97 + (hash(i) % 26)::INTEGER), 200) || i AS text FROM range(200000) AS r(i)"


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    folder = tmp_path_factory.mktemp("big")
    write(BIG, folder / "a.parquet")
    write("SELECT 1 AS x", folder / "small.parquet")
    return folder


def refused_or_cut(server, target):
    """The refusal's text, or what the log says about a body that was cut."""
    try:
        answer = raw_http.ask(server.port, target)
    except Cut:
        return "cut: " + server.wait_for_log("body_failed")
    assert answer.status in (413, 503), answer.status
    return answer.body.decode()


def test_a_sort_that_may_not_spill_enough(serve, big):
    server = serve(big, "--memory", "64MiB", "--spill-bytes", "1MiB")
    told = refused_or_cut(server, "/a.csv?_sort=text")
    assert "--spill-bytes" in told or "--memory" in told, told
    assert server.get("/small.csv").text == "x\r\n1\r\n"


def test_a_sort_in_little_memory_is_right(serve, big):
    server = serve(big, "--memory", "100MiB", "--spill-bytes", "1GiB")
    rows = parse_csv(server.get("/a.csv?_sort=id&_columns=id").content)[1]
    assert len(rows) == 200_000 and rows == sorted(rows, key=lambda row: int(row[0]))


def test_a_result_larger_than_the_spool(serve, big):
    server = serve(big, "--spool-bytes", "16MiB")
    told = refused_or_cut(server, "/a.csv")
    assert "--spool-bytes" in told
    assert server.get("/small.csv").text == "x\r\n1\r\n"
    assert parse_csv(server.get("/a.csv?_limit=20000&_columns=id").content)[1] != []
    assert server.metric("eider_spool_bytes") <= 16 << 20


def test_a_spool_folder_whose_disk_is_full(big, tmp_path):
    """A limit on the size of files stands for the disk: writes fail in the same way."""
    limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20)),
              "restore_signals": False}  # Python ignores SIGXFSZ, and so does what it starts
    with EiderServer(big, "--spool-folder", tmp_path, launch=limits) as server:
        told = refused_or_cut(server, "/a.csv")
        assert "File too large" in told or "spool" in told, told
        assert server.get("/small.csv").text == "x\r\n1\r\n"


def test_nothing_is_left_on_disk(big, tmp_path):
    with EiderServer(big, TMPDIR=tmp_path) as server:
        assert server.get("/a.csv?_sort=id").status_code == 200
    assert list(tmp_path.iterdir()) == []


# --- The server is told to stop ---

def test_all_downloads_under_way_are_finished_at_sigterm(big):
    with EiderServer(big) as server, contextlib.ExitStack() as stack:
        whole = server.get("/a.csv?_columns=id").content
        clients = [stack.enter_context(Client(server.port, receive_buffer_bytes=4096)) for _ in range(4)]
        for client in clients:
            client.send("/a.csv?_columns=id")
        answers = [client.head() for client in clients]
        server.terminate()
        assert [client.rest(answer).body == whole for client, answer in zip(clients, answers)] == [True] * 4
        assert server.wait() == 0


def test_a_query_under_way_is_finished_at_sigterm(big):
    with EiderServer(big) as server, Client(server.port) as client:
        client.send("/a.csv?_sort=-text&_columns=id")
        while server.metric("eider_queries_running") == 0 and server.metric("eider_queries_total") == 0:
            pass
        server.terminate()
        answer = client.rest(client.head())
        assert answer.status == 200 and len(parse_csv(answer.body)[1]) == 200_000
        assert server.wait() == 0


def test_a_second_sigterm_cuts_so_that_it_shows(big):
    with EiderServer(big) as server, Client(server.port, receive_buffer_bytes=4096) as client:
        client.send("/a.csv")
        answer = client.head()
        server.terminate()
        with pytest.raises(OSError):
            while True:  # until it listens no more
                Client(server.port).close()
        server.terminate()
        with pytest.raises(Cut):
            client.rest(answer)
        assert server.wait() == 0


def test_a_query_of_a_reader_that_left_does_not_hold_up_the_stop(big):
    with EiderServer(big) as server:
        with Client(server.port) as client:
            client.send("/a.csv?_sort=text")
        server.terminate()
        assert server.wait() == 0
