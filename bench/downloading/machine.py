"""Where it was measured, and with which versions."""
import importlib.metadata
import os
import pathlib
import platform
import subprocess
import time

PACKAGES = ("roapi", "datasette", "duckdb", "pyarrow", "pandas")
LAKE_PACKAGES = ("duckdb", "duckdb-extension-httpfs", "polars", "pyarrow", "chdb", "chdb-core", "datafusion")


def describe() -> dict[str, object]:
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next(int(line.split()[1]) * 1024 for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    release = dict(line.split("=", 1) for line in _lines("/etc/os-release") if "=" in line)
    return {"processor": cpu, "cores": os.cpu_count(), "memory_bytes": memory,
            "system": f"{release.get('PRETTY_NAME', '?').strip(chr(34))}, Linux {platform.release()}",
            "load_at_start": os.getloadavg()[0]}


def versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    return {"Eider": _eider(), "Python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages}}


def wait_until_quiet(limit_s: float) -> bool:
    """Whether the machine has less than a tenth of its processors busy over a second, within the limit."""
    end = time.monotonic() + limit_s
    while True:
        busy, total = _ticks()
        time.sleep(1)
        later_busy, later_total = _ticks()
        if later_busy - busy < 0.1 * (later_total - total):
            return True
        if time.monotonic() > end:
            return False


def _ticks() -> tuple[int, int]:
    fields = [int(field) for field in _lines("/proc/stat")[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def _eider() -> str:
    version = subprocess.run([os.environ["EIDER_BIN"], "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True,
                            cwd=pathlib.Path(__file__).parent).stdout.strip()
    return f"{version.removeprefix('eider ')} at {commit}" if commit else version


def _lines(path: str) -> list[str]:
    return pathlib.Path(path).read_text().splitlines()
