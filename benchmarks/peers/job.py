"""The job of a peer, and how the peer reports its progress."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from threading import Event, Thread
from time import time

NOTICES, ENTRIES, MATCHES = "peer.notices", "peer.entries", "peer.matches"
FAUST = "faust-join"
PARTITIONS = 8
# Lines that come before the others: one for each partition of the two topics that are joined.
WARMING = 2 * PARTITIONS

TELL_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """The broker, the number of lines, a folder for state, and the topics to read where that is the peer's choice."""

    broker: str
    lines: int
    folder: str
    topics: tuple[str, ...]

    @classmethod
    def from_command_line(cls) -> Job:
        parser = argparse.ArgumentParser()
        parser.add_argument("--broker", required=True)
        parser.add_argument("--lines", type=int, required=True)
        parser.add_argument("--folder", required=True)
        parser.add_argument("--topics", nargs="*", default=())
        given = parser.parse_args()
        return cls(given.broker, given.lines, given.folder, tuple(given.topics))

    def arguments(self) -> list[str]:
        numbers = ["--broker", self.broker, "--lines", str(self.lines), "--folder", self.folder]
        return [*numbers, "--topics", *self.topics]


class Progress:
    """Counts what was handled and prints it five times a second, a JSON object a line.

    `first` is when the first line came, `last` when the last so far was handled, in seconds of the system's clock.
    """

    def __init__(self) -> None:
        self.handled = self.matches = 0
        self.first = self.last = 0.0
        self._stop = Event()
        # A thread of its own: counting a message must cost next to nothing.
        Thread(target=self._tell, daemon=True).start()

    def begin(self) -> None:
        """Start the clock before the first message is handled, where messages may already arrive."""
        self.first = self.first or time()

    def count(self, lines: int = 1, matches: int = 0) -> None:
        self.last = time()
        self.first = self.first or self.last
        self.handled += lines
        self.matches += matches

    def _tell(self) -> None:
        while not self._stop.wait(TELL_SECONDS):
            told = {"handled": self.handled, "matches": self.matches, "first": self.first, "last": self.last}
            print(json.dumps(told), flush=True)
