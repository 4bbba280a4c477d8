"""MinIO behind a bad network: the truth, or an error that says what happened."""
import concurrent.futures

import pytest

from support import fault_questions, s3_servers, toxiproxy
from support.eider_server import EiderServer
from support.fault_questions import Question, Truth, ask_in_sql, ask_server, download, questions

PATIENCE = ("--connect-timeout", 1, "--first-byte-timeout", 1)
SEED = 20_260_100
SQL = [Question("SELECT sum(value) AS s, count(*) AS n FROM {ones}"),
       Question("SELECT origin, sum(distance) AS s, max(token) AS t FROM {flights} GROUP BY ALL ORDER BY ALL"),
       Question("SELECT origin, sum(amount) AS s FROM {log} GROUP BY ALL ORDER BY ALL")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fault_questions.write_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def truth(folder):
    return Truth(folder)


@pytest.fixture(scope="module")
def minio(folder):
    with s3_servers.started("minio") as server:
        client = server.client()
        client.create_bucket(Bucket="bucket")
        for path in (path for path in folder.rglob("*") if path.is_file()):
            client.upload_file(str(path), "bucket", f"lake/{path.relative_to(folder)}")
        yield server


@pytest.fixture(scope="module")
def network():
    with toxiproxy.started() as running:
        yield running


@pytest.fixture
def proxy(minio, network):
    return network.proxy(minio.endpoint)


def environment(minio, proxy):
    return {**minio.environment(), "AWS_ENDPOINT_URL": proxy.endpoint}


def outcomes(minio, proxy, truth, count=12):
    """Of queries, and of downloads side by side."""
    given = environment(minio, proxy)
    answers = [ask_in_sql("s3://bucket/lake", question, truth, *PATIENCE, **given) for question in SQL]
    with EiderServer("s3://bucket/lake", *PATIENCE, **given) as server:
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            answers += threads.map(lambda question: ask_server(server.port, question, truth),
                                   questions(SEED, count, download))
    assert all(answer.kind in ("right", "error") for answer in answers), answers
    return answers


@pytest.mark.parametrize("kind, attributes", [("latency", {"latency": 40, "jitter": 40}), ("bandwidth", {"rate": 20_000}),
                                              ("slicer", {"average_size": 700, "size_variation": 600, "delay": 10})])
def test_a_slow_network_changes_no_answer(minio, proxy, truth, kind, attributes):
    proxy.toxic(kind, **attributes)
    assert [answer.kind for answer in outcomes(minio, proxy, truth)] == ["right"] * (12 + len(SQL))


# The limit is beyond a listing and a footer, and within a row group.
@pytest.mark.parametrize("kind, share, attributes", [("limit_data", 0.3, {"bytes": 150_000}),
                                                     ("reset_peer", 0.2, {"timeout": 20}),
                                                     ("timeout", 0.1, {"timeout": 0}), ("timeout", 0.2, {"timeout": 200})],
                         ids=["limit_data", "reset_peer", "silence", "timeout"])
def test_connections_that_end_early(minio, proxy, truth, kind, share, attributes):
    proxy.toxic(kind, share, **attributes)
    answers = outcomes(minio, proxy, truth)
    assert sum(answer.kind == "right" for answer in answers) >= len(answers) - 2, answers


@pytest.mark.parametrize("kind, attributes", [("limit_data", {"bytes": 3_000}), ("reset_peer", {"timeout": 0}),
                                              ("timeout", {"timeout": 0})], ids=["limit_data", "reset_peer", "silence"])
def test_a_network_that_never_works(minio, proxy, truth, kind, attributes):
    proxy.toxic(kind, **attributes)
    limit = ("--first-byte-timeout", 0.2) if kind == "timeout" else PATIENCE  # a busy machine is not silence
    answer = ask_in_sql("s3://bucket/lake", SQL[0], truth, *limit, **environment(minio, proxy))
    assert answer.kind == ("right" if kind == "limit_data" else "error"), answer


def test_a_store_that_goes_away_in_mid_query_and_comes_back(minio, proxy, truth):
    with EiderServer("s3://bucket/lake", *PATIENCE, **environment(minio, proxy)) as server:
        wanted = questions(SEED + 1, 24, download)
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(ask_server, server.port, question, truth) for question in wanted]
            for number, answer in enumerate(asked):
                answer.result()
                if number % 6 == 2:
                    proxy.switch(False)
                if number % 6 == 4:
                    proxy.switch(True)
        proxy.switch(True)
        answers = [answer.result() for answer in asked]
        assert all(answer.kind in ("right", "error") for answer in answers), answers
        assert all(ask_server(server.port, question, truth).kind == "right" for question in wanted[:6])
