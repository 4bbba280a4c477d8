"""Runs one contender and says what it cost: `meter.py SECONDS OUTPUT ERRORS COMMAND...` prints JSON.

It is a small process of its own, because Linux counts the memory of whoever forks a process into that process's peak.
After SECONDS the contender is killed, and `ended` is false.
"""
import json
import os
import signal
import sys
import time


def main(limit_s: float, output: str, errors: str, command: list[str]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    begin = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, flags, 0o644), (os.POSIX_SPAWN_OPEN, 2, errors, flags, 0o644)])
    killed = False

    def kill(*_: object) -> None:
        nonlocal killed
        killed = True
        os.kill(process, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.signal(signal.SIGTERM, kill)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    _, status, used = os.wait4(process, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(json.dumps({"process_s": time.perf_counter() - begin, "ended": not killed,
                      "exit": os.waitstatus_to_exitcode(status), "peak_bytes": used.ru_maxrss * 1024,
                      "cpu_s": used.ru_utime + used.ru_stime}))


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
