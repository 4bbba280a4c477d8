"""Stores that refuse or are not there: the answer says what to do, and no key or token is ever shown."""
import pytest

from support import fake_s3, s3_servers
from support.eider_server import EiderServer, run
from support.fake_s3 import BUCKET, KEY, SECRET, TOKEN, FakeS3, Refusal

ROWS = {"lake/a.csv": b"x\n1\n2\n"}
REFUSALS = {
    "no such bucket": (Refusal(404, "NoSuchBucket"), [f"'{BUCKET}'", "does not exist"]),
    "denied": (Refusal(403, "AccessDenied"), [f"s3://{BUCKET}/lake", "denies", "s3:ListBucket"]),
    "unknown key": (Refusal(403, "InvalidAccessKeyId",
                            more=f"<AWSAccessKeyId>{KEY}</AWSAccessKeyId>"), ["access key", "AWS_ACCESS_KEY_ID"]),
    "wrong secret": (Refusal(403,
                             "SignatureDoesNotMatch",
                             more=f"<AWSAccessKeyId>{KEY}</AWSAccessKeyId><StringToSign>{TOKEN}"
                             "</StringToSign>"), ["secret key", "AWS_SECRET_ACCESS_KEY"]),
    "expired token": (Refusal(400, "ExpiredToken", more=f"<Token-0>{TOKEN}</Token-0>"), ["expired", "new credentials"]),
    "wrong token": (Refusal(400, "InvalidToken", more=f"<Token-0>{TOKEN}</Token-0>"), ["AWS_SESSION_TOKEN"]),
    "other region": (Refusal(301, "PermanentRedirect",
                             {"x-amz-bucket-region": "eu-west-3"}), ["eu-west-3", "eu-west-1", "region"]),
    "signed for another region": (Refusal(400, "AuthorizationHeaderMalformed",
                                          more="<Region>eu-west-3</Region>"), ["eu-west-3"]),
    "overloaded": (Refusal(503, "SlowDown"), ["SlowDown", "later"]),
    "broken": (Refusal(500, "InternalError"), ["500"]),
}


def assert_no_secret(text):
    assert not any(secret in text for secret in (KEY, SECRET, TOKEN)), text


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_verb_says_why_the_store_refuses(kind):
    refusal, words = REFUSALS[kind]
    with FakeS3(ROWS) as store:
        store.refusal = refusal
        done = run("datasets", "--lake", store.lake, **store.environment())
        refused = EiderServer(store.lake, **store.environment()).refusal()
    assert done.returncode in (1, 3) and done.stdout == b""
    assert done.stderr.startswith("eider: ") and all(word in done.stderr for word in words), done.stderr
    assert refused and refused[0] == done.returncode and refused[1] == done.stderr
    assert_no_secret(done.stderr)


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_server_says_why_the_store_refuses(serve, kind):
    refusal, words = REFUSALS[kind]
    with FakeS3(ROWS) as store:
        server = serve(store.lake, **store.environment())
        store.refusal = refusal
        answers = [server.get(target) for target in ("/a.csv", "/a", "/datasets", "/readyz")]
        shown = "".join(answer.text for answer in answers) + server.get("/metrics").text
        assert server.get("/healthz").status_code == 200
        store.refusal = None
        server.terminate()
        assert server.wait() == 0
    assert_no_secret(server.log + shown)
    # The list may be known for some seconds; the object is not.
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused, answers
    for answer in refused:
        assert answer.status_code in (502, 503), answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        if answer.status_code == 503:
            assert "Retry-After" in answer.headers
    told = answers[0].json()["detail"]
    assert all(word in told for word in words), told


def test_a_store_that_recovers_is_read_again(serve):
    with FakeS3(ROWS) as store:
        server = serve(store.lake, **store.environment())
        store.refusal = Refusal(503, "SlowDown")
        assert server.get("/a.csv").status_code == 503
        store.refusal = None
        assert server.get("/a.csv").text == "x\r\n1\r\n2\r\n"


def test_an_endpoint_that_is_down(serve):
    endpoint = f"http://127.0.0.1:{s3_servers.free_port()}"
    environment = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}
    done = run("datasets", "--lake", "s3://bucket/lake", "--endpoint", endpoint, **environment)
    assert done.returncode == 3 and endpoint.removeprefix("http://") in done.stderr and "refused" in done.stderr
    with FakeS3(ROWS) as store:
        server = serve(store.lake, **store.environment())
    answer = server.get("/a.csv")
    assert answer.status_code == 503 and "connection refused" in answer.json(
    )["detail"] and answer.headers["Retry-After"]


def test_no_credentials(tmp_path):
    with FakeS3(ROWS) as store:
        done = run("datasets",
                   "--lake",
                   store.lake,
                   "--endpoint",
                   store.endpoint,
                   AWS_REGION="eu-west-1",
                   HOME=tmp_path)
        assert done.returncode in (1, 3) and "credentials" in done.stderr and "AWS_ACCESS_KEY_ID" in done.stderr
        public = run("get",
                     "--lake",
                     store.lake,
                     "--endpoint",
                     store.endpoint,
                     "--anonymous",
                     "a.csv",
                     AWS_REGION="eu-west-1",
                     HOME=tmp_path)
    assert (public.returncode, public.stdout) == (0, b"x\r\n1\r\n2\r\n")


