"""Invocations: an unchanged Lambda client against `eider serve`."""
import json

import boto3
import botocore.config
import duckdb
import pytest

from support.eider_server import PATIENCE_SECONDS


@pytest.fixture
def lambda_client(serve, tmp_path):
    lake = tmp_path / "lake"
    lake.mkdir()
    duckdb.sql("SELECT range AS id, TIMESTAMP '2019-04-01' + INTERVAL (range) DAY AS pickup_at "
               "FROM range(100)").write_parquet(str(lake / "trips.parquet"))
    server = serve(lake)
    return boto3.client("lambda", endpoint_url=server.url.rstrip("/"), region_name="us-east-1",
                        aws_access_key_id="any", aws_secret_access_key="any",
                        config=botocore.config.Config(read_timeout=PATIENCE_SECONDS, retries={"max_attempts": 0}))


def invoke(client, **payload):
    response = client.invoke(FunctionName="quack", Payload=json.dumps(payload))
    return response, json.loads(response["Payload"].read())


def test_rows_with_their_metadata(lambda_client):
    asked = "SELECT id, pickup_at FROM trips ORDER BY id"
    response, answer = invoke(lambda_client, q=asked, limit=2)
    assert response["StatusCode"] == 200 and "FunctionError" not in response
    assert set(answer) == {"metadata", "data"}
    assert set(answer["metadata"]) == {"timeMs", "epochMs", "eventId", "query", "warm"}
    assert answer["metadata"]["query"] == asked and answer["metadata"]["warm"] is False
    assert answer["data"] == {"records": [{"id": 0, "pickup_at": "2019-04-01 00:00:00"},
                                          {"id": 1, "pickup_at": "2019-04-02 00:00:00"}]}
    assert len(invoke(lambda_client, q="FROM trips")[1]["data"]["records"]) == 20
    assert invoke(lambda_client, q="FROM trips")[1]["metadata"]["warm"] is True


def test_values(lambda_client):
    _, answer = invoke(lambda_client, q="SELECT count(*) AS n FROM trips WHERE id < $1", params=[5])
    assert answer["data"]["records"] == [{"n": 5}]
    _, answer = invoke(lambda_client, q="SELECT count(*) AS n FROM trips WHERE id < $top", params={"top": 7})
    assert answer["data"]["records"] == [{"n": 7}]


def test_no_question(lambda_client):
    for payload in ({}, {"q": None}):
        response, answer = invoke(lambda_client, **payload)
        assert "FunctionError" not in response and answer["data"] == {"records": []}


def test_a_wrong_question_is_the_functions_error(lambda_client):
    for sql, kind in (("SELEC 1", "InvalidQuery"), ("FROM trps", "NotFound"), ("SELECT getvariable('x')", "InvalidQuery"),
                      ("SELECT repeat('x', 100000) AS x FROM range(1000)", "LimitReached")):
        response, answer = invoke(lambda_client, q=sql, limit=1000)
        assert response["StatusCode"] == 200 and response["FunctionError"] == "Unhandled"
        assert set(answer) == {"errorMessage", "errorType"} and answer["errorType"] == kind, answer


def test_other_kinds_of_invocation(lambda_client):
    assert lambda_client.invoke(FunctionName="quack", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(lambda_client.exceptions.InvalidParameterValueException):
        lambda_client.invoke(FunctionName="quack", InvocationType="Event", Payload="{}")
    with pytest.raises(lambda_client.exceptions.InvalidRequestContentException):
        lambda_client.invoke(FunctionName="quack", Payload="no JSON")


def stream(client, **payload):
    response = client.invoke_with_response_stream(FunctionName="quack", Payload=json.dumps(payload))
    chunks, complete = [], None
    for event in response["EventStream"]:
        if "PayloadChunk" in event:
            chunks.append(event["PayloadChunk"]["Payload"])
        complete = event.get("InvokeComplete", complete)
    return b"".join(chunks), complete


def test_a_streamed_answer(lambda_client):
    text, complete = stream(lambda_client, q="SELECT range AS id, md5(range::VARCHAR) AS m FROM range(300000)",
                            limit=300000)
    answer = json.loads(text)
    assert len(answer["data"]["records"]) == 300000 and len(text) > 10_000_000
    assert set(answer["metadata"]) == {"timeMs", "epochMs", "eventId", "query", "warm"}
    assert "ErrorCode" not in complete
    text, complete = stream(lambda_client, q="SELEC 1")
    assert text == b"" and json.loads(complete["ErrorDetails"])["errorType"] == "InvalidQuery"
    assert json.loads(stream(lambda_client)[0])["data"] == {"records": []}
