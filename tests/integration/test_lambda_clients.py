"""Clients of the services that this one replaces, unchanged: against `eider serve`, and against the function."""
import concurrent.futures
import json
import time

import boto3
import botocore.config
import duckdb
import pytest
import requests

from support import s3_servers
from support.eider_server import EiderServer
from support.lambda_front import LambdaFront
from support.lambda_function import LambdaFunction
from support.raw_http import PATIENCE_SECONDS
from support.runtime_api import RuntimeApi

BUCKET = "my-duck-bucket-130dcqda0u"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """As the stateless engine's own set-up leaves it: months of trips below dataset/, some of them in folders by date."""
    folder = tmp_path_factory.mktemp("data")
    trips = ("SELECT range AS id, (range * 7) % 265 + 1 AS pickup_location_id, "
             "TIMESTAMP '2019-04-01' + INTERVAL (range * 30) SECOND AS pickup_at FROM range(80000)")
    duckdb.sql(trips).write_parquet(str(folder / "taxi_2019_04.parquet"))
    duckdb.sql("SELECT range AS reference, 'org-' || range % 3 AS \"organisation-entity\" FROM range(30)").write_parquet(
        str(folder / "test-dataset.parquet"))
    duckdb.sql(f"COPY (SELECT *, pickup_at::DATE AS date FROM ({trips})) TO '{folder}/partitioned' "
               "(FORMAT parquet, PARTITION_BY (date))")
    with s3_servers.started("versitygw") as server:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        for path in folder.rglob("*.parquet"):
            client.upload_file(str(path), BUCKET, f"dataset/{path.relative_to(folder)}")
        yield server


@pytest.fixture(scope="module", params=["serve", "function"])
def lambda_client(request, bucket):
    environment = {**bucket.environment(), "DATASET_BUCKET": BUCKET, "USE_DUCKDB": "true"}
    if request.param == "serve":
        with EiderServer(None, **environment) as server:
            yield client_of(server.url.rstrip("/"))
        return
    with RuntimeApi() as api, LambdaFunction(api, None, **environment), LambdaFront(api) as front:
        yield client_of(front.url)


def client_of(url):
    return boto3.client("lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="any",
                        aws_secret_access_key="any",
                        config=botocore.config.Config(read_timeout=PATIENCE_SECONDS, retries={"max_attempts": 0}))


# --- the stateless engine's client ---

def invoke_lambda(lambda_client, json_payload_as_str):
    response = lambda_client.invoke(FunctionName="quack-reduce-lambda-dev-duckdb", InvocationType="RequestResponse",
                                    LogType="Tail", Payload=json_payload_as_str)
    return json.loads(response["Payload"].read().decode("utf-8"))


def fetch_all(lambda_client, query, limit):
    start_time = time.time()
    response = invoke_lambda(lambda_client, json.dumps({"q": query, "limit": limit}))
    if "errorMessage" in response:
        raise RuntimeError(response["errorMessage"])
    rows = response["data"]["records"]
    response["metadata"]["roundtrip_time"] = int((time.time() - start_time) * 1000.0)
    return rows, response["metadata"]


TOP = (f"SELECT pickup_location_id AS location_id, COUNT(*) AS counts FROM read_parquet(['s3://{BUCKET}/dataset/"
       "taxi_2019_04.parquet']) WHERE pickup_at >= '2019-04-01' AND pickup_at < '2019-04-03' GROUP BY 1 ORDER BY 2 DESC, 1")


def test_the_most_popular_places(lambda_client):
    rows, metadata = fetch_all(lambda_client, TOP, 5)
    assert len(rows) == 5 and set(rows[0]) == {"location_id", "counts"} and rows[0]["counts"] == 22
    assert set(metadata) == {"timeMs", "epochMs", "eventId", "query", "warm", "roundtrip_time"}
    assert isinstance(metadata["timeMs"], int) and metadata["query"] == TOP
    assert len(fetch_all(lambda_client, TOP, 300)[0]) == 265
    with pytest.raises(RuntimeError, match="nothing"):
        fetch_all(lambda_client, "SELECT nothing FROM taxi_2019_04", 1)


