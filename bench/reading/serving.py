"""Shape H: the large object, whole, as CSV through `eider serve` on the lake. The floor fetches the object."""
import json
import os
import pathlib
import subprocess
import sys

from downloading import client, servers
from downloading import truth as rows
from reading import chain, ranges
from reading.contenders import Contender, Floor, Place, Run
from reading.shapes import Shape

DATASET = "large"
SHAPE = Shape("the whole of a large object as CSV over HTTP", "large/large.parquet", "")


class _Server(servers.Kind):
    ready = "/readyz"

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def command(self, lake: object, port: int, folder: pathlib.Path) -> list:
        return [os.environ["EIDER_BIN"], "serve", "--lake", f"s3://{chain.BUCKET}/{SHAPE.folder}", "--endpoint",
                self._endpoint, "--listen", f"127.0.0.1:{port}"]


class EiderServe(Contender):
    """Time is the reader's, from before it connects; memory, CPU and requests are the server's, its start included."""

    def run(self, place: Place, shape_key: str, shape: Shape, limit_s: float, folder: pathlib.Path,
            keep: bool = False) -> Run:
        kind = _Server(place.endpoint)
        mark = place.chain.mark()
        with kind.running(None) as server:
            command = [sys.executable, client.__file__, server.url(kind.target(DATASET, {})),
                       *([folder / "answer.csv"] if keep else [])]
            try:
                output = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE,
                                        timeout=limit_s).stdout
            except subprocess.TimeoutExpired:
                output = None
            peak_bytes, cpu_s = server.peak_bytes(), server.cpu_s()
        traffic = place.chain.traffic_since(mark, place.latency_ms)
        if output is None:
            return Run(None, limit_s, peak_bytes, cpu_s, traffic, {})
        said = json.loads(output)
        if said["status"] != 200 or not said["whole"]:
            raise chain.Failure(f"{self.name}: the download answered {said}")
        return Run(said["total_s"], said["total_s"], peak_bytes, cpu_s, traffic, said)


EIDER = EiderServe("Eider")
FLOOR = Floor("floor", ranges.whole_objects)


def verify(place: Place, folder: pathlib.Path) -> None:
    EIDER.run(place, "H", SHAPE, 600, folder, keep=True)
    parquet = place.lake.objects / SHAPE.objects
    want, have = rows.expected(parquet, {}), rows.found(folder / "answer.csv", parquet)
    if want != have:
        raise chain.Failure(f"Eider: the download has {have}, but right is {want}")
