"""contender -> toxiproxy (latency) -> nginx (counts) -> MinIO: each a process of its own on 127.0.0.1.

toxiproxy has one proxy for each latency from the start: taking a latency away under load hangs it. It delays what the
store answers and neither connects nor throughput. nginx writes a line for each request that it has answered.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator

ACCESS_KEY = "benchkey"
SECRET_KEY = "benchsecret"
REGION = "us-east-1"
BUCKET = "lake"
START_S = 60

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  log_format counted escape=json '{{"method":"$request_method","uri":"$request_uri","range":"$http_range",'
    '"status":$status,"bytes":$body_bytes_sent}}';
  access_log {folder}/requests.log counted;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  client_max_body_size 0;
  keepalive_requests 1000000;
  upstream store.test {{ server 127.0.0.1:{store}; keepalive 512; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://store.test;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
    }}
  }}
}}
"""


class Failure(Exception):
    """A process or an answer that makes the measurement worthless."""


@dataclasses.dataclass
class Traffic:
    """What passed nginx. `bytes` are of the bodies that it sent."""
    requests: int = 0
    bytes: int = 0
    by_method: dict[str, int] = dataclasses.field(default_factory=dict)
    listings: int = 0  # of the requests, those that list
    refused: int = 0  # answers that are no success: missing objects, bad signatures


@dataclasses.dataclass(frozen=True)
class Chain:
    store: str  # MinIO itself
    endpoints: dict[int, str]  # by milliseconds of latency
    log: pathlib.Path

    def mark(self) -> int:
        return self.log.stat().st_size

    def traffic_since(self, mark: int, latency_ms: int) -> Traffic:
        """nginx notices a connection that was closed in mid-answer one latency later, and only then logs it."""
        settled = -1
        while (size := self.mark()) != settled:
            settled = size
            time.sleep(0.05 + latency_ms / 1000)
        traffic = Traffic()
        with self.log.open("rb") as log:
            log.seek(mark)
            for line in log:
                entry = json.loads(line)
                traffic.requests += 1
                traffic.bytes += entry["bytes"]
                traffic.by_method[entry["method"]] = traffic.by_method.get(entry["method"], 0) + 1
                traffic.listings += "list-type=2" in entry["uri"]
                traffic.refused += entry["status"] >= 400
        return traffic


@contextlib.contextmanager
def running(data: pathlib.Path, latencies: list[int]) -> Iterator[Chain]:
    """`data` is MinIO's folder. What was started is stopped when the block ends."""
    with tempfile.TemporaryDirectory(prefix="eider-bench-") as made, contextlib.ExitStack() as stack:
        folder = pathlib.Path(made)
        store, counter, control = (free_port() for _ in range(3))
        stack.enter_context(_process(folder / "minio.log", [
            os.environ["EIDER_MINIO"], "server", data, "--address", f"127.0.0.1:{store}", "--quiet"],
            {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY, "MINIO_BROWSER": "off",
             "MINIO_UPDATE": "off",
             "MINIO_API_ODIRECT": "off",  # else it reads around the page cache, and the disk would be measured
             "MINIO_SCANNER_SPEED": "slowest"}))
        # "cluster", because after "live" it still answers 503 for a while.
        _wait(f"http://127.0.0.1:{store}/minio/health/cluster", folder / "minio.log")
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, store=store, port=counter))
        stack.enter_context(_process(folder / "nginx.log", [
            "/usr/sbin/nginx", "-e", folder / "nginx.log", "-p", folder, "-c", folder / "nginx.conf"]))
        _wait(f"http://127.0.0.1:{counter}/minio/health/live", folder / "nginx.log")
        stack.enter_context(_process(folder / "toxiproxy.log", [
            os.environ["EIDER_TOXIPROXY"], "-host", "127.0.0.1", "-port", control]))
        _wait(f"http://127.0.0.1:{control}/version", folder / "toxiproxy.log")
        endpoints = {latency: _delayed(control, counter, latency) for latency in latencies}
        yield Chain(f"http://127.0.0.1:{store}", endpoints, folder / "requests.log")


def _delayed(control: int, counter: int, latency_ms: int) -> str:
    name = f"delayed-{latency_ms}"
    address = f"127.0.0.1:{free_port()}"
    _post(control, "/proxies", {"name": name, "listen": address, "upstream": f"127.0.0.1:{counter}"})
    if latency_ms:
        _post(control, f"/proxies/{name}/toxics", {"type": "latency", "stream": "downstream",
                                                   "attributes": {"latency": latency_ms, "jitter": 0}})
    return f"http://{address}"


def _post(port: int, path: str, body: dict) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10):
        pass


@contextlib.contextmanager
def _process(log: pathlib.Path, command: list, environment: dict[str, str] | None = None) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, log: pathlib.Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.05)
    raise Failure(f"{url} does not answer:\n{log.read_text(errors='replace')[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def credentials() -> dict[str, str]:
    """AWS's own variables, which every contender reads."""
    return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
