"""A function of Lambda's in Python, as AWS's client of the runtime API runs one: its handler between /next and /response.

A handler takes an event and answers pieces of CSV, which are streamed with HTTP's metadata, or a text of JSON.
"""
import http.client
import json
import os
from collections.abc import Callable, Iterator

RUNTIME = "/2018-06-01/runtime/invocation"
PRELUDE = b'{"statusCode":200,"headers":{"content-type":"text/csv"},"cookies":[]}'
PIECE = 64 * 1024
STREAM = {"Content-Type": "application/vnd.awslambda.http-integration-response",
          "Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked",
          "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"}


def run(handler: Callable[[dict], Iterator[bytes] | str]) -> None:
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        _head(api, "GET", f"{RUNTIME}/next", {})
        reply = api.getresponse()
        name = reply.getheader("Lambda-Runtime-Aws-Request-Id")
        answer = handler(json.loads(reply.read()))
        target = f"{RUNTIME}/{name}/response"
        if isinstance(answer, str):
            body = answer.encode()
            _head(api, "POST", target, {"Content-Type": "application/json", "Content-Length": str(len(body))})
            api.send(body)
        else:
            _head(api, "POST", target, STREAM)
            _send(api, PRELUDE)
            _send(api, bytes(8))
            for piece in answer:
                for at in range(0, len(piece), PIECE):
                    _send(api, piece[at:at + PIECE])
            api.send(b"0\r\n\r\n")
        api.getresponse().read()
        if not isinstance(answer, str):
            api.close()  # the stand-in wants another connection behind a stream, as Eider has it


def _head(api: http.client.HTTPConnection, method: str, target: str, headers: dict[str, str]) -> None:
    api.putrequest(method, target, skip_accept_encoding=True)
    for name, value in {"User-Agent": "eider", **headers}.items():  # by which tests/support/runtime_api.py knows it
        api.putheader(name, value)
    api.endheaders()


def _send(api: http.client.HTTPConnection, piece: bytes) -> None:
    api.send(b"%x\r\n%b\r\n" % (len(piece), piece))


def asked(event: dict) -> dict[str, str]:
    """The filters of a download."""
    return dict(pair.split("=") for pair in event["rawQueryString"].split("&"))


def endpoint() -> str:
    return os.environ["AWS_ENDPOINT_URL_S3"].removeprefix("http://")
