"""How a Lambda function is started and configured, and events without Lambda: `eider invoke --local`."""
import json
import pathlib
import signal

import duckdb
import pytest

from support import s3_servers
from support.eider_server import run
from support.lambda_function import LambdaFunction
from support.runtime_api import RuntimeApi

EVENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "events"
BUCKET = "my-lake"
QUESTION = {"q": "SELECT count(*) AS n FROM flights"}
CONFIG = "datasets:\n  renamed:\n    glob: flights.parquet\n"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    duckdb.sql("SELECT '2001-01-01' AS date, ['JFK', 'LAX', 'ORD'][range % 3 + 1] AS origin, 'BOS' AS destination, "
               "range % 97 AS delay FROM range(5000)").write_parquet(str(folder / "flights.parquet"))
    return folder


@pytest.fixture(scope="module")
def bucket(lake):
    with s3_servers.started("versitygw") as server:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        client.upload_file(str(lake / "flights.parquet"), BUCKET, "dataset/flights.parquet")
        client.put_object(Bucket=BUCKET, Key="settings/eider.yaml", Body=CONFIG.encode())
        yield server


def url_event(path, **headers):
    return {"rawPath": path, "headers": {name.replace("_", "-"): value for name, value in headers.items()},
            "requestContext": {"domainName": "x.lambda-url.eu-west-1.on.aws", "http": {"method": "GET"}}}


def count(api, dataset="flights", key=None):
    question = {"q": f"SELECT count(*) AS n FROM {dataset}", "api_key": key}
    return api.invoke(question).json()["data"]["records"][0]["n"]


def test_without_arguments_and_by_its_verb(lake):
    for arguments in ((), ("lambda",), ("lambda", "--memory", "200MiB")):
        with RuntimeApi() as api, LambdaFunction(api, lake, *arguments):
            assert count(api) == 5000


def test_an_address_with_a_path(lake):
    with RuntimeApi(path="/.rt/eider") as api, LambdaFunction(api, lake):
        assert count(api) == 5000


def test_outside_of_lambda(lake):
    done = run("lambda", "--lake", lake)
    assert done.returncode == 1 and "AWS_LAMBDA_RUNTIME_API is not set" in done.stderr
    done = run("lambda", "--lake", lake, AWS_LAMBDA_RUNTIME_API="nowhere")
    assert done.returncode == 1 and "'nowhere'" in done.stderr


def test_another_verb_inside_of_lambda(lake):
    done = run("query", "SELECT 1 AS x", "--lake", lake, AWS_LAMBDA_RUNTIME_API="127.0.0.1:1")
    assert done.returncode == 0 and done.stdout.split() == [b"x", b"1"]


def test_a_start_that_fails_is_told(tmp_path):
    with RuntimeApi() as api:
        function = LambdaFunction(api, tmp_path / "none")
        assert function.wait() == 1
        kind, text = api.init_error
        assert kind == "Eider.StartFailed" and str(tmp_path / "none") in json.loads(text)["errorMessage"]
        assert api.asked == 0


def test_the_variables_of_the_old_service(bucket):
    environment = {**bucket.environment(), "DATASET_BUCKET": BUCKET}
    for told in ("true", "false"):
        with RuntimeApi() as api, LambdaFunction(api, None, USE_DUCKDB=told, **environment) as function:
            status, headers, body = api.invoke(url_event("/flights.csv", accept="*/*")).http
            assert status == 200 and body.count(b"\n") == 5001
            function.process.send_signal(signal.SIGTERM)
            assert function.wait() == 0
            assert len(function.log_lines("use_duckdb_ignored")) == (told == "false")


def test_a_configuration_inline_and_as_an_object(lake, bucket):
    inline = "{datasets: {renamed: {glob: flights.parquet}}}"
    for config in (CONFIG, inline):
        with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_CONFIG=config):
            assert count(api, "renamed") == 5000
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_CONFIG=f"s3://{BUCKET}/settings/eider.yaml",
                                             **bucket.environment()):
        assert count(api, "renamed") == 5000


def test_a_configuration_that_is_wrong(lake, bucket):
    for config, said in (("{datasetz: {}}", "datasetz"), ("no/such.yaml", "'no/such.yaml'"),
                         (f"s3://{BUCKET}/settings/none.yaml", "settings/none.yaml")):
        with RuntimeApi() as api:
            function = LambdaFunction(api, lake, EIDER_CONFIG=config, **bucket.environment())
            assert function.wait() != 0
            assert said in json.loads(api.init_error[1])["errorMessage"]


