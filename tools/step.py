"""One step of ./dev: a command whose output goes to a log file, shown only when it fails."""
import os
import pathlib
import re
import subprocess
import sys
import time

LOGS = pathlib.Path(__file__).resolve().parent.parent / "build" / "log"
SHOWN_LINES = 60


class Failure(Exception):
    """Ends ./dev with its message and exit code 1."""


def say(message: str) -> None:
    print(message, flush=True)


def run(title: str, command: list, env: dict[str, str] | None = None, cwd: pathlib.Path | None = None,
        fine: tuple[int, ...] = (0,)) -> None:
    """Runs to the end; any exit code but the `fine` ones raises Failure. `env` is added to the environment."""
    log = LOGS / (re.sub(r"[^A-Za-z0-9.]+", "-", title).strip("-") + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"  {title} …", end="", flush=True)
    begin = time.monotonic()
    with log.open("w") as output:
        code = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, cwd=cwd).returncode
    say(f" {'done' if code in fine else 'FAILED'}, {time.monotonic() - begin:.1f} s")
    if code not in fine:
        lines = log.read_text(errors="replace").splitlines()
        sys.stdout.write("".join(f"    {line}\n" for line in lines[-SHOWN_LINES:]))
        raise Failure(f"{title} failed with exit code {code}; all of its output is in {log}")
