"""The servers that are measured, each a process of its own on 127.0.0.1, and what /proc says about them."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator

from downloading import client, data

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
BIN = pathlib.Path(sys.executable).parent
START_S = 60
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """A server or an answer that makes the measurement worthless."""


class Server:
    """One running process. Its owner stops it; `resident_bytes` and `cpu_s` may be asked while it runs."""

    def __init__(self, process: subprocess.Popen, port: int, log: pathlib.Path) -> None:
        self.port = port
        self._process = process
        self._log = log

    def url(self, target: str) -> str:
        return f"http://127.0.0.1:{self.port}{target}"

    def peak_bytes(self) -> int:
        """The most memory that was resident at once since the process started."""
        for line in self._proc("status").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise Failure("VmHWM is missing")

    def cpu_s(self) -> float:
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S

    def wait_until_ready(self, target: str) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                if client.read(self.url(target)).status == 200:
                    return
            time.sleep(0.02)
        raise Failure(f"The server did not start:\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _proc(self, name: str) -> str:
        if self._process.poll() is not None:
            raise Failure(f"The server ended ({self._process.returncode}):\n{self._log.read_text()[-2000:]}")
        return pathlib.Path(f"/proc/{self._process.pid}/{name}").read_text()


class Kind:
    """A program that serves a lake, and how it is asked for CSV."""
    name = ""
    ready = "/healthz"
    headers: tuple[str, ...] = ()

    def command(self, lake: data.Lake, port: int, folder: pathlib.Path) -> list:
        raise NotImplementedError

    def target(self, dataset: str, where: dict[str, object]) -> str:
        return f"/{dataset}.csv" + (f"?{urllib.parse.urlencode(where)}" if where else "")

    @contextlib.contextmanager
    def running(self, lake: data.Lake) -> Iterator[Server]:
        port = _free_port()
        with tempfile.TemporaryDirectory(prefix="eider-bench-") as name:
            folder = pathlib.Path(name)
            log = folder / "log"
            with log.open("wb") as output:
                process = subprocess.Popen([str(word) for word in self.command(lake, port, folder)], cwd=folder,
                                           stdout=output, stderr=subprocess.STDOUT)
            server = Server(process, port, log)
            try:
                server.wait_until_ready(self.ready)
                yield server
            finally:
                server.stop()


class Eider(Kind):
    name = "Eider"
    ready = "/readyz"

    def command(self, lake: data.Lake, port: int, folder: pathlib.Path) -> list:
        return [os.environ["EIDER_BIN"], "serve", "--lake", lake.folder / "lake", "--listen", f"127.0.0.1:{port}"]


class Roapi(Kind):
    """ROAPI that reads its tables from disk for each query, rather than keep them in memory."""
    name = "ROAPI"
    ready = "/api/schema"
    headers = ("Accept: application/csv",)

    def command(self, lake: data.Lake, port: int, folder: pathlib.Path) -> list:
        config = ["addr:", f"  http: 127.0.0.1:{port}", f"  postgres: 127.0.0.1:{_free_port()}",
                  f"  flight_sql: 127.0.0.1:{_free_port()}", "tables:"]
        for dataset in [*lake.tables, "flights"]:
            config += [f"  - name: {dataset}", f"    uri: {lake.path(dataset)}",
                       "    option: {format: parquet, use_memory_table: false}"]
        (folder / "roapi.yml").write_text("\n".join(config) + "\n")
        return [BIN / "roapi", "--config", folder / "roapi.yml"]

    def target(self, dataset: str, where: dict[str, object]) -> str:
        filters = {f"filter[{column}]": value for column, value in where.items()}
        return f"/api/tables/{dataset}" + (f"?{urllib.parse.urlencode(filters)}" if filters else "")


class Datasette(Kind):
    """Datasette over SQLite with its streamed CSV; `max_csv_mb 0` lifts its limit on the size."""
    name = "Datasette"
    ready = "/-/versions.json"

    def command(self, lake: data.Lake, port: int, folder: pathlib.Path) -> list:
        return [BIN / "datasette", "serve", "--immutable", lake.sqlite, "--port", port, "--setting", "max_csv_mb", 0]

    def target(self, dataset: str, where: dict[str, object]) -> str:
        return f"/{dataset}/{dataset}.csv?" + urllib.parse.urlencode({"_stream": "on", **where})


class PythonPeer(Kind):
    def __init__(self, name: str, script: str) -> None:
        self.name = name
        self._script = script

    def command(self, lake: data.Lake, port: int, folder: pathlib.Path) -> list:
        return [sys.executable, PEERS / self._script, lake.folder / "lake", port]


EIDER = Eider()
ROAPI = Roapi()
DATASETTE = Datasette()
PANDAS = PythonPeer("PyArrow + pandas", "pandas_server.py")
FETCHMANY = PythonPeer("Python DuckDB fetchmany", "fetchmany_server.py")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