def test_keys_close_the_function(lake, tmp_path):
    keys = tmp_path / "keys.json"
    secret = run("keys", "add", "alice", "--keys", keys).stdout.decode().strip()
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_KEYS_FILE=keys):
        assert api.invoke(url_event("/flights.csv")).http[0] == 401
        assert api.invoke(url_event("/flights.csv", x_api_key=secret)).http[0] == 200
        # Whoever may invoke the function itself was let in by Lambda; a wrong key is wrong there, too.
        assert count(api) == 5000
        assert api.invoke({**QUESTION, "api_key": secret}).json()["data"]["records"] == [{"n": 5000}]
        refused = api.invoke({**QUESTION, "api_key": "guess"})
        assert refused.error_type == "Eider.Refused" and "not known" in refused.error["errorMessage"]
        assert api.invoke({**QUESTION, "api_key": 7}).error_type == "Eider.InvalidEvent"
        assert secret not in api.invoke(url_event("/metrics", x_api_key=secret)).payload.decode()


def test_direct_invocations_may_need_a_key_too(lake, tmp_path):
    keys = tmp_path / "keys.json"
    secret = run("keys", "add", "alice", "--dataset", "flights", "--rows", "10", "--keys", keys).stdout.decode().strip()
    config = "{datasets: {flights: {access: key}}}"
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_KEYS_FILE=keys, EIDER_DIRECT_ACCESS="key") as function:
        refused = api.invoke(QUESTION)
        assert refused.error_type == "Eider.Refused" and "key" in refused.error["errorMessage"]
        assert count(api, key=secret) == 5000
        limited = api.invoke({"q": "FROM flights", "limit": 11, "api_key": secret})
        assert limited.error_type == "Eider.LimitReached"
        assert secret not in function.log
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_CONFIG=config) as function:
        assert api.invoke(url_event("/flights.csv")).http[0] == 401
        assert count(api) == 5000  # what is for holders of keys is for who may invoke the function
        assert [line["principal"] for line in function.log_lines("query")] == ["iam"]
    with RuntimeApi() as api:
        assert LambdaFunction(api, lake, EIDER_DIRECT_ACCESS="nobody").wait() != 0


def test_modes(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_INVOKE_MODE="buffered"):
        assert api.invoke(url_event("/flights.csv")).json()["statusCode"] == 200
        long = api.invoke({"q": "SELECT repeat('x', 1000) AS x FROM range(10000)", "limit": 10000})
        assert long.error_type == "Eider.LimitReached"
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_INVOKE_MODE="stream"):
        assert api.invoke(json.loads((EVENTS / "rest-api.json").read_text())).http[0] == 200
        answer = api.invoke(QUESTION)
        assert answer.kind == "stream" and answer.json()["data"]["records"] == [{"n": 5000}]
        assert api.invoke({"q": "SELEC"}).kind == "error"


def test_a_small_function(lake):
    """What it takes is fitted to the memory that Lambda says it has."""
    with RuntimeApi() as api, LambdaFunction(api, lake, AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128):
        assert count(api) == 5000


@pytest.mark.parametrize("name", sorted(path.name for path in EVENTS.glob("*.json")))
def test_every_example_is_answered_locally(lake, name):
    done = run("invoke", "--local", EVENTS / name, "--lake", lake)
    stopped = name.split(".")[0] in ("s3", "s3-removed", "minio", "versitygw", "sns", "eventbridge")
    assert done.returncode == (1 if stopped else 0), done.stderr
    if name.startswith("function-url"):
        prelude, _, body = done.stdout.partition(bytes(8))
        assert json.loads(prelude)["statusCode"] == 200 and body
        return
    answer = json.loads(done.stdout)
    if stopped:
        assert answer["errorType"] == "NothingConfigured"
    elif name in ("http-api.json", "rest-api.json", "load-balancer.json"):
        assert answer["statusCode"] == 200
    elif name == "direct.json":
        assert len(answer["data"]["records"]) == 3


def test_invoke_says_what_is_wrong(lake):
    done = run("invoke", "--local", "none.json", "--lake", lake)
    assert done.returncode == 1 and "'none.json'" in done.stderr
    assert run("invoke", EVENTS / "direct.json", "--lake", lake).returncode == 2
    assert run("invoke", "--local", EVENTS / "direct.json", "--lake", lake, "--invoke-mode", "fast").returncode == 2
