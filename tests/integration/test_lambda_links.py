"""Answers that a function's door has no room for: written into the lake, and answered as a link before the first byte."""
import hashlib
import json
import pathlib

import duckdb
import pytest
import requests

from support import s3_servers
from support.fake_s3 import FakeS3
from support.lambda_function import LambdaFunction
from support.raw_http import PATIENCE_SECONDS
from support.runtime_api import RuntimeApi

EVENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "events"
BUCKET = "my-lake"
ROWS = 400_000  # 16 MB of CSV


def put_data(folder):
    duckdb.sql(f"SELECT range AS id, md5(range::VARCHAR) AS m FROM range({ROWS})").write_parquet(str(folder / "big.parquet"))


def expected(rows=ROWS):
    return "".join(["id,m\r\n", *(f"{i},{hashlib.md5(str(i).encode()).hexdigest()}\r\n" for i in range(rows))]).encode()


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    put_data(folder)
    return folder


@pytest.fixture(scope="module")
def bucket(lake):
    with s3_servers.started("minio") as server:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        client.upload_file(str(lake / "big.parquet"), BUCKET, "lake/big.parquet")
        yield server


@pytest.fixture(scope="module")
def api(bucket):
    with RuntimeApi() as api, LambdaFunction(api, f"s3://{BUCKET}/lake", EIDER_RESULTS="1d", **bucket.environment()):
        yield api


def event(name, path, body=None, query="", **headers):
    made = json.loads((EVENTS / name).read_text())
    made.update(rawPath=path, rawQueryString=query, headers={key.replace("_", "-"): value for key, value in headers.items()})
    made["requestContext"].pop("stage", None)
    made["requestContext"]["http"].update(method="POST" if body else "GET", path=path)
    if body:
        made["body"] = json.dumps(body)
        made["headers"]["content-type"] = "application/json"
    return made


def buffered(api, path, body=None, **arguments):
    """Through an HTTP API, which takes 6 MB."""
    answer = api.invoke(event("http-api.json", path, body, **arguments)).json()
    return answer["statusCode"], answer["headers"], answer["body"]


def url(api, path, body=None, seconds=60, **arguments):
    return api.invoke(event("function-url.json", path, body, **arguments), seconds).http


def followed(api, location):
    """What a client gets that follows the link through the same door."""
    status, headers, _ = buffered(api, location)
    assert status == 307 and headers["location"].startswith("http"), (status, headers)
    assert "X-Amz-Signature=" in headers["location"]
    return requests.get(headers["location"], timeout=PATIENCE_SECONDS)


def test_a_download_above_6_mb_is_a_link(api):
    status, headers, body = buffered(api, "/big.csv")
    link = json.loads(body)
    assert status == 303 and headers["location"] == link["url"]
    assert set(link) == {"url", "format", "rows", "bytes", "expires"} and link["rows"] == ROWS
    whole = followed(api, link["url"])
    assert whole.status_code == 200 and whole.content == expected() and len(whole.content) == link["bytes"]
    part = buffered(api, link["url"], range="bytes=0-5")  # what has room comes from the function itself
    assert part[0] == 206 and part[2] == "id,m\r\n"
    assert buffered(api, "/big.csv", query="_limit=10")[0] == 200
    assert buffered(api, "/big.csv", query="id__lt=1000")[0] == 200


def test_a_query_above_6_mb_is_a_link(api):
    status, headers, body = buffered(api, "/query", {"sql": "FROM big ORDER BY id", "format": "csv"})
    assert status == 303 and headers["location"].endswith("/query.csv")
    assert followed(api, headers["location"]).content == expected()
    status, headers, _ = buffered(api, "/query", {"sql": "FROM big ORDER BY id", "format": "csv"}, accept_encoding="gzip")
    if status == 303:  # compressed, it may fit; its link is to the plain rows
        assert followed(api, headers["location"]).content == expected()


def test_what_base64_makes_too_long_is_a_link(api):
    """4.6 to 6.2 MB of bytes are more than 6 MB as Base64."""
    sql = "SELECT range AS id, md5(range::VARCHAR) AS m, md5(range::VARCHAR || 'x') AS n FROM range(75000)"
    status, headers, _ = buffered(api, "/query", {"sql": sql, "format": "parquet"})
    assert status == 303 and headers["location"].endswith("/query.parquet")


def test_a_direct_answer_above_6_mb_is_a_link(api):
    question = {"q": "FROM big ORDER BY id", "limit": ROWS}
    answer = api.invoke(question)
    assert answer.kind == "response"
    said = answer.json()
    assert set(said) == {"metadata", "data"} and set(said["data"]) == {"link"}  # who looks for records finds none
    link = said["data"]["link"]
    assert link["rows"] == ROWS and link["format"] == "json"
    rows = requests.get(link["url"], timeout=PATIENCE_SECONDS).json()
    assert [row["id"] for row in rows] == list(range(ROWS))
    assert len(api.invoke({**question, "limit": 100}).json()["data"]["records"]) == 100


