"""Fixtures of all integration tests."""
import contextlib

import pytest

from support import lakes
from support.eider_server import EiderServer


@pytest.fixture
def serve():
    """serve(lake, *options, **environment) answers a running server, which is stopped and judged after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda lake, *options, **environment: stack.enter_context(EiderServer(lake, *options, **environment))


@pytest.fixture(scope="module", params=lakes.KINDS)
def place(request, tmp_path_factory):
    """place() answers a new, empty lake."""
    with lakes.places(request.param, tmp_path_factory) as made:
        yield made
