"""Invocations: an unchanged Lambda client against `eider serve`."""
import http.server
import json
import threading

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import duckdb
import pytest

from support.eider_server import PATIENCE_SECONDS, run


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


def ask(lambda_client, *arguments):
    """`eider query --remote lambda:NAME` at the same endpoint."""
    return run("query", "--remote", "lambda:quack", *arguments, AWS_ENDPOINT_URL_LAMBDA=lambda_client.meta.endpoint_url,
               AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any")


def test_eider_query_is_such_a_client(lambda_client, tmp_path):
    done = ask(lambda_client, "SELECT id, 170141183460469231731687303715884105727::HUGEINT AS n FROM trips WHERE id < $1",
               "--param", "30")
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout)
    assert len(records) == 30 and records[7] == {"id": 7, "n": 170141183460469231731687303715884105727}
    table = ask(lambda_client, "--format", "table", "SELECT count(*) AS n, NULL AS nothing FROM trips").stdout.decode()
    assert [line.split() for line in table.splitlines()][::2] == [["n", "nothing"], ["100", "NULL"]]
    target = tmp_path / "out.json"
    assert ask(lambda_client, "-o", target, "--limit", "2", "SELECT id FROM trips ORDER BY id").returncode == 0
    assert json.loads(target.read_text()) == [{"id": 0}, {"id": 1}]
    for sql, code, words in (("SELECT nothing FROM trips", 1, "line 1, column 8"), ("FROM trps", 1, "trips"),
                             ("SELECT repeat('x', 100000) AS x FROM range(1000)", 4, "limit")):
        failed = ask(lambda_client, sql)
        assert failed.returncode == code and words in failed.stderr and failed.stdout == b"", failed.stderr


class SignedLambda(http.server.BaseHTTPRequestHandler):
    """A Lambda that looks at the signature, by botocore's own signing, and at nothing else."""
    secret = "very secret"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = dict(part.split("=", 1) for part in self.headers["Authorization"].split(" ", 1)[1].split(", "))
        self.server.scopes.append(said["Credential"])
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials("key", self.secret), "lambda", "eu-west-3")
        asked = botocore.awsrequest.AWSRequest("POST", f"http://{self.headers['Host']}{self.path}", data=body, headers={
            name: self.headers[name] for name in said["SignedHeaders"].split(";")})
        asked.context["timestamp"] = self.headers["X-Amz-Date"]
        right = signer.signature(signer.string_to_sign(asked, signer.canonical_request(asked)), asked)
        answer = (200, b'{"metadata": {}, "data": {"records": [{"a": 1}]}}') if right == said["Signature"] else (
            403, b'{"Message": "The request signature we calculated does not match"}')
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("name", ["quack", "quack:live", "arn:aws:lambda:eu-west-3:123456789012:function:quack"])
def test_the_signature_is_awss(name):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignedLambda) as double:
        double.scopes = []
        threading.Thread(target=double.serve_forever, daemon=True).start()
        environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{double.server_port}", "AWS_REGION": "eu-west-3",
                       "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "key"}
        done = run("query", "--remote", f"lambda:{name}", "SELECT 1 AS a", **environment,
                   AWS_SECRET_ACCESS_KEY=SignedLambda.secret)
        wrong = run("query", "--remote", f"lambda:{name}", "SELECT 1 AS a", **environment,
                    AWS_SECRET_ACCESS_KEY="another")
        double.shutdown()
    assert done.returncode == 0 and json.loads(done.stdout) == [{"a": 1}], done.stderr
    assert wrong.returncode == 3 and "does not match" in wrong.stderr and "another" not in wrong.stderr
    assert all(scope.startswith("key/") and scope.endswith("/eu-west-3/lambda/aws4_request") for scope in double.scopes)


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
