"""The program under test, run as its users run it: one verb to its end, or `serve` until the test is over."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

import requests

from support.program_log import ProgramLog
from support.raw_http import PATIENCE_SECONDS

SERVING = re.compile(r"(?m)^eider: serving \d+ datasets? of .* at (https?://[0-9.]+:(\d+)/)\n")
SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error: ")

# What a developer's shell may hold must not decide a test.
STRAY_VARIABLES = re.compile(r"AWS_|EIDER_(?!EXTENSIONS$)|DATASET_BUCKET$|https?_proxy$|HTTPS?_PROXY$|TE?MP(DIR)?$")


def binary():
    return os.environ["EIDER_BIN"]


def extension_folder():
    """Where ./dev has put DuckDB's extensions."""
    return pathlib.Path(os.environ["EIDER_EXTENSIONS"])


def clean_environment(**changes):
    kept = {name: value for name, value in os.environ.items() if not STRAY_VARIABLES.match(name)}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", **{name: str(value) for name, value in changes.items()}}


def sanitizer_reports(text):
    return [line for line in text.splitlines() if any(report in line for report in SANITIZER_REPORTS)]


def run(*arguments, cwd=None, **environment):
    """Runs a verb to its end; its output is bytes, its errors are text."""
    done = subprocess.run([binary(), *map(str, arguments)], cwd=cwd, env=clean_environment(**environment),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS)
    done.stderr = done.stderr.decode()
    assert not sanitizer_reports(done.stderr), done.stderr
    assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.stderr}"
    return done


class EiderServer:
    """`eider serve` on a free port of 127.0.0.1. Leaving the context stops it and expects a clean exit.

    `launch` is for subprocess.Popen; what else has a name is an environment variable.
    """

    def __init__(self, lake, *options, launch=None, **environment):
        lake_options = [] if lake is None else ["--lake", str(lake)]
        listen = [] if "--listen" in options else ["--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [binary(), "serve", *lake_options, *listen, *map(str, options)],
            env=clean_environment(**environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, **(launch or {}))
        self.url = self.port = None
        self.trusted = True  # or the file of the certificate to trust instead
        self._log = ProgramLog(self.process.stderr)

    def __enter__(self):
        assert self._serves(), f"it does not serve:\n{self.log}"
        return self

    def __exit__(self, failed, *_):
        if self.process.poll() is None:
            self.terminate()
        code = self.wait()
        if failed is None:
            assert not sanitizer_reports(self.log), self.log
            assert code == 0, f"exit code {code}:\n{self.log}"

    def refusal(self):
        """What it says instead of serving, and its exit code; stops it and answers None when it serves."""
        with contextlib.ExitStack() as stack:
            if self._serves():
                stack.enter_context(self)
                return None
        return self.wait(), self.log

    @property
    def log(self):
        """What it has written to stderr until now."""
        return self._log.text

    def wait_for_log(self, word):
        """The last line that holds this word; waits for the first one."""
        found = self._log.wait_for(
            lambda text: next((line for line in reversed(text.splitlines()) if word in line), None))
        assert found, self.log
        return found

    def log_lines(self, event):
        """The log's lines of this event, until now."""
        return self._log.lines(event)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Answers the exit code. Kills a process that does not end, which is a failure."""
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none: it had to be killed"
        self._log.join()
        return code

    def get(self, path, **headers):
        """The response as it came: no coding unless a header asks for one. `accept_encoding=…` is Accept-Encoding."""
        return self.request("GET", path, **headers)

    def post(self, path, content, stream=False, **headers):
        """Posts `content` as JSON."""
        return self.request("POST", path, stream, json.dumps(content), content_type="application/json", **headers)

    def request(self, method, path, stream=False, data=None, **headers):
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return requests.request(method, self.url.rstrip("/") + path, timeout=PATIENCE_SECONDS, stream=stream, data=data,
                                verify=self.trusted, headers={"Accept-Encoding": "identity", "Accept": "*/*", **named})

    def metric(self, name):
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        raise AssertionError(f"/metrics has no {name}")

    def memory_bytes(self):
        """Of the process, resident. Under a sanitizer it says nothing about the program, and is 0."""
        if os.environ.get("EIDER_SANITIZER"):
            return 0
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def _serves(self):
        """Waits until it serves or has gone."""
        if serving := self._log.wait_for(SERVING.search):
            self.url, self.port = serving[1], int(serving[2])
        return bool(serving)
