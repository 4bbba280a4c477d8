"""Contenders in turns: A B C, A B C; each verified before, unmeasured, and each run a cold process."""
import dataclasses
import pathlib
import tempfile
from collections.abc import Callable

from reading import truth
from reading.chain import Failure
from reading.contenders import Contender, Place, Run
from reading.shapes import Shape

VERIFY_LIMIT_S = 300
ENOUGH_S = 60  # a contender that has used so much of the bench's time in a case runs no third time


@dataclasses.dataclass
class Result:
    """The runs of one contender in one case; `rounds` says to which turn each belongs, for pairs."""
    contender: str
    runs: list[Run] = dataclasses.field(default_factory=list)
    rounds: list[int] = dataclasses.field(default_factory=list)

    @property
    def ended(self) -> bool:
        return bool(self.runs) and all(run.seconds is not None for run in self.runs)


@dataclasses.dataclass
class Case:
    """One shape at one latency."""
    shape: str
    title: str
    latency_ms: int
    limit_s: float
    results: list[Result]

    def of(self, contender: Contender) -> Result | None:
        """Its runs, when all of them ended."""
        return next((result for result in self.results if result.contender == contender.name and result.ended), None)


def verify(place: Place, key: str, shape: Shape, who: list[Contender]) -> None:
    for contender in who:
        with tempfile.TemporaryDirectory(prefix="eider-bench-") as made:
            folder = pathlib.Path(made)
            run = contender.run(place, key, shape, VERIFY_LIMIT_S, folder, keep=True)
            if run.seconds is None:
                raise Failure(f"{contender.name}: {shape.title} took more than {VERIFY_LIMIT_S} s without latency")
            if answer := contender.answer(folder):
                truth.check(contender.name, place.lake, shape, answer)


def measure(place: Place, key: str, shape: Shape, who: list[Contender], rounds: int, limit_s: float,
            say: Callable[[str], None]) -> Case:
    case = Case(key, shape.title, place.latency_ms, limit_s, [Result(contender.name) for contender in who])
    for number in range(rounds):
        for contender, result in zip(who, case.results):
            spent = sum(run.process_s for run in result.runs)
            if result.runs and (not result.ended or len(result.runs) > 1 and spent > ENOUGH_S):
                continue
            with tempfile.TemporaryDirectory(prefix="eider-bench-") as made:
                result.runs.append(contender.run(place, key, shape, limit_s, pathlib.Path(made)))
            result.rounds.append(number)
        say(f"{key} at {place.latency_ms} ms, round {number + 1} of {rounds}: " + ", ".join(
            f"{result.contender} {_seconds(result)}" for result in case.results))
    return case


def ratios(result: Result, base: Result, value: Callable[[Run], float]) -> list[float]:
    """Result over base, for the two of each round."""
    bases = dict(zip(base.rounds, base.runs))
    return [value(run) / value(bases[number]) for number, run in zip(result.rounds, result.runs) if number in bases]


def _seconds(result: Result) -> str:
    last = result.runs[-1]
    return "stopped" if last.seconds is None else f"{last.seconds:.2f}"
