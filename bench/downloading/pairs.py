"""One request, several servers: each repetition starts each server anew, in turn, so that nothing kept is measured."""
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable

from downloading import client, data, servers, truth

CLIENT = pathlib.Path(client.__file__)


@dataclasses.dataclass(frozen=True)
class Ask:
    """What one contender is asked for. `prepare` is requested first in the same process, unmeasured."""
    label: str
    kind: servers.Kind
    dataset: str
    where: dict[str, object] = dataclasses.field(default_factory=dict)
    options: dict[str, object] = dataclasses.field(default_factory=dict)
    prepare: "Ask | None" = None

    @property
    def target(self) -> str:
        return self.kind.target(self.dataset, {**self.where, **self.options})


@dataclasses.dataclass
class Sample:
    first_byte_s: float
    total_s: float
    rows_per_s: float
    peak_bytes: int
    cpu_s: float
    client_cpu_s: float


@dataclasses.dataclass
class Result:
    label: str
    rows: int
    bytes: int
    source_order: bool | None
    samples: list[Sample] = dataclasses.field(default_factory=list)


def measure(lake: data.Lake, asks: list[Ask], rounds: int, say: Callable[[str], None]) -> list[Result]:
    """Verifies one answer of each contender against the Parquet file, then times `rounds` more of the same size."""
    results = [_verify(lake, ask) for ask in asks]
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for ask, result in zip(asks, results):
            result.samples.append(_time(lake, ask, result))
    return results


def fetch(server: servers.Server, ask: Ask, path: pathlib.Path | None = None) -> client.Answer:
    """Reads one answer in a process of its own."""
    command = [sys.executable, CLIENT, server.url(ask.target), path or "", *ask.kind.headers]
    output = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout
    answer = client.Answer(**json.loads(output))
    if answer.status != 200 or not answer.whole:
        raise servers.Failure(f"{ask.label}: {ask.target} answered {answer}")
    return answer


def _verify(lake: data.Lake, ask: Ask) -> Result:
    parquet = lake.path(ask.dataset)
    with tempfile.TemporaryDirectory(prefix="eider-bench-") as folder:
        csv = pathlib.Path(folder) / "answer.csv"
        with ask.kind.running(lake) as server:
            answer = fetch(server, ask, csv)
        want, have = truth.expected(parquet, ask.where), truth.found(csv, parquet)
        if want != have:
            raise servers.Failure(f"{ask.label}: {ask.target} gave {have}, but right is {want}")
        order = truth.in_source_order(csv, parquet) if "entity" in truth.columns(parquet) else None
    return Result(ask.label, want.count, answer.bytes, order)


def _time(lake: data.Lake, ask: Ask, result: Result) -> Sample:
    with ask.kind.running(lake) as server:
        if ask.prepare:
            fetch(server, ask.prepare)
        before = server.cpu_s()
        answer = fetch(server, ask)
        if answer.bytes != result.bytes:
            raise servers.Failure(f"{ask.label}: {answer.bytes} bytes, but {result.bytes} when it was verified")
        return Sample(answer.first_byte_s, answer.total_s, result.rows / answer.total_s, server.peak_bytes(),
                      server.cpu_s() - before, answer.cpu_s)
