"""What every bench does beside measuring: says how far it is, keeps what a complete run has found, and ends."""
import dataclasses
import json
import pathlib
import sys
from collections.abc import Callable

BENCH = pathlib.Path(__file__).resolve().parents[1]
LOUD = "The machine is busy with other work: these numbers say little."


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def keep(name: str, run: dict, page: str, text: str, indent: int | None = 1) -> None:
    """Writes bench/results/NAME-DATE.json and bench/PAGE."""
    folder = BENCH / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}-{run['date']}.json").write_text(json.dumps(_plain(run), indent=indent) + "\n")
    (BENCH / page).write_text(text)


def end(name: str, main: Callable[[], int], *failures: type[Exception]) -> None:
    """Runs it; what it foresees to fail is one line and no stack."""
    try:
        sys.exit(main())
    except failures as failure:
        print(f"./dev bench {name}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _plain(value: object) -> object:
    """For JSON; microseconds are enough."""
    if dataclasses.is_dataclass(value):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