def test_map_reduce(lambda_client):
    """A count by day, each day a function's, all at once, beside the one that reads all."""
    whole, _ = fetch_all(lambda_client, f"SELECT count(*) AS n FROM parquet_scan('s3://{BUCKET}/dataset/partitioned/*/*.parquet', "
                                        "HIVE_PARTITIONING=1) WHERE date BETWEEN '2019-04-02' AND '2019-04-08'", 1)
    days = [f"SELECT count(*) AS n FROM parquet_scan('s3://{BUCKET}/dataset/partitioned/date=2019-04-{day:02}/*.parquet')"
            for day in range(2, 9)]
    with concurrent.futures.ThreadPoolExecutor(len(days)) as pool:
        parts = list(pool.map(lambda sql: fetch_all(lambda_client, sql, 1)[0][0]["n"], days))
    assert sum(parts) == whole[0]["n"] == 7 * 2880


def test_a_dashboards_client(lambda_client):
    """It asks at each change of its form, and makes a table of what it gets."""
    for limit in (10, 100):
        rows, _ = fetch_all(lambda_client, f"SELECT pickup_location_id, count(*) AS n FROM taxi_2019_04 WHERE "
                                           f"pickup_location_id < {limit} GROUP BY 1 ORDER BY 1", 1000)
        assert [row["pickup_location_id"] for row in rows] == list(range(1, limit))


# --- the download service's client ---

def test_a_download_by_organisation(bucket):
    expected = "reference,organisation-entity\r\n" + "".join(f"{i},org-1\r\n" for i in range(1, 30, 3))
    environment = {**bucket.environment(), "DATASET_BUCKET": BUCKET, "USE_DUCKDB": "false"}
    with EiderServer(None, **environment) as server:
        answer = requests.get(f"{server.url}test-dataset.csv?organisation-entity=org-1", timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200 and answer.text == expected
        assert 'filename="test-dataset.csv"' in answer.headers["Content-Disposition"]
    with RuntimeApi() as api, LambdaFunction(api, None, **environment):
        status, headers, body = api.invoke({
            "version": "2.0", "routeKey": "$default", "rawPath": "/test-dataset.csv",
            "rawQueryString": "organisation-entity=org-1", "headers": {"host": "x.lambda-url.us-east-1.on.aws"},
            "queryStringParameters": {"organisation-entity": "org-1"},
            "requestContext": {"domainName": "x.lambda-url.us-east-1.on.aws", "http": {
                "method": "GET", "path": "/test-dataset.csv", "sourceIp": "192.0.2.1"}}}).http
        assert status == 200 and body.decode() == expected and headers["content-type"].startswith("text/csv")


# --- what the ETL function was given ---

def test_an_upload_to_the_raw_bucket(bucket):
    """Its handler took Records[0].s3 of it. It is understood; what it starts is not there yet, and it is not lost."""
    event = {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
                          "eventTime": "2026-11-22T00:00:00.000Z", "eventName": "ObjectCreated:Put",
                          "s3": {"s3SchemaVersion": "1.0", "configurationId": "tf-s3-lambda",
                                 "bucket": {"name": "raw-123456789012", "arn": "arn:aws:s3:::raw-123456789012"},
                                 "object": {"key": "sales/2026+11/data+%281%29.csv", "size": 4, "eTag": "d41d8cd98f00b204"}}}]}
    with RuntimeApi() as api, LambdaFunction(api, None, DATASET_BUCKET=BUCKET, **bucket.environment()):
        answer = api.invoke(event)
        assert answer.error_type == "Eider.NothingConfigured"
        assert "s3://raw-123456789012/sales/2026 11/data (1).csv" in answer.error["errorMessage"]
