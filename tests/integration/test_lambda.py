"""The program as a Lambda function: what each kind of event is answered, over a runtime API that looks at every byte."""
import base64
import gzip
import hashlib
import json
import pathlib
import threading

import boto3
import botocore.config
import duckdb
import pytest

from support.lambda_front import LambdaFront
from support.lambda_function import LambdaFunction
from support.raw_http import PATIENCE_SECONDS
from support.runtime_api import Invocation, RuntimeApi

EVENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "events"
BIG_ROWS = 200_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    duckdb.sql("SELECT '2001-01-01' AS date, ['JFK', 'LAX', 'ORD'][range % 3 + 1] AS origin, 'BOS' AS destination, "
               "range % 97 AS delay FROM range(5000)").write_parquet(str(folder / "flights.parquet"))
    duckdb.sql(f"SELECT range AS id, md5(range::VARCHAR) AS m FROM range({BIG_ROWS})").write_parquet(
        str(folder / "big.parquet"))
    return folder


@pytest.fixture(scope="module")
def api(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake):
        yield api


@pytest.fixture(scope="module")
def lambda_client(api):
    with LambdaFront(api) as front:
        yield boto3.client("lambda", endpoint_url=front.url, region_name="us-east-1", aws_access_key_id="any",
                           aws_secret_access_key="any",
                           config=botocore.config.Config(read_timeout=PATIENCE_SECONDS, retries={"max_attempts": 0}))


def example(name, **changes):
    return {**json.loads((EVENTS / name).read_text()), **changes}


def url_event(target, method="GET", body=None, **headers):
    path, _, query = target.partition("?")
    event = example("function-url.json", rawPath=path, rawQueryString=query,
                    headers={name.replace("_", "-"): value for name, value in headers.items()})
    event["requestContext"]["http"].update(method=method, path=path)
    if body is not None:
        event.update(body=json.dumps(body), headers={"content-type": "application/json", **event["headers"]})
    return event


def api_event(target):
    path, _, query = target.partition("?")
    return example("http-api.json", rawPath="/prod" + path, rawQueryString=query)


# --- clients of the function itself ---

def invoke(client, **payload):
    response = client.invoke(FunctionName="quack", Payload=json.dumps(payload))
    return response, json.loads(response["Payload"].read())


def test_the_first_invocation_is_cold(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake):
        assert api.invoke({"q": "SELECT 1 AS x"}).json()["metadata"]["warm"] is False
        assert api.invoke({"q": "SELECT 1 AS x"}).json()["metadata"]["warm"] is True


def test_an_unchanged_client(lambda_client):
    asked = "SELECT origin, delay FROM flights WHERE delay > $1 ORDER BY origin, delay"
    response, answer = invoke(lambda_client, q=asked, params=[95], limit=2)
    assert response["StatusCode"] == 200 and "FunctionError" not in response
    assert answer["data"] == {"records": [{"origin": "JFK", "delay": 96}] * 2}
    assert set(answer["metadata"]) == {"timeMs", "epochMs", "eventId", "query", "warm"}
    assert answer["metadata"]["query"] == asked
    assert len(invoke(lambda_client, q="FROM flights")[1]["data"]["records"]) == 20
    for payload in ({}, {"q": None}):
        response, answer = invoke(lambda_client, **payload)
        assert "FunctionError" not in response and answer["data"] == {"records": []}


def test_a_wrong_question_is_the_functions_error(lambda_client):
    for sql, kind in (("SELEC 1", "InvalidQuery"), ("FROM flihgts", "NotFound"), ("SELECT getvariable('x')", "InvalidQuery")):
        response, answer = invoke(lambda_client, q=sql)
        assert response["FunctionError"] == "Unhandled" and answer["errorType"] == kind, answer


