"""Every S3 server passes the object stores' conformance suite, and refusals are explained."""
import os
import pathlib
import subprocess

import pytest
from support import s3_servers
from support.eider_server import clean_environment

BUCKET = "conformance"


@pytest.fixture(scope="module", params=sorted(s3_servers.PLANS))
def server(request):
    with s3_servers.started(request.param) as running:
        running.client().create_bucket(Bucket=BUCKET)
        yield running


def run_suite(server: s3_servers.S3Server, pattern: str) -> None:
    program = pathlib.Path(os.environ["EIDER_BIN"]).parent / "src" / "object" / "object_conformance_s3"
    environment = clean_environment(
        **server.environment(), EIDER_TEST_S3_ENDPOINT=server.endpoint, EIDER_TEST_S3_REGION=server.region,
        EIDER_TEST_S3_BUCKET=BUCKET, EIDER_TEST_S3_CA=server.certificate or "",
        EIDER_TEST_S3_WITHOUT=" ".join(server.without))
    for name in ("GTEST_OUTPUT", "GTEST_FILTER"):  # they are the surrounding run's
        environment.pop(name, None)
    ran = subprocess.run([program, f"--gtest_filter={pattern}", "--gtest_brief=1"], env=environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    assert ran.returncode == 0, ran.stdout
    assert "[  PASSED  ] 0 tests" not in ran.stdout


def test_conformance(server):
    run_suite(server, "S3/StoreConformance.*")


def test_refusals_are_explained(server):
    run_suite(server, "S3ServerTest.*")


def test_an_aborted_upload_leaves_no_parts(server):
    run_suite(server, "S3ServerUploadTest.*")
    assert not server.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads")
