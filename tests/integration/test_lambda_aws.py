"""The function behind services that are AWS's in all but name (ministack): who calls it how, and what becomes of an event
that it refuses."""
import concurrent.futures
import json
import os
import pathlib
import signal
import time

import duckdb
import pytest
import requests

from support import ministack
from support.raw_http import PATIENCE_SECONDS

BUCKET = "my-lake"
KEY = "flights/year=2026/part 1+2 ü.parquet"
NEVER = "SELECT max(a.range * b.range) AS n FROM range(10000000) a, range(10000000) b"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    duckdb.sql("SELECT range AS id, range % 97 AS delay FROM range(50000)").write_parquet(str(folder / "flights.parquet"))
    return folder


@pytest.fixture(scope="module")
def aws(lake, tmp_path_factory):
    with ministack.started() as aws:
        aws.started = tmp_path_factory.mktemp("started") / "pids"
        aws.arn = aws.make_function("eider", aws.started, EIDER_LAKE=lake, EIDER_INVOKE_MODE="buffered")
        yield aws


def ask(aws, sql, name="eider", **arguments):
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"q": sql, **arguments}))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def works(aws, name="eider"):
    failed, answer = ask(aws, "SELECT count(*) AS n FROM flights", name)
    assert not failed and answer["data"]["records"] == [{"n": 50000}], answer


def eventually(look):
    """What `look` answers, once it is something."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    return found


def received(aws, queue):
    answer = aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_direct_invocations(aws):
    works(aws)
    failed, answer = ask(aws, "SELEC")
    assert failed == "Unhandled" and answer["errorType"] == "InvalidQuery"
    assert ask(aws, "SELECT 1 AS x")[1]["metadata"]["warm"] is True
    assert ask(aws, "SELECT $1 AS x", params=["a'b"])[1]["data"]["records"] == [{"x": "a'b"}]


def test_its_url(aws):
    functions = aws.client("lambda")
    made = functions.create_function_url_config(FunctionName="eider", AuthType="NONE", InvokeMode="BUFFERED")
    url = f"{aws.url}/_aws/lambda-url/{made['FunctionUrl'].split('//')[1].split('.')[0]}"
    answer = requests.get(f"{url}/flights.csv", {"id__lt": 3}, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200 and answer.text.splitlines() == ["id,delay", "0,0", "1,1", "2,2"]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert requests.get(f"{url}/none.csv", timeout=PATIENCE_SECONDS).status_code == 404
    answer = requests.post(f"{url}/query", json={"sql": "SELECT max(id) AS n FROM flights"}, timeout=PATIENCE_SECONDS)
    assert answer.json() == [{"n": 49999}]
    assert requests.get(f"{url}/flights.parquet", timeout=PATIENCE_SECONDS).content[:4] == b"PAR1"


def test_eight_at_once(aws):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: ask(aws, f"SELECT count(*) AS n FROM flights WHERE id >= {i}"), range(32)))
    assert [answer["data"]["records"][0]["n"] for _, answer in answers] == [50000 - i for i in range(32)]


def test_a_time_out(aws, lake, tmp_path):
    """It is told by the function itself, shortly before it would be ended, and the next invocation has the same process."""
    aws.make_function("hurried", tmp_path / "pids", timeout=3, EIDER_LAKE=lake)
    works(aws, "hurried")
    failed, answer = ask(aws, NEVER, "hurried")
    assert failed == "Unhandled" and answer["errorType"] == "Timeout", answer
    works(aws, "hurried")
    assert len((tmp_path / "pids").read_text().splitlines()) == 1


def ticks(pid):
    """Of the processor, that a process has used."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


def test_a_crash(aws, lake, tmp_path):
    """Killed in the middle, as beyond its memory: the invocation fails, the next one has another process."""
    aws.make_function("fragile", tmp_path / "pids", EIDER_LAKE=lake)
    works(aws, "fragile")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, aws, NEVER, "fragile")
        pid = int((tmp_path / "pids").read_text().split()[-1])
        before = ticks(pid)
        eventually(lambda: ticks(pid) > before + 20)  # 0.2 s of work: on the question, and nothing else
        os.kill(pid, signal.SIGKILL)
        assert answer.result()[0] == "Unhandled"
    works(aws, "fragile")
    assert len((tmp_path / "pids").read_text().splitlines()) == 2


