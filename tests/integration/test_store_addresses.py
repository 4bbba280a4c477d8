"""A store whose name has several addresses, as S3's has: requests spread over them, and one that is down costs nothing.

Names are given addresses by an /etc/hosts that only the program under test sees.
"""
import contextlib
import subprocess

import pytest

from support.eider_server import binary, clean_environment, sanitizer_reports
from support.fake_s3 import FakeS3
from support.raw_http import PATIENCE_SECONDS

NAME = "store.test"
HOSTS = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
OBJECTS = {f"lake/{number:02}.csv": b"x\n" + b"1\n" * 1000 for number in range(48)}
OWN_MOUNTS = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"']


@pytest.fixture
def named(tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"{address} {NAME}\n" for address in HOSTS))
    if subprocess.run([*OWN_MOUNTS, hosts, "true"], capture_output=True).returncode:
        pytest.skip("no mounts of one's own here: that wants root")
    return hosts


def total(named, port, environment):
    """The sum over all objects, asked for at the name."""
    done = subprocess.run([*OWN_MOUNTS, named, binary(), "query", "--format", "csv", "SELECT sum(x) AS n FROM lake('*.csv')"],
                          env=clean_environment(**{**environment, "EIDER_LAKE": "s3://bucket/lake",
                                                   "AWS_ENDPOINT_URL_S3": f"http://{NAME}:{port}"}),
                          capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0 and not sanitizer_reports(done.stderr), done.stderr
    return done.stdout


def stores(stack, addresses):
    """On each address, all at one port."""
    found = [stack.enter_context(FakeS3(OBJECTS, (addresses[0], 0)))]
    found += [stack.enter_context(FakeS3(OBJECTS, (address, found[0].port))) for address in addresses[1:]]
    return found


def test_requests_spread_over_a_names_addresses(named):
    with contextlib.ExitStack() as stack:
        all_of_them = stores(stack, HOSTS)
        assert total(named, all_of_them[0].port, all_of_them[0].environment()) == "n\n48000\n"
        gets = [store.gets for store in all_of_them]
    assert sum(gets) >= len(OBJECTS) and min(gets) >= len(OBJECTS) / 10, gets


@pytest.mark.parametrize("down", HOSTS)
def test_an_address_that_is_down_costs_no_answer(named, down):
    with contextlib.ExitStack() as stack:
        others = stores(stack, [address for address in HOSTS if address != down])
        assert total(named, others[0].port, others[0].environment()) == "n\n48000\n"
        assert min(store.gets for store in others) > 0
