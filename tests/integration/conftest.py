"""Fixtures of all integration tests."""
import contextlib

import pytest

from support.eider_server import EiderServer


@pytest.fixture
def serve():
    """serve(lake, *options, **environment) answers a running server, which is stopped and judged after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda lake, *options, **environment: stack.enter_context(EiderServer(lake, *options, **environment))