def test_more_than_a_stream_can_carry_in_time_is_a_link(api):
    """6 MB at once and 2 MB a second: four seconds are too short for 16 MB, a minute is not."""
    assert url(api, "/big.csv")[0] == 200
    status, _, body = url(api, "/big.csv", seconds=4)
    assert status == 303 and json.loads(body)["bytes"] == len(expected())
    # What a filter leaves is known when it is there: this fits.
    status, _, body = url(api, "/big.csv", seconds=4, query="id__lt=100000")
    assert (status, body) == (200, expected(100_000))
    assert url(api, "/big.csv", seconds=4, query="id__lt=399999")[0] == 303
    sql = "SELECT range AS id, md5(range::VARCHAR) AS m FROM range(400000)"  # no footer says how much that is
    answer = api.invoke(event("function-url.json", "/query", {"sql": sql, "format": "csv"}), 4)
    assert answer.http[0] == 200 and answer.http[2] == expected()  # the API here takes it faster than 2 MB a second


def test_more_than_200_mb_is_a_link(api, bucket):
    """What footers do not foretell still ends in an error and is not cut; what they do is a link."""
    sql = "SELECT id, repeat(m, 40) AS m FROM big"
    answer = api.invoke(event("function-url.json", "/query", {"sql": sql, "format": "csv"}))
    assert answer.error_type == "Eider.LimitReached" and "into" in answer.error["errorMessage"]
    status, _, body = url(api, "/query", {"sql": sql, "into": "results/all.csv"})
    assert status == 201 and json.loads(body)["bytes"] > 250_000_000
    status, headers, _ = url(api, json.loads(body)["url"])
    assert status == 307
    head = requests.get(headers["location"], headers={"Range": "bytes=0-99"}, timeout=PATIENCE_SECONDS)
    assert head.status_code == 206 and head.content.startswith(b"id,m\r\n0,")


def test_results_that_have_ended_are_removed_by_who_writes_one(api, bucket):
    client = bucket.client()
    old = "lake/_results/20200101T000000Z-open-0123456789abcdef0123456789abcdef/a.csv"
    client.put_object(Bucket=BUCKET, Key=old, Body=b"a\n1\n")
    assert buffered(api, "/big.csv")[0] == 303
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket=BUCKET, Prefix="lake/_results/")["Contents"]]
    assert old not in keys and keys


def test_another_place(bucket, lake, tmp_path):
    client = bucket.client()
    client.create_bucket(Bucket="elsewhere")
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_RESULTS="1d", EIDER_RESULTS_AT="s3://elsewhere/here",
                                             **bucket.environment()):
        status, headers, _ = buffered(api, "/big.csv")
        assert status == 303 and followed(api, headers["location"]).content == expected()
    assert client.list_objects_v2(Bucket="elsewhere")["Contents"][0]["Key"].startswith("here/_results/")


def test_a_folder_has_no_addresses_of_its_own(lake, tmp_path):
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_RESULTS="1d", EIDER_RESULTS_AT=tmp_path):
        status, headers, _ = buffered(api, "/big.csv")
        assert status == 303
        status, _, body = buffered(api, headers["location"])
        assert status == 413 and "Range: bytes=0-" in json.loads(body)["detail"]
        parts, size = b"", len(expected())
        while len(parts) < size:
            status, _, body = buffered(api, headers["location"], range=f"bytes={len(parts)}-{len(parts) + 2_999_999}")
            assert status == 206
            parts += body.encode()
        assert parts == expected()
        link = api.invoke({"q": "FROM big", "limit": ROWS}).json()["data"]["link"]
        assert link["url"].startswith("/results/")


def test_the_estimate_asks_the_store_for_nothing_more(lake):
    """It reads the footers that the run needs, and no others."""
    asked = []
    for results in ({}, {"EIDER_RESULTS": "1d"}):
        with (FakeS3({"lake/big.parquet": (lake / "big.parquet").read_bytes()}) as store, RuntimeApi() as api,
              LambdaFunction(api, store.lake, **results, **store.environment())):
            assert url(api, "/big.csv")[2] == expected()
            asked.append(store.gets)
    assert asked[0] == asked[1], asked


def test_without_results_it_says_what_to_set(lake):
    with RuntimeApi() as api, LambdaFunction(api, lake):
        status, _, body = buffered(api, "/big.csv")
        assert status == 413 and "EIDER_RESULTS" in json.loads(body)["detail"]
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_RESULTS="1d", EIDER_RESULTS_AT="s3://no-such-bucket",
                                             AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="a",
                                             AWS_SECRET_ACCESS_KEY="b", AWS_REGION="eu-west-1"):
        assert buffered(api, "/big.csv", query="_limit=1")[0] == 200
    for environment, said in (({"EIDER_RESULTS": "soon"}, "such as 7d"), ({"EIDER_RESULTS_AT": "s3://b"}, "--results")):
        with RuntimeApi() as api:
            function = LambdaFunction(api, lake, **environment)
            assert function.wait() == 1
            assert said in json.loads(api.init_error[1])["errorMessage"]


def test_a_place_that_may_not_be_written_is_named(bucket, lake):
    wrong = {**bucket.environment(), "AWS_SECRET_ACCESS_KEY": "another"}
    with RuntimeApi() as api, LambdaFunction(api, lake, EIDER_RESULTS="1d", EIDER_RESULTS_AT=f"s3://{BUCKET}/r", **wrong):
        status, _, body = buffered(api, "/big.csv")
        assert status == 502 and "EIDER_RESULTS_AT" in json.loads(body)["detail"]
        assert buffered(api, "/big.csv", query="_limit=1")[0] == 200
