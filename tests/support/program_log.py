"""What a program under test writes to stderr, complete at any time."""
import codecs
import json
import os
import select
import threading

from support.raw_http import PATIENCE_SECONDS


class ProgramLog:
    """Reads a pipe to its end in a thread; who asks for the text reads what waits in the pipe first.

    So a line that the program wrote before it answered is there for who has the answer.
    """

    def __init__(self, pipe):
        self._pipe = pipe
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self._ended = False
        self._grown = threading.Condition()
        os.set_blocking(pipe.fileno(), False)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self):
        with self._grown:
            self._drain()
            return self._text

    def lines(self, event):
        """The log's lines of this event, until now."""
        whole = self.text.rpartition("\n")[0].splitlines()
        lines = [json.loads(line) for line in whole if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def wait_for(self, find):
        """What find(text) finds first: not None, or whatever it says of the whole text when the program has gone."""
        with self._grown:
            self._grown.wait_for(lambda: self._ended or find(self._text) is not None, PATIENCE_SECONDS)
            return find(self._text)

    def join(self):
        """Until the pipe's end."""
        self._reader.join()

    def _read(self):
        while not self._ended:
            select.select([self._pipe], [], [])
            with self._grown:
                self._drain()

    def _drain(self):
        try:
            while not self._ended and (piece := os.read(self._pipe.fileno(), 65536)) is not None:
                self._ended = not piece
                self._text += self._decoder.decode(piece)
                self._grown.notify_all()
        except BlockingIOError:
            pass
