"""Who reads the lake, each as a cold process, and what one run of it said and cost."""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable

from reading import chain, ranges
from reading.chain import Failure, Traffic
from reading.lake import Lake
from reading.shapes import Shape

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
METER = pathlib.Path(__file__).with_name("meter.py")


@dataclasses.dataclass
class Run:
    """`seconds` is from the first statement, `process_s` from the process's start; None: stopped at the limit."""
    seconds: float | None
    process_s: float
    peak_bytes: int
    cpu_s: float
    traffic: Traffic
    said: dict


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a run happens."""
    lake: Lake
    chain: chain.Chain
    latency_ms: int

    @property
    def endpoint(self) -> str:
        return self.chain.endpoints[self.latency_ms]


class Contender:
    def __init__(self, name: str) -> None:
        self.name = name

    def command(self, place: Place, shape_key: str, shape: Shape, folder: pathlib.Path, keep: bool) -> list:
        raise NotImplementedError

    def said(self, folder: pathlib.Path) -> dict:
        """What the contender printed, with its `seconds`."""
        return json.loads((folder / "output").read_text())

    def answer(self, folder: pathlib.Path) -> pathlib.Path | None:
        """The file that holds the rows, Arrow or CSV, after a run that kept them; None: it fetches and answers none."""
        return None

    def run(self, place: Place, shape_key: str, shape: Shape, limit_s: float, folder: pathlib.Path,
            keep: bool = False) -> Run:
        command = [sys.executable, METER, limit_s, folder / "output", folder / "errors",
                   *self.command(place, shape_key, shape, folder, keep)]
        environment = {**os.environ, **chain.credentials(), "AWS_ENDPOINT_URL_S3": place.endpoint}
        mark = place.chain.mark()
        metered = json.loads(subprocess.run([str(word) for word in command], check=True, env=environment,
                                            stdout=subprocess.PIPE).stdout)
        traffic = place.chain.traffic_since(mark, place.latency_ms)
        if metered["ended"] and metered["exit"] != 0:
            raise Failure(f"{self.name}, {shape_key} at {place.latency_ms} ms, ended with {metered['exit']}:\n"
                          + (folder / "errors").read_text(errors="replace")[-2000:])
        said = self.said(folder) if metered["ended"] else {}
        return Run(said.get("seconds"), metered["process_s"], metered["peak_bytes"], metered["cpu_s"], traffic, said)


class Eider(Contender):
    """Rows leave as CSV; `--stats` counts from the statement's start, after the lake is opened, to the last row."""

    def command(self, place: Place, shape_key: str, shape: Shape, folder: pathlib.Path, keep: bool) -> list:
        return [os.environ["EIDER_BIN"], "query", "--lake", f"s3://{chain.BUCKET}", "--endpoint", place.endpoint,
                "--stats", "--format", "csv", "--output", folder / "answer.csv" if keep else os.devnull,
                shape.sql.format(t=f"lake('{shape.objects}')")]

    def said(self, folder: pathlib.Path) -> dict:
        said = json.loads((folder / "errors").read_text().splitlines()[-1])
        return {"seconds": said["milliseconds"] / 1e3, **said}

    def answer(self, folder: pathlib.Path) -> pathlib.Path | None:
        return folder / "answer.csv"


class PythonPeer(Contender):
    def __init__(self, name: str, script: str) -> None:
        super().__init__(name)
        self._script = script

    def command(self, place: Place, shape_key: str, shape: Shape, folder: pathlib.Path, keep: bool) -> list:
        ask = {"endpoint": place.endpoint, "bucket": chain.BUCKET, "shape": shape_key, "objects": shape.objects,
               "sql": shape.sql, "columns": shape.columns, "where": shape.where, "limit": shape.limit}
        return [sys.executable, PEERS / self._script, json.dumps(ask), *([folder / "answer.arrow"] if keep else [])]

    def answer(self, folder: pathlib.Path) -> pathlib.Path | None:
        return folder / "answer.arrow"


class Floor(Contender):
    """Fetches and drops what is needed, and computes nothing: neither decompression nor an answer."""

    def __init__(self, name: str, plan: Callable[[Lake, Shape], str]) -> None:
        super().__init__(name)
        self._plan = plan

    def command(self, place: Place, shape_key: str, shape: Shape, folder: pathlib.Path, keep: bool) -> list:
        (folder / "plan").write_text(self._plan(place.lake, shape) + "\n")
        return [os.environ["EIDER_FLOOR"], f"s3://{chain.BUCKET}", folder / "plan"]


EIDER = Eider("Eider")
DUCKDB = PythonPeer("DuckDB + httpfs", "lake_duckdb.py")
PEERS_BY_KEY = {"duckdb": DUCKDB, "polars": PythonPeer("Polars", "lake_polars.py"),
                "pyarrow": PythonPeer("PyArrow", "lake_pyarrow.py"),
                "chdb": PythonPeer("ClickHouse (chdb)", "lake_chdb.py"),
                "datafusion": PythonPeer("DataFusion", "lake_datafusion.py")}
FLOOR = Floor("floor", ranges.at_once)
STEPS = Floor("floor, step by step", ranges.step_by_step)
ALL = {"eider": EIDER, **PEERS_BY_KEY, "floor": FLOOR, "steps": STEPS}
