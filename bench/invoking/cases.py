"""What `./dev bench lambda` measures. Functions take turns, so that what else the machine does falls upon all of them."""
import contextlib
import dataclasses
import os
import pathlib
import shutil
import time
from collections.abc import Callable, Iterator

from invoking import functions
from invoking.functions import Function, Started, Timed
from reading import chain
from support.runtime_api import RuntimeApi

FAR_MS = 30
SMALL_MB = 256
ORGANISATIONS = 100  # of the rows' 5 M, each the same number of them
PARTS = 4  # a stream of Lambda's has 200 MB at most, and all rows are 619 MB


class Failure(Exception):
    """An answer that makes the measurement worthless."""


@dataclasses.dataclass
class Start:
    """From exec to the first question for an invocation, in seconds, of each start."""
    warm_s: list[float] = dataclasses.field(default_factory=list)
    cold_s: list[float] = dataclasses.field(default_factory=list)
    cpu_s: list[float] = dataclasses.field(default_factory=list)  # of warm ones
    major_faults: list[int] = dataclasses.field(default_factory=list)  # of cold ones


def starts(functions_: list[Function], store: str, rounds: int, folder: pathlib.Path) -> dict[str, Start]:
    found = {function.name: Start() for function in functions_}
    for number in range(rounds + 1):  # the first brings everything into memory
        for function in functions_:
            took, used = _start(function, store, folder)
            if number:
                found[function.name].warm_s.append(took)
                found[function.name].cpu_s.append(used.cpu_s)
    return found


def cold_starts(functions_: list[Function], store: str, rounds: int, folder: pathlib.Path,
                found: dict[str, Start]) -> None:
    for _ in range(rounds):
        for function in functions_:
            function.forget()
            took, used = _start(function, store, folder)
            found[function.name].cold_s.append(took)
            found[function.name].major_faults.append(used.major_faults)


def _start(function: Function, store: str, folder: pathlib.Path) -> tuple[float, functions.Used]:
    with RuntimeApi() as api:
        started = Started(function, api, store, log=folder / "log")
        try:
            api.wait_until_asked(1)
            took = time.perf_counter() - started.begun
        finally:
            used = started.end()
        return took, used


@contextlib.contextmanager
def _running(function: Function, store: str, folder: pathlib.Path, *waiting: Timed,
             **how) -> Iterator[tuple[RuntimeApi, Started]]:
    with RuntimeApi() as api:
        for invocation in waiting:
            api.begin(invocation)
        started = Started(function, api, store, log=folder / "log", **how)
        try:
            yield api, started
        except AssertionError as failure:
            raise Failure(f"{function.name}: {failure} {api.violations}\n{started.said()}") from failure
        finally:
            started.end()


def first_bytes(functions_: list[Function], store: str, rounds: int, folder: pathlib.Path) -> dict[str, list[float]]:
    """From exec to the first byte of a download of a hundredth of 5 M rows, the invocation waiting from the start."""
    found: dict[str, list[float]] = {function.name: [] for function in functions_}
    sizes = set()
    for number in range(rounds):
        for function in functions_:
            invocation = Timed(functions.download(f"organisation_entity={number % ORGANISATIONS + 1}"))
            with _running(function, store, folder, invocation) as (_, started):
                invocation.wait()
                found[function.name].append(_first_byte(function, started, invocation))
                sizes.add(invocation.payload.count(b"\n"))
    if len(sizes) != 1:
        raise Failure(f"The functions do not answer the same rows: {sizes}")
    return found


def _first_byte(function: Function, started: Started, invocation: Timed) -> float:
    if invocation.kind != "stream" or invocation.trailers or not invocation.first_byte:
        raise Failure(f"{function.name}: {invocation.kind}: {invocation.payload[:500]!r}\n{started.said()}")
    return invocation.first_byte - started.begun


@dataclasses.dataclass
class Questions:
    """Of a function that is warm: seconds of each answer, and the requests that the store saw for it."""
    seconds: list[float]
    requests: float


def questions(function: Function, running: chain.Chain, rounds: int, folder: pathlib.Path) -> Questions:
    """`{"q"}` over other rows each time, of an object whose footer is known; seconds from begin to the whole answer."""
    with _running(function, running.endpoints[FAR_MS], folder) as (api, started):
        api.invoke(question(ORGANISATIONS - 1), 600)
        mark, took = running.mark(), []
        for number in range(rounds):
            api.wait_until_asked(number + 2)
            begun = time.perf_counter()
            answer = api.invoke(question(number), 600)
            took.append(time.perf_counter() - begun)
            if answer.kind == "error":
                raise Failure(f"{function.name}: {answer.payload[:500]!r}\n{started.said()}")
        return Questions(took, running.traffic_since(mark, FAR_MS).requests / rounds)


def question(number: int) -> dict:
    return {"q": "SELECT count(*) AS n, avg(latitude) AS mean FROM large "
                 f"WHERE organisation_entity = {number % ORGANISATIONS + 1}"}


@dataclasses.dataclass
class Whole:
    rows: int
    bytes: int
    seconds: float
    peak_bytes: int
    capped: bool  # in a cgroup of the function's memory


