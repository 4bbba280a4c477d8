"""toxiproxy between Eider and a real S3 server: a bad network.

    with toxiproxy.started() as network:
        proxy = network.proxy(server.endpoint)
        proxy.toxic("latency", latency=50)
        run(..., AWS_ENDPOINT_URL_S3=proxy.endpoint)

Each test takes a proxy of its own: removing a toxic under load may hang those of toxiproxy.
"""
import contextlib
import itertools
import os
import pathlib
import tempfile

import requests

from support.s3_servers import free_port, program, running


class Proxy:
    def __init__(self, control, name, endpoint):
        self._url = f"{control}/proxies/{name}"
        self.endpoint = endpoint

    def toxic(self, kind, share=1.0, **attributes):
        """On what the store sends, over `share` of the connections."""
        _post(f"{self._url}/toxics", {"type": kind, "stream": "downstream", "toxicity": share, "attributes": attributes})

    def switch(self, on):
        """Off: all connections end, and new ones are refused."""
        _post(self._url, {"enabled": on})


class Network:
    def __init__(self, control):
        self._control = control
        self._names = (f"proxy-{number}" for number in itertools.count())

    def proxy(self, upstream):
        name, address = next(self._names), f"127.0.0.1:{free_port()}"
        _post(f"{self._control}/proxies", {"name": name, "listen": address, "upstream": upstream.split("//")[1]})
        return Proxy(self._control, name, f"http://{address}")


@contextlib.contextmanager
def started():
    control = f"http://127.0.0.1:{free_port()}"
    command = [program("toxiproxy"), "-host", "127.0.0.1", "-port", control.rsplit(":")[-1]]
    with tempfile.TemporaryDirectory(prefix="eider-toxiproxy-") as folder:
        with running(command, pathlib.Path(folder), {**os.environ, "LOG_LEVEL": "error"}, lambda: _answers(control)):
            yield Network(control)


def _answers(control):
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{control}/version", timeout=2).ok
    return False


def _post(url, body):
    requests.post(url, json=body, timeout=10).raise_for_status()