def test_a_long_answer_is_streamed(api, lambda_client):
    question = {"q": "FROM big ORDER BY id", "limit": BIG_ROWS}
    answer = api.invoke(question)
    assert answer.kind == "stream" and answer.content_type == "application/json" and not answer.trailers
    records = answer.json()["data"]["records"]
    assert [record["id"] for record in records] == list(range(BIG_ROWS))
    stream = lambda_client.invoke_with_response_stream(FunctionName="quack", Payload=json.dumps(question))["EventStream"]
    text = b"".join(event["PayloadChunk"]["Payload"] for event in stream if "PayloadChunk" in event)
    assert json.loads(text)["data"]["records"] == records


def test_the_id_of_an_invocation_is_the_events(api):
    answer = api.invoke({"q": "SELECT 1 AS x"})
    assert answer.json()["metadata"]["eventId"] == answer.id


# --- function URLs ---

def test_a_download_through_a_function_url(api, lake):
    answer = api.invoke(url_event("/big.csv"))
    status, headers, body = answer.http
    assert status == 200 and headers["content-type"].startswith("text/csv") and headers["eider-request-id"] == answer.id
    lines = body.decode().splitlines()
    assert lines[0] == "id,m"
    assert lines[1:] == [f"{i},{hashlib.md5(str(i).encode()).hexdigest()}" for i in range(BIG_ROWS)]
    assert len(answer.chunks) > 100 and not answer.trailers


def test_the_first_chunk_comes_long_before_the_last(api):
    """The API reads on only when the test has seen the first one: the answer is longer than any buffer between."""
    seen = threading.Event()
    sql = "SELECT range AS id, repeat('x', 1000) AS x FROM range(60000)"
    invocation = api.begin(Invocation(url_event("/query", "POST", {"sql": sql, "format": "csv"}),
                                      hold_after=(1_000_000, seen)))
    assert invocation.first_chunk.wait(PATIENCE_SECONDS)
    assert not invocation.answered.is_set()
    seen.set()
    status, _, body = invocation.wait().http
    assert status == 200 and body.count(b"\n") == 60001


def test_what_http_says_without_a_body(api):
    _, headers, whole = api.invoke(url_event("/flights.csv")).http
    status, head, body = api.invoke(url_event("/flights.csv", "HEAD")).http
    assert (status, body, head["etag"]) == (200, b"", headers["etag"])
    status, _, body = api.invoke(url_event("/flights.csv", if_none_match=headers["etag"])).http
    assert (status, body) == (304, b"")
    status, part, body = api.invoke(url_event("/flights.csv", range="bytes=5-9")).http
    assert (status, body, part["content-range"]) == (206, whole[5:10], f"bytes 5-9/{len(whole)}")


def test_refusals_are_responses(api):
    for target, method, expected in (("/none.csv", "GET", 404), ("/flights.csv?nothing=1", "GET", 400),
                                     ("/flights.doc", "GET", 406), ("/flights.csv", "PUT", 405)):
        status, headers, body = api.invoke(url_event(target, method)).http
        assert (status, headers["content-type"]) == (expected, "application/problem+json"), body
        assert json.loads(body)["detail"]


def test_sql_and_the_page(api):
    event = example("function-url-query.json")
    status, _, body = api.invoke(event).http
    assert status == 200 and json.loads(body) == [{"origin": "JFK", "n": 1667}, {"origin": "LAX", "n": 1667},
                                                  {"origin": "ORD", "n": 1666}]
    status, headers, body = api.invoke(url_event("/", accept="text/html")).http
    assert status == 200 and headers["content-type"].startswith("text/html") and b"<html" in body
    assert api.invoke(url_event("/healthz")).http[2] == b"ok\n"


def test_codings_pass(api):
    status, headers, body = api.invoke(url_event("/flights.csv", accept_encoding="gzip")).http
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == api.invoke(url_event("/flights.csv")).http[2]


# --- other doors ---