def whole(function: Function, store: str, folder: pathlib.Path, cap: bool) -> Whole:
    """All rows and columns as CSV from one function, in PARTS invocations one after another."""
    step = ORGANISATIONS // PARTS
    with functions.limited(SMALL_MB) if cap else contextlib.nullcontext() as within:
        how = {"within": within or (), "memory_mb": SMALL_MB if cap else functions.MEMORY_MB}
        with _running(function, store, folder, **how) as (api, started):
            rows = size = 0
            begun = time.perf_counter()
            for part in range(PARTS):
                invocation = Timed(functions.download(f"organisation_entity__gte={part * step + 1}"
                                                      f"&organisation_entity__lte={(part + 1) * step}"))
                api.begin(invocation).wait()
                _first_byte(function, started, invocation)
                rows += invocation.payload.count(b"\n") - 1
                size += len(invocation.payload)
            return Whole(rows, size, time.perf_counter() - begun, started.peak_bytes(), bool(within))


@dataclasses.dataclass
class Kind:
    """One kind of invocation, for what a million of them cost; seconds from exec where it is a start."""
    name: str
    streamed: bool
    seconds: list[float] = dataclasses.field(default_factory=list)
    gets: float = 0
    listings: float = 0
    bytes: int = 0  # of an answer


ONE_CORE = ("taskset", "--cpu-list", "0")


def costs(function: Function, running: chain.Chain, rounds: int, folder: pathlib.Path) -> list[Kind]:
    """On one core, cold and warm: a question, a hundredth of the rows, and a stream as long as they may be."""
    step = ORGANISATIONS // PARTS
    asks = [("a question, `{\"q\": …}`", False, lambda number: question(number)),
            ("1% of 5 M rows as CSV", True, lambda number: functions.download(f"organisation_entity={number + 1}")),
            ("25% of 5 M rows as CSV", True, lambda number: functions.download(
                f"organisation_entity__gte={number % PARTS * step + 1}&organisation_entity__lte={(number % PARTS + 1) * step}"))]
    found = []
    for name, streamed, event in asks:
        start, warm = Kind(f"{name}, the process started for it", streamed), Kind(f"{name}, a warm process", streamed)
        for _ in range(rounds):
            with _running(function, running.endpoints[FAR_MS], folder, within=ONE_CORE) as (api, started):
                _ask(start, api, event(0), running, started.begun)
                _ask(warm, api, event(1), running)
        found += [start, warm]
    for kind in found:
        kind.gets /= rounds
        kind.listings /= rounds
    return found


def _ask(kind: Kind, api: RuntimeApi, event: dict, running: chain.Chain, begun: float | None = None) -> None:
    """Adds one invocation to its kind."""
    mark = running.mark()
    begun = begun or time.perf_counter()
    answer = api.invoke(event, 600)
    kind.seconds.append(time.perf_counter() - begun)
    if answer.kind == "error" or answer.trailers:
        raise Failure(f"{kind.name}: {answer.error}")
    traffic = running.traffic_since(mark, FAR_MS)
    kind.gets += traffic.requests - traffic.listings
    kind.listings += traffic.listings
    kind.bytes = len(answer.payload)


@dataclasses.dataclass
class Stage:
    what: str
    seconds: list[float]


def stages(package: pathlib.Path, store: str, rounds: int, folder: pathlib.Path) -> list[Stage]:
    """What the start is made of: from the second on, each does all that the one before it does, and more."""
    lake = folder / "lake"
    lake.mkdir(exist_ok=True)
    local = dataclasses.replace(functions.eider(package), environment={"EIDER_LAKE": str(lake),
                                                                       "EIDER_CONFIG": functions.CONFIG})
    looked_up = functions.eider(package, EIDER_CONFIG="")
    as_it_came = folder / "as-it-came"
    shutil.copytree(package, as_it_came)
    shutil.copy(pathlib.Path(os.environ["EIDER_BIN"]).parent / "libduckdb.so", as_it_came / "lib")
    made: list[tuple[str, Callable[[], float]]] = [
        ("loader, libraries, relocations, main (DuckDB's library as it came)", lambda: _version(as_it_came)),
        ("the same, its references bound when it was packaged", lambda: _version(package)),
        ("a lake on disk: DuckDB's instance, first /next", lambda: _start(local, store, folder)[0]),
        ("a lake on S3: credentials, client", lambda: _start(functions.eider(package), store, folder)[0]),
        ("eider.yaml looked for on S3", lambda: _start(looked_up, store, folder)[0])]
    found = [Stage(what, []) for what, _ in made]
    for _ in range(rounds):
        for stage, (_, measure) in zip(found, made):
            stage.seconds.append(measure())
    return found


def _version(package: pathlib.Path) -> float:
    begun = time.perf_counter()
    process = os.posix_spawn(package / "bootstrap", ["bootstrap", "--version"], {}, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status = os.waitpid(process, 0)
    if status:
        raise Failure("bootstrap --version fails")
    return time.perf_counter() - begun
