"""AWS as far as ministack stands in for it, on a free port of 127.0.0.1: functions of `provided.al2023` are processes.

`./dev test` installs it and says in EIDER_MINISTACK where it is.
"""
import contextlib
import io
import pathlib
import tempfile
import urllib.request
import zipfile

import boto3
import botocore.config

from support.eider_server import binary, clean_environment
from support.raw_http import PATIENCE_SECONDS
from support.s3_servers import free_port, program, running

ROLE = "arn:aws:iam::000000000000:role/any"


class Ministack:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="test",
                            aws_secret_access_key="test",
                            config=botocore.config.Config(read_timeout=PATIENCE_SECONDS, retries={"max_attempts": 0},
                                                          s3={"addressing_style": "path"}))

    def make_function(self, name, started, timeout=30, memory=512, **environment):
        """The program as a function. Each process of it writes its id as a line of the file `started`, and its log to the
        one beside it that ends in .log."""
        script = f'#!/bin/sh\necho $$ >> "{started}"\nexec "{binary()}" 2>> "{started}.log"\n'
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as made:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            made.writestr(entry, script)
        functions = self.client("lambda")
        arn = functions.create_function(
            FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Role=ROLE, Timeout=timeout, MemorySize=memory,
            Code={"ZipFile": package.getvalue()},
            Environment={"Variables": {key: str(value) for key, value in environment.items()}})["FunctionArn"]
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        return arn

    def make_queue(self, name, **attributes):
        """Its URL and its ARN."""
        queues = self.client("sqs")
        url = queues.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


@contextlib.contextmanager
def started():
    """Runs it until the block ends."""
    with tempfile.TemporaryDirectory(prefix="eider-ministack-") as folder:
        port = free_port()
        environment = clean_environment(BIND_HOST="127.0.0.1", GATEWAY_PORT=port, LAMBDA_EXECUTOR="local", TMPDIR=folder,
                                        IOT_MTLS_PORT=free_port(), LAMBDA_ASYNC_RETRY_BASE_SECONDS="0.05", HOME=folder)
        with running([program("ministack")], pathlib.Path(folder), environment, lambda: _answers(port)):
            yield Ministack(port)


def _answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
