"""Lambda functions in trouble: malformed events, a runtime API that fails, time that ends. The next invocation works."""
import json
import os
import pathlib
import re
import resource
import signal
import threading

import duckdb
import pytest

from support.lambda_function import LambdaFunction
from support.raw_http import PATIENCE_SECONDS
from support.runtime_api import Invocation, RuntimeApi

QUESTION = {"q": "SELECT count(*) AS n FROM flights"}
NEVER = {"q": "SELECT max(a.range * b.range) FROM range(10000000) a, range(10000000) b"}
LONG = {"sql": "SELECT range AS id, repeat('x', 1000) AS x FROM range(60000)", "format": "csv"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    duckdb.sql("SELECT range AS id FROM range(5000)").write_parquet(str(folder / "flights.parquet"))
    return folder


@pytest.fixture(scope="module")
def api(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake):
        yield api


def url_event(path, method="GET", body=None):
    event = {"rawPath": path, "headers": {"content-type": "application/json"},
             "requestContext": {"domainName": "x.lambda-url.eu-west-1.on.aws", "http": {"method": method}}}
    return event if body is None else {**event, "body": json.dumps(body)}


def works(api):
    answer = api.invoke(QUESTION)
    assert answer.kind == "response" and answer.json()["data"]["records"] == [{"n": 5000}]


RECORD = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
          "s3": {"bucket": {"name": "b"}, "object": {"key": "k"}}}


