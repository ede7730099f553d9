from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from threading import Event, Thread
from time import time

NOTICES, ENTRIES, MATCHES = "peer.notices", "peer.entries", "peer.matches"
FAUST = "faust-join"
PARTITIONS = 8
# Warm-up lines: one for each partition of the two topics that are joined.
WARMING = 2 * PARTITIONS

TELL_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    broker: str
    lines: int
    # The peer keeps its state here.
    folder: str
    # Only the floor needs topics.
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
    """Prints the counts of lines and matches five times a second.

    Each output also has the start and the latest time of the measurement.
    """

    # `first` and `last` are times in seconds.

    def __init__(self) -> None:
        self.handled = self.matches = 0
        self.first = self.last = 0.0
        self._stop = Event()
        # Printing has a thread of its own, so that counting a message costs almost nothing.
        Thread(target=self._tell, daemon=True).start()

    def begin(self) -> None:
        """Start the measurement now. Otherwise, the first call of `count` starts the measurement."""
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
