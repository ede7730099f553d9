"""Profiles the roles with py-spy, at a hundred samples a second."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.distributed.environment.processes import STOPPING_SECONDS, Processes
from benchmarks.distributed.peers import THEIRS

# py-spy is in the peers' environment, because Pullcord itself does not need it.
SPY = THEIRS.with_name("py-spy")

# `--gil` samples only the thread that runs Python code, so that waiting threads do not count.
HOW = ("--format", "raw", "--nolineno", "--gil")

OURS = ("services/", "schemas/")


@dataclass
class Profile:
    samples: dict[str, Counter[str]] = field(default_factory=dict)

    def shares(self, role: str, most: int) -> Mapping[str, float]:
        """Map modules to their shares of the samples (0 to 1). Only the largest shares are returned, at most `most`."""
        counted = self.samples[role]
        return {name: count / counted.total() for name, count in counted.most_common(most)}


@contextmanager
def sampled(processes: Processes, into: Profile) -> Iterator[None]:
    spies: dict[Path, tuple[str, subprocess.Popen[bytes]]] = {}
    for role in processes.running:
        file = role.log.with_suffix(".stacks")
        command = [str(SPY), "record", "--pid", str(role.process.pid), "--output", str(file), *HOW]
        quiet = subprocess.DEVNULL
        spies[file] = role.name, subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        for file, (name, spy) in spies.items():
            # On SIGINT py-spy writes its file and ends.
            spy.send_signal(signal.SIGINT)
            spy.wait(STOPPING_SECONDS)
            into.samples.setdefault(name, Counter()).update(count_stacks(file.read_text()))


def count_stacks(text: str) -> Counter[str]:
    # py-spy prints one line for each stack: `frame;frame;frame count`.
    counted: Counter[str] = Counter()
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        counted[_innermost(stack.split(";"))] += int(count)
    return counted


def _innermost(frames: list[str]) -> str:
    # A frame is `function (path/of/file.py)`. A stack without a module of Pullcord is counted under its innermost
    # library.
    paths = [frame.rstrip(")").partition(" (")[2] for frame in reversed(frames)]
    ours = next((path for path in paths if path.startswith(OURS)), None)
    return ours or f"the library {paths[0].partition('/')[0]}"