@pytest.mark.parametrize("name", ["http-api.json", "rest-api.json", "load-balancer.json"])
def test_other_doors_get_one_object(api, name):
    answer = api.invoke(example(name))
    assert answer.kind == "response" and answer.json()["statusCode"] == 200 and not answer.json()["isBase64Encoded"]
    body = answer.json()["body"]
    if name == "load-balancer.json":
        assert answer.json()["statusDescription"] == "200 OK"
        assert body.splitlines() == ["date,destination,delay"] + [f"2001-01-01,BOS,{delay}" for delay in (0, 3, 6)]
    else:
        assert [row["delay"] for row in json.loads(body)] == ([0, 3, 6] if name == "http-api.json" else [0, 1, 3])


def test_bytes_go_as_base64(api):
    answer = api.invoke(api_event("/flights.parquet")).json()
    assert answer["isBase64Encoded"] and base64.b64decode(answer["body"])[:4] == b"PAR1"
    event = api_event("/flights.csv")
    event["headers"]["accept-encoding"] = "gzip"
    answer = api.invoke(event).json()
    assert answer["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(answer["body"])).startswith(b"date,origin,")


def test_what_is_too_long_is_refused_and_never_cut(api):
    answer = api.invoke(api_event("/big.csv")).json()
    assert answer["statusCode"] == 413 and "6291556 bytes" in json.loads(answer["body"])["detail"]
    balancer = example("load-balancer.json", path="/big.csv", queryStringParameters={"_limit": "50000"})
    answer = api.invoke(balancer).json()
    assert answer["statusCode"] == 413 and "1000000 bytes" in json.loads(answer["body"])["detail"]
    assert api.invoke(api_event("/big.csv?_limit=50000")).json()["statusCode"] == 200


def test_more_than_a_stream_may_hold_ends_in_an_error(api):
    sql = "SELECT range AS id, repeat('x', 1000) AS x FROM range(250000)"
    answer = api.invoke(url_event("/query", "POST", {"sql": sql, "format": "csv"}))
    assert answer.kind == "stream" and answer.error_type == "Eider.LimitReached"
    assert "200000000 bytes" in answer.error["errorMessage"]


def test_an_error_in_the_middle_is_a_trailer(api):
    sql = "SELECT CAST(CASE WHEN range = 3000000 THEN 'x' ELSE '1' END AS INTEGER) AS n FROM range(4000000)"
    answer = api.invoke(url_event("/query", "POST", {"sql": sql, "format": "csv"}))
    assert answer.kind == "stream" and answer.http[0] == 200 and answer.error_type == "Eider.InvalidQuery"
    assert "'x'" in answer.error["errorMessage"]
    assert api.invoke(url_event("/flights.csv")).http[0] == 200


# --- what stores say of objects ---

@pytest.mark.parametrize("name", ["s3.json", "s3-removed.json", "minio.json", "versitygw.json", "sns.json", "eventbridge.json"])
def test_object_events_are_understood_and_refused(api, name):
    answer = api.invoke(example(name) if name != "versitygw.json" else (EVENTS / name).read_bytes())
    assert answer.kind == "error" and answer.error_type == "Eider.NothingConfigured"
    key = "flights/part 1.parquet" if name in ("minio.json", "versitygw.json") else "flights/year=2026/part 1.parquet"
    assert f"{'removed' if 'removed' in name else 'created'} s3://my-lake/{key} " in answer.error["errorMessage"]


def test_a_queue_keeps_its_messages(api):
    answer = api.invoke(example("sqs.json"))
    ids = [record["messageId"] for record in example("sqs.json")["Records"]]
    assert answer.json() == {"batchItemFailures": [{"itemIdentifier": one} for one in ids[:3]]}  # the fourth is a test
    broken = example("sqs.json")
    broken["Records"][3]["body"] = "no JSON"
    assert len(api.invoke(broken).json()["batchItemFailures"]) == 4


def test_the_test_of_a_notification_is_fine(api):
    assert api.invoke(example("s3-test.json")).kind == "response"