def test_a_profile_that_does_not_exist(tmp_path):
    with FakeS3(ROWS) as store:
        done = run("datasets",
                   "--lake",
                   store.lake,
                   "--endpoint",
                   store.endpoint,
                   "--profile",
                   "nobody",
                   AWS_REGION="eu-west-1",
                   HOME=tmp_path)
    assert done.returncode in (1, 3) and ("nobody" in done.stderr or "credentials" in done.stderr), done.stderr


@pytest.fixture(scope="module")
def versitygw():
    with s3_servers.started("versitygw") as running:
        client = running.client()
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="lake/a.csv", Body=ROWS["lake/a.csv"])
        yield running


@pytest.mark.parametrize("lake, changes, words", [(f"s3://{BUCKET}/lake", {}, None),
                                                  ("s3://nowhere/lake", {}, ["'nowhere'", "does not exist"]),
                                                  (f"s3://{BUCKET}/lake", {
                                                      "AWS_SECRET_ACCESS_KEY": SECRET
                                                  }, ["secret key"]),
                                                  (f"s3://{BUCKET}/lake", {
                                                      "AWS_ACCESS_KEY_ID": KEY
                                                  }, ["access key"]),
                                                  (f"s3://{BUCKET}/lake", {
                                                      "AWS_REGION": "us-east-2"
                                                  }, ["eu-west-1"]), (f"s3://{BUCKET}/empty", {}, [])],
                         ids=["right", "no bucket", "wrong secret", "wrong key", "other region", "empty prefix"])
def test_a_real_server_refuses_likewise(versitygw, lake, changes, words):
    done = run("datasets", "--lake", lake, **{**versitygw.environment(), **changes})
    if not words:
        assert done.returncode == 0 and done.stdout == (b"" if words == [] else done.stdout)
        return
    assert done.returncode in (1, 3) and all(word in done.stderr for word in words), done.stderr
    assert_no_secret(done.stderr)


def test_secrets_are_shown_nowhere(serve, tmp_path):
    """Keys from a file and from the environment, a password in the endpoint; good requests and bad ones."""
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n")
    with FakeS3({**ROWS, "lake/b.parquet": b"PAR1 broken"}) as store:
        for environment in (store.environment(), {"AWS_ENDPOINT_URL_S3": store.endpoint, "AWS_REGION": "eu-west-1",
                                                  "AWS_SHARED_CREDENTIALS_FILE": tmp_path / "credentials"}):
            server = serve(store.lake, **environment)
            shown = ""
            for target in ("/", "/datasets", "/a", "/a.csv", "/a.parquet", "/b.csv", "/c.csv", "/a.csv?x=y",
                           "/openapi.json", "/metrics", "/a.csv?_dry_run=1", "/readyz"):
                answer = server.get(target)
                shown += str(answer.headers) + answer.text
            server.terminate()
            assert server.wait() == 0
            assert "x\r\n1\r\n2\r\n" in shown
            assert_no_secret(shown + server.log)
            for verb in (["datasets"], ["describe", "a"], ["check"], ["get", "b.csv"]):
                done = run(*verb, "--lake", store.lake, **environment)
                assert_no_secret(done.stdout.decode() + done.stderr)


def test_a_password_in_the_endpoint_is_not_shown():
    done = run("datasets",
               "--lake",
               "s3://bucket/lake",
               "--endpoint",
               f"http://user:{SECRET}@127.0.0.1:{s3_servers.free_port()}",
               AWS_ACCESS_KEY_ID=KEY,
               AWS_SECRET_ACCESS_KEY=SECRET,
               AWS_REGION="eu-west-1")
    assert done.returncode in (1, 2, 3)
    assert_no_secret(done.stderr)


def test_the_fake_server_speaks_as_s3_does():
    """boto3 understands it, so that what Eider reads from it means something."""
    import boto3
    with FakeS3({**ROWS, "lake/d/b.csv": b"y\n"}) as store:
        client = boto3.client("s3",
                              endpoint_url=store.endpoint,
                              aws_access_key_id=KEY,
                              aws_secret_access_key=SECRET,
                              region_name="eu-west-1")
        listed = client.list_objects_v2(Bucket=BUCKET, Prefix="lake/", Delimiter="/")
        assert [entry["Key"] for entry in listed["Contents"]] == ["lake/a.csv"]
        assert [entry["Prefix"] for entry in listed["CommonPrefixes"]] == ["lake/d/"]
        got = client.get_object(Bucket=BUCKET, Key="lake/a.csv", Range="bytes=2-3")
        assert (got["Body"].read(), got["ETag"]) == (b"1\n", fake_s3.etag_of(ROWS["lake/a.csv"]))
