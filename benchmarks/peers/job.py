"""What a peer is told to do, and how it says how far it has come."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from threading import Event, Thread
from time import time

NOTICES, ENTRIES, MATCHES = "peer.notices", "peer.entries", "peer.matches"
FAUST = "faust-join"
PARTITIONS = 8
WARMING = 2 * PARTITIONS
"""Lines that come before the others: one for each partition of the two topics that are joined."""

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
        """As `arguments` wrote it."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--broker", required=True)
        parser.add_argument("--lines", type=int, required=True)
        parser.add_argument("--folder", required=True)
        parser.add_argument("--topics", nargs="*", default=())
        given = parser.parse_args()
        return cls(given.broker, given.lines, given.folder, tuple(given.topics))

    def arguments(self) -> list[str]:
        """What `from_command_line` reads."""
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
        Thread(target=self._tell, daemon=True).start()

    def begin(self) -> None:
        """Say that messages may come from now on, where that is before the first has been handled."""
        self.first = self.first or time()

    def count(self, lines: int = 1, matches: int = 0) -> None:
        """Note lines that were handled."""
        self.last = time()
        self.first = self.first or self.last
        self.handled += lines
        self.matches += matches

    def _tell(self) -> None:
        while not self._stop.wait(TELL_SECONDS):
            told = {"handled": self.handled, "matches": self.matches, "first": self.first, "last": self.last}
            print(json.dumps(told), flush=True)
