"""A program on a terminal of its own, as a person at a keyboard has it."""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from support.raw_http import PATIENCE_SECONDS


class Terminal:
    """Runs a command with all three streams on a new terminal; leaving the context ends what is left of it."""

    def __init__(self, command, environment, columns=80, rows=24):
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen([str(part) for part in command], stdin=theirs, stdout=theirs, stderr=theirs,
                                        env={**environment, "TERM": "xterm"}, preexec_fn=self._take_terminal)
        os.close(theirs)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.text = ""  # all that was shown
        self._seen = 0

    @staticmethod
    def _take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._ours)

    def type(self, keys):
        os.write(self._ours, keys.encode())

    def _read_on(self, until):
        ready, _, _ = select.select([self._ours], [], [], max(0, until - time.monotonic()))
        assert ready, f"nothing more came; shown so far:\n{self.text}"
        try:
            piece = os.read(self._ours, 65536)
        except OSError:  # the other side is closed
            piece = b""
        self.text += self._decode(piece)
        return bool(piece)

    def wait_for(self, pattern):
        """What came since the last such wait, up to what matches this regular expression."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not (found := re.search(pattern, self.text[self._seen:])):
            assert self._read_on(until), f"it ended ({self.process.wait(PATIENCE_SECONDS)}):\n{self.text}"
        begin, self._seen = self._seen, self._seen + found.end()
        return self.text[begin:self._seen]

    def wait(self):
        """The exit code."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._read_on(until):
            pass
        return self.process.wait(PATIENCE_SECONDS)