@pytest.mark.parametrize("event, reason", [
    (b"{", "not JSON"),
    (b"\xff\xfe", "not JSON"),
    (b"[" * 10_000, "not JSON"),
    (b"17", "no object"),
    ({"question": "SELECT 1"}, "'question'"),
    ({"fragment": {"sql": "SELECT 1"}}, "fragments"),
    ({"source": "aws.events", "detail-type": "Scheduled Event"}, "'Scheduled Event'"),
    ({"q": 7}, "'q'"),
    ({"q": "SELECT 1", "limit": "many"}, "'limit'"),
    ({"q": "SELECT 1", "params": 7}, "'params'"),
    ({**url_event("flights.csv")}, "begin with '/'"),
    ({**url_event("/"), "body": "!", "isBase64Encoded": True}, "Base64"),
    ({**url_event("/"), "headers": [1]}, "'headers'"),
    ({"requestContext": {"http": 7}, "rawPath": "/"}, "requestContext.http"),
    ({"requestContext": {}, "httpMethod": "GET"}, "begin with '/'"),
    ({"Records": 7}, "'Records'"),
    ({"Records": []}, "empty list"),
    ({"Records": [{"eventSource": "aws:kinesis"}]}, "'aws:kinesis'"),
    ({"Records": [{**RECORD, "s3": {"bucket": {"name": "b"}, "object": {"key": "%zz"}}}]}, "'%zz'"),
    ({"Records": [{**RECORD, "s3": {"bucket": {}, "object": {"key": "k"}}}]}, "bucket"),
    ({"Records": [{**RECORD, "s3": {"bucket": {"name": "b"}, "object": {"key": "k", "size": "big"}}}]}, "size"),
    ({"Records": [RECORD, {"eventSource": "aws:sqs", "messageId": "1", "body": "{}"}]}, "one source"),
    ({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}, "messageId"),
    ({"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "Message": "{"}}]}, "not JSON"),
    ({"source": "aws.s3", "detail-type": "Object Created", "detail": {}}, "bucket"),
    ({"source": "aws.s3", "detail-type": "Object Created", "detail": 7}, "EventBridge"),
    ({"Records": [{"EventSource": "aws:sns"}]}, "'Sns'"),
    ({"Records": [RECORD, 7]}, "one source"),
    ({"requestContext": {"http": {"method": "GET"}}, "rawPath": 7}, "'rawPath'"),
    ({"requestContext": {"http": {"method": "GET"}}, "rawPath": "/", "rawQueryString": []}, "'rawQueryString'"),
    ({"requestContext": {"http": {}}, "rawPath": "/"}, "method"),
    ({"requestContext": {}, "httpMethod": "GET", "path": "/", "queryStringParameters": {"a": 7}}, "'queryStringParameters'"),
    ({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/", "multiValueHeaders": {"a": "b"}}, "'multiValueHeaders'"),
])
def test_a_malformed_event_is_refused_with_its_reason(api, event, reason):
    answer = api.invoke(event)
    assert answer.kind == "error" and reason in answer.error["errorMessage"], answer.payload
    works(api)


def test_huge_payloads(api):
    answer = api.invoke({"q": "SELECT 1 --" + "x" * 6_000_000})
    assert answer.error_type == "Eider.LimitReached"
    works(api)
    answer = api.invoke(b'{"q": "' + b"x" * (17 << 20) + b'"}')  # more than Lambda sends
    assert answer.error_type == "Eider.InvalidEvent"
    works(api)
    assert api.invoke(url_event("/query", "POST", {"sql": "SELECT 1 --" + "x" * 2_000_000})).http[0] == 413
    works(api)


def test_a_missing_or_senseless_deadline(api):
    assert api.invoke(QUESTION, None).kind == "response"
    for told in ("soon", "600000", "99999999999999", "99999999999999999999"):  # an emulator sends the second
        assert api.invoke(QUESTION, headers={"Lambda-Runtime-Deadline-Ms": told}).kind == "response"


def test_the_deadline_ends_a_query(api):
    answer = api.invoke(NEVER, 1)
    assert answer.error_type == "Eider.Timeout"
    _, _, metrics = api.invoke(url_event("/metrics")).http
    assert b"\neider_queries_running 0\n" in metrics
    answer = api.invoke(url_event("/query", "POST", {"sql": NEVER["q"]}), 1)
    assert answer.http[0] == 504
    works(api)


def test_a_deadline_that_has_passed(api):
    assert api.invoke(NEVER, -5).error_type == "Eider.Timeout"
    works(api)


def test_a_client_that_reads_too_slowly_is_told(api):
    """Nothing is read of 60 MB until a moment before the deadline: the rest ends in an error, and not just so."""
    released = threading.Event()
    invocation = Invocation(url_event("/query", "POST", LONG), 3, hold_after=(100_000, released))
    timer = threading.Timer(2.9, released.set)
    timer.start()
    answer = api.begin(invocation).wait()
    assert answer.kind == "stream" and answer.error_type == "Eider.Timeout", answer.kind
    works(api)


def test_the_api_asks_for_patience(lake):
    replies = [204, 408, 204, 500, "close", 503, "cut"]
    with RuntimeApi(replies) as api, LambdaFunction(api, lake):
        works(api)
        assert api.asked >= len(replies) + 1
        works(api)


@pytest.mark.parametrize("reply", [500, 503, 413, 403])
def test_an_answer_that_is_refused_becomes_an_error(api, reply):
    answer = api.invoke(QUESTION, reply=reply)
    assert answer.kind == "error" and f"answered {reply}" in answer.error["errorMessage"]
    works(api)


def test_an_answer_whose_fate_is_unknown_is_sent_again(api):
    assert api.invoke(QUESTION, reply="close").kind == "response"
    works(api)


def test_the_api_leaves_in_the_middle_of_a_stream(api):
    for after in (1, 50, 1_000_000):
        answer = api.invoke(url_event("/query", "POST", LONG), close_after=after)
        assert answer.kind == "cut"
        works(api)


def test_the_api_takes_a_stream_before_its_end(api):
    """As cargo-lambda does: it has answered, and reads on."""
    for _ in range(3):
        answer = api.invoke(url_event("/query", "POST", LONG), reply="early")
        assert answer.kind == "stream" and not answer.trailers and answer.http[2].count(b"\n") == 60001
        works(api)


def test_the_api_refuses_a_stream_before_its_end(api):
    assert api.invoke(url_event("/query", "POST", LONG), reply=413).kind == "cut"
    works(api)


def test_an_api_that_is_gone_ends_the_process(lake):
    with RuntimeApi() as api:
        function = LambdaFunction(api, lake)
        works(api)
        api.close()
        assert function.wait() == 3 and "runtime API" in function.log.splitlines()[-1]


def test_an_api_that_only_fails_ends_the_process(lake):
    with RuntimeApi([500] * 6) as api:
        function = LambdaFunction(api, lake)
        assert function.wait() == 3 and "answered 500" in function.log.splitlines()[-1]
        assert api.asked == 6


def test_sigterm_ends_it_in_order(lake):
    with RuntimeApi() as api:
        with LambdaFunction(api, lake) as function:
            works(api)
            assert api.registered == {"events": []}
            api.wait_until_asked(2)
            function.process.send_signal(signal.SIGTERM)
            assert function.wait() == 0


def test_sigterm_ends_an_invocation_with_an_error(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake) as function:
        works(api)
        invocation = api.begin(Invocation(NEVER))
        assert invocation.handed_out.wait(PATIENCE_SECONDS)
        function.process.send_signal(signal.SIGTERM)
        assert invocation.wait().error_type == "Eider.Cancelled"
        assert function.wait() == 0


def test_without_extensions(lake):
    with RuntimeApi(extensions=False) as api, LambdaFunction(api, lake):
        works(api)


# A limit on the size of files stands for a full disk: writes fail in the same way.
SMALL_FILES = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20)),
               "restore_signals": False}  # Python ignores SIGXFSZ, and so does what it starts


def why_it_failed(answer):
    """Told properly before the first byte, or behind what was sent."""
    if answer.error_type:
        return answer.error["errorMessage"]
    status, _, body = answer.http
    assert status in (413, 503), (status, body[:200])
    return json.loads(body)["detail"]


@pytest.mark.parametrize("options, launch, said", [([], SMALL_FILES, "File too large"), (["--spool-bytes", "1MiB"], None, "--spool-bytes")],
                         ids=["the disk is full", "its share is used up"])
def test_tmp_is_full(lake, options, launch, said):
    with RuntimeApi() as api, LambdaFunction(api, lake, *["lambda", *options], launch=launch) as function:
        for _ in range(3):
            assert said in why_it_failed(api.invoke(url_event("/query", "POST", LONG)))
            works(api)
            assert said in why_it_failed(api.invoke({"q": LONG["sql"], "limit": 60_000}))
            works(api)
        assert function.process.poll() is None


def test_a_sort_that_tmp_has_no_room_for(lake):
    sort = {"q": "SELECT max(m) AS m FROM (SELECT md5(range::VARCHAR) AS m FROM range(20000000) ORDER BY m LIMIT 19999999)"}
    with RuntimeApi() as api, LambdaFunction(api, lake, "lambda", "--memory", "64MiB", launch=SMALL_FILES):
        assert api.invoke(sort).error_type == "Eider.LimitReached"
        works(api)


@pytest.mark.skipif(bool(os.environ.get("EIDER_SANITIZER")), reason="a sanitizer's shadow memory leaves no room for a cap")
@pytest.mark.parametrize("sql", [
    "SELECT sum(length(repeat('x', 100000000 + range::INTEGER))) AS n FROM range(100)", "SELECT range(2000000000) AS x",
    "SELECT list(range) AS x FROM range(500000000)", "SELECT string_agg(md5(range::VARCHAR), '') AS x FROM range(100000000)",
])
def test_memory_at_its_cap(small, sql):
    """The process of 256 MB goes on, where the kernel would have ended it."""
    api, function = small
    answer = api.invoke({"q": sql})
    if answer.error_type:
        assert answer.error_type == "Eider.LimitReached", answer.error
    works(api)
    assert function.process.poll() is None
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{function.process.pid}/status").read_text())[1])
    assert peak < 256 * 1024


@pytest.fixture(scope="module")
def small(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake, AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256) as function:
        yield api, function


def test_several_at_once(lake):
    """A managed instance: each of four loops has an invocation while the others do."""
    with RuntimeApi(concurrency=4) as api, LambdaFunction(api, lake, AWS_LAMBDA_MAX_CONCURRENCY=4):
        released = threading.Event()
        slow = [api.begin(Invocation(url_event("/query", "POST", LONG), hold_after=(1000, released))) for _ in range(3)]
        for invocation in slow:
            assert invocation.first_chunk.wait(PATIENCE_SECONDS)
        for _ in range(10):
            works(api)
        released.set()
        for invocation in slow:
            assert invocation.wait().http[2].count(b"\n") == 60001
