"""The program as a Lambda function: started without arguments, with the environment that Lambda gives it."""
import signal
import subprocess

from support.eider_server import binary, clean_environment, sanitizer_reports
from support.program_log import ProgramLog
from support.raw_http import PATIENCE_SECONDS


class LambdaFunction:
    """A process that asks `api` for invocations. Leaving the context ends it by SIGTERM and expects a clean exit.

    `launch` is for subprocess.Popen; what else has a name is an environment variable.
    """

    def __init__(self, api, lake=None, *arguments, launch=None, **environment):
        lake = {} if lake is None else {"EIDER_LAKE": str(lake)}
        self.process = subprocess.Popen(
            [binary(), *map(str, arguments)],
            env=clean_environment(AWS_LAMBDA_RUNTIME_API=api.address + api.path, AWS_LAMBDA_FUNCTION_NAME="eider",
                                  **lake, **environment),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            **(launch or {}))
        self._log = ProgramLog(self.process.stderr)

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        if failed is None:
            assert not sanitizer_reports(self.log), self.log
            assert code == 0, f"exit code {code}:\n{self.log}"

    def wait(self):
        """The exit code. Kills a process that does not end, which is a failure."""
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none: it had to be killed"
        self._log.join()
        return code

    @property
    def log(self):
        return self._log.text

    def log_lines(self, event):
        return self._log.lines(event)