def test_what_s3_says_is_decoded_refused_and_kept(aws, lake, tmp_path):
    """S3 invokes it, twice again when it is refused, and what is left goes where failures go."""
    arn = aws.make_function("watching", tmp_path / "pids", EIDER_LAKE=lake)
    kept, kept_arn = aws.make_queue("watching-failures")
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="watching", MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": kept_arn}})
    store = aws.client("s3")
    store.create_bucket(Bucket=BUCKET)
    store.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
    store.put_object(Bucket=BUCKET, Key=KEY, Body=b"PAR1")
    (failure,) = eventually(lambda: [one for one in received(aws, kept) if "Records" in one.get("requestPayload", {})])
    assert failure["responsePayload"]["errorType"] == "NothingConfigured"
    assert f"created s3://{BUCKET}/{KEY} " in failure["responsePayload"]["errorMessage"]
    works(aws, "watching")


def test_a_queue_still_has_what_is_refused(aws, lake, tmp_path):
    """S3 to SQS to the function, which answers each message for itself; after two receipts it is a dead letter."""
    dead, dead_arn = aws.make_queue("dead-letters")
    _, queue_arn = aws.make_queue("uploads", VisibilityTimeout="1",
                                  RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}))
    aws.make_function("queued", tmp_path / "pids", EIDER_LAKE=lake)
    aws.client("lambda").create_event_source_mapping(FunctionName="queued", EventSourceArn=queue_arn, BatchSize=10,
                                                     FunctionResponseTypes=["ReportBatchItemFailures"])
    store = aws.client("s3")
    store.create_bucket(Bucket="queued")
    store.put_bucket_notification_configuration(Bucket="queued", NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": queue_arn, "Events": ["s3:ObjectCreated:*"]}]})
    for number in range(3):
        store.put_object(Bucket="queued", Key=f"a b/{number}.csv", Body=b"a\n1\n")

    def keys():
        found = {record["s3"]["object"]["key"] for message in received(aws, dead) for record in message.get("Records", [])}
        return found if len(found) == 3 else None
    assert sorted(eventually(keys)) == ["a+b/0.csv", "a+b/1.csv", "a+b/2.csv"]
    works(aws, "queued")


def test_what_eventbridge_says_is_decoded_refused_and_kept(aws, lake, tmp_path):
    """By itself, and by way of a queue, which keeps it."""
    arn = aws.make_function("routed", tmp_path / "pids", EIDER_LAKE=lake)
    dead, dead_arn = aws.make_queue("routed-dead")
    _, queue_arn = aws.make_queue("routed", VisibilityTimeout="1",
                                  RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1}))
    aws.client("lambda").create_event_source_mapping(FunctionName="routed", EventSourceArn=queue_arn, BatchSize=1,
                                                     FunctionResponseTypes=["ReportBatchItemFailures"])
    events = aws.client("events")
    events.put_rule(Name="uploads", EventPattern=json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}))
    events.put_targets(Rule="uploads", Targets=[{"Id": "eider", "Arn": arn}, {"Id": "queue", "Arn": queue_arn}])
    store = aws.client("s3")
    store.create_bucket(Bucket="routed")
    store.put_bucket_notification_configuration(Bucket="routed", NotificationConfiguration={"EventBridgeConfiguration": {}})
    store.put_object(Bucket="routed", Key=KEY, Body=b"PAR1")
    (kept,) = eventually(lambda: received(aws, dead))
    assert kept["detail"]["object"]["key"] == KEY
    log = (tmp_path / "pids.log")
    eventually(lambda: f"created s3://routed/{KEY} " in log.read_text() and "message_refused" in log.read_text())
    works(aws, "routed")
