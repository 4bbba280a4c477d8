"""The functions that are measured: Eider's package and its peers in Python, each started as Lambda starts one."""
import contextlib
import dataclasses
import importlib.util
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from reading import chain
from support.runtime_api import Invocation, RuntimeApi

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
MEMORY_MB = 1769  # what comes with one whole processor
CONFIG = "{}"  # an eider.yaml that says nothing: what is looked up is measured apart


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    command: tuple[str, ...]
    folders: tuple[pathlib.Path, ...]  # what it is made of: a cold disk has none of it in memory
    environment: dict[str, str] = dataclasses.field(default_factory=dict)

    def forget(self) -> None:
        """Its files are no longer in memory, but for what others have mapped."""
        for folder in self.folders:
            for path in [folder] if folder.is_file() else folder.rglob("*"):
                if path.is_file():
                    file = os.open(path, os.O_RDONLY)
                    os.fsync(file)  # what is not written yet would stay
                    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                    os.close(file)


def eider(package: pathlib.Path, name: str = "Eider", **environment: str) -> Function:
    return Function(name, (str(package / "bootstrap"),), (package,), {"EIDER_CONFIG": CONFIG, **environment})


def peers() -> list[Function]:
    import duckdb_extension_httpfs  # noqa: PLC0415  what it brings is a file
    httpfs = next(pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
    python = pathlib.Path(sys.executable).resolve()

    def of(name: str, script: str, *packages: str, **environment: str) -> Function:
        homes = [pathlib.Path(importlib.util.find_spec(package).origin).parent for package in packages]
        return Function(name, (sys.executable, str(PEERS / script)), (python, *homes), environment)
    return [of("Python, DuckDB + pandas", "function_duckdb.py", "duckdb", "_duckdb", "pandas", "numpy",
               HTTPFS=str(httpfs)),
            of("Python, PyArrow", "function_pyarrow.py", "pyarrow", "numpy")]


class Started:
    """One process that asks `api`; `begun` is when it was started, by the clock of time.perf_counter."""

    def __init__(self, function: Function, api: RuntimeApi, endpoint: str, *, memory_mb: int = MEMORY_MB,
                 within: tuple[str, ...] = (), log: pathlib.Path) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TZ": ":UTC", **chain.credentials(),
                       "AWS_ENDPOINT_URL_S3": endpoint, "AWS_LAMBDA_RUNTIME_API": api.address,
                       "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb), "AWS_LAMBDA_FUNCTION_NAME": "bench",
                       "EIDER_LAKE": f"s3://{chain.BUCKET}", **function.environment}
        self._log = log
        command = [*within, *function.command]
        self.begun = time.perf_counter()
        self.process = os.posix_spawnp(command[0], command, environment, file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2)])

    def peak_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.process}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024

    def end(self) -> "Used":
        os.kill(self.process, signal.SIGKILL)
        _, _, used = os.wait4(self.process, 0)
        return Used(used.ru_utime + used.ru_stime, used.ru_majflt)

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


@dataclasses.dataclass(frozen=True)
class Used:
    cpu_s: float
    major_faults: int  # pages that had to come from the disk


class Timed(Invocation):
    """Knows when the first byte of its streamed body came; prelude and separator are the two chunks before it."""

    def __init__(self, event: dict) -> None:
        super().__init__(event, seconds=600)
        self.chunks = _Chunks()

    @property
    def first_byte(self) -> float:
        return self.chunks.third


class _Chunks(list):
    third = 0.0

    def append(self, size: int) -> None:
        super().append(size)
        if len(self) == 3:
            self.third = time.perf_counter()


def download(query: str) -> dict:
    return {"version": "2.0", "rawPath": "/large.csv", "rawQueryString": query, "headers": {"accept": "*/*"},
            "requestContext": {"domainName": "bench.lambda-url.us-east-1.on.aws", "http": {"method": "GET", "path": "/large.csv"}},
            "isBase64Encoded": False}


@contextlib.contextmanager
def limited(megabytes: int) -> Iterator[tuple[str, ...] | None]:
    """What a command begins with to run in a cgroup of so much memory; None where none can be made."""
    for parent, name in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = pathlib.Path(parent, f"eider-bench-{os.getpid()}")
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            try:
                (group / name).write_text(str(megabytes << 20))
            except OSError:
                yield None
                return
            yield ("/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$0" "$@"')
            return
        finally:
            subprocess.run(["rmdir", str(group)], check=False)
    yield None
