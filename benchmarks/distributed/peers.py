"""Measures peers. A peer is another streaming library that joins notices with register entries."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

from benchmarks.distributed.environment.ground import Ground, WrongMatchesError
from benchmarks.distributed.environment.groups import wait_for_group
from benchmarks.distributed.environment.processes import STOPPING_SECONDS, WORDS_SHOWN, until
from benchmarks.peers.job import FAUST as FAUST_GROUP
from benchmarks.peers.job import WARMING, Job
from benchmarks.world import SHARE_NOTICED

ROOT = Path(__file__).parents[2]
# The Python interpreter of the environment of benchmarks/peers.
THEIRS = ROOT / ".tools" / "peers" / "bin" / "python"

OURS = Path(sys.executable)
JOINING_SECONDS = 300.0
TOLD = "told.jsonl"


class PeersMissingError(Exception):
    """The Python environment of the peers is not set up."""


@dataclass(frozen=True)
class Peer:
    module: str
    group: str
    python: Path


FAUST, QUIX, FLOOR = (
    Peer("faust_join", FAUST_GROUP, OURS),
    Peer("quix_join", "quix", THEIRS),
    Peer("floor", "", THEIRS),
)


@dataclass(frozen=True)
class JoinResult:
    # `seconds` is the time for all lines.
    lines: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.lines / self.seconds


def join(ground: Ground, peer: Peer, lines: int, workers: int) -> JoinResult:
    """Measure how long a peer takes to join notices and register entries.

    Raises PeersMissingError if the peers are not installed. Raises TimeoutError or WrongMatchesError if the join fails.
    """
    # A few lines come first, and are not counted.
    if not THEIRS.exists():
        raise PeersMissingError("run `make bench-distributed`, which sets the peers up")
    ground.empty_broker()
    folder = ground.folder / f"{peer.module}-{workers}"
    with _feed(ground, lines) as feed, _workers(ground, peer, lines, folder, workers):
        wait_for_group(ground.broker.address, peer.group, workers)
        _wait_for(folder, WARMING)
        # The start is read from the system's clock, like the end, which other processes report.
        released = time()
        # The call also waits until the broker has every message.
        feed.communicate(b"go\n")
        _wait_for(folder, WARMING + lines)
    _check(folder, lines)
    return JoinResult(lines, max(one["last"] for one in _told(folder)) - released)


def consume(ground: Ground, topics: tuple[str, ...], lines: int, name: str) -> JoinResult:
    """Measure the time to read the topics without a join. Raises TimeoutError if the reading takes too long."""
    folder = ground.folder / name
    with _workers(ground, FLOOR, lines, folder, 1, topics):
        _wait_for(folder, lines)
    (told,) = _told(folder)
    return JoinResult(lines, told["last"] - told["first"])


@contextmanager
def _feed(ground: Ground, lines: int) -> Iterator[subprocess.Popen[bytes]]:
    # The feed makes the topics at once, and fills them after a line on its standard input.
    job = Job(ground.broker.address, lines, str(ground.folder), ())
    command = [str(THEIRS), "-m", "benchmarks.peers.feed", *job.arguments()]
    feed = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if feed.stdout is None or feed.stdout.readline() != b"ready\n":
            raise RuntimeError("the feed of the peers did not start")
        yield feed
    finally:
        _stop(feed)


@contextmanager
def _workers(
    ground: Ground, peer: Peer, lines: int, folder: Path, count: int, topics: tuple[str, ...] = ()
) -> Iterator[None]:
    running: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            job = Job(ground.broker.address, lines, str(folder / str(number)), topics)
            running.append(_start(peer, job))
        yield
    finally:
        for process in running:
            _stop(process)


def _start(peer: Peer, job: Job) -> subprocess.Popen[bytes]:
    folder = Path(job.folder)
    folder.mkdir(parents=True)
    command = [str(peer.python), "-m", f"benchmarks.peers.{peer.module}", *job.arguments()]
    with (folder / TOLD).open("wb") as told, (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=told, stderr=log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(folder: Path, lines: int) -> None:
    try:
        until(lambda: _handled(folder) >= lines, JOINING_SECONDS, f"{lines} lines at {folder.name}")
    except TimeoutError as error:
        error.add_note(f"{folder.name} has handled {_handled(folder)} lines")
        for log in folder.glob("*/log"):
            error.add_note(f"{folder.name} said last: {log.read_text()[-WORDS_SHOWN:]}")
        raise


def _check(folder: Path, lines: int) -> None:
    # Every noticed number of the register must have been found once.
    # A third of the lines are entries. A fixed share of the entries has a notice under the same number.
    found, called_for = sum(one["matches"] for one in _told(folder)), int(lines // 3 * SHARE_NOTICED)
    if found != called_for:
        raise WrongMatchesError(f"{folder.name} found {found:.0f} pairs, where {called_for} are called for")


def _handled(folder: Path) -> int:
    return int(sum(one["handled"] for one in _told(folder)))


def _told(folder: Path) -> Sequence[dict[str, float]]:
    # A worker may be writing its last line, so only complete lines count.
    said = (path.read_text().split("\n")[:-1] for path in folder.glob(f"*/{TOLD}"))
    return [json.loads(lines[-1]) for lines in said if lines]
