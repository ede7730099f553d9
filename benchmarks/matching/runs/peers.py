"""Runs other matching libraries (peers) on the same rows as Pullcord, each in its own Python environment."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.matching.figures.tally import Tally, Truth
from benchmarks.matching.peers.job import PAIRS
from benchmarks.matching.runs.row_files import RowFiles
from schemas.codes import MatchLevel

_ROOT: Final = Path(__file__).parents[3]
# Pairs less sure than this are not shown to a person.
_SHOWN_FROM: Final = 0.1


class PeersMissingError(Exception):
    """The Python environments of the peers are not set up."""


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    module: str
    # The folder in .tools/matching-peers.
    environment: str
    # From this probability on a pair counts as automatic. With this limit the F1 on the rows of seed 7 was best.
    automatic_from: float

    @property
    def python(self) -> Path:
        return _ROOT / ".tools" / "matching-peers" / self.environment / "bin" / "python"


PEERS: Final = (
    Peer("Splink", "splink_join", "splink", 0.99),
    Peer("uk_address_matcher", "address_join", "addresses", 0.9999),
)


@dataclass(frozen=True, slots=True)
class PeerRun:
    name: str
    tally: Tally
    seconds: float


def require_peers() -> None:
    """Raises PeersMissingError if a peer is not installed."""
    if not all(peer.python.exists() for peer in PEERS):
        raise PeersMissingError("run `make bench-matching`, which sets the peers up")


def run_peers(files: RowFiles, truth: Truth) -> Iterator[PeerRun]:
    """Raises CalledProcessError if a peer fails."""
    files.write_tables()
    for peer in PEERS:
        yield _run(peer, files.folder, truth)


def _run(peer: Peer, folder: Path, truth: Truth) -> PeerRun:
    command = [str(peer.python), "-m", f"benchmarks.matching.peers.{peer.module}", str(folder)]
    said = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    tally = Tally(truth)
    with (folder / PAIRS).open(newline="", encoding="utf-8") as file:
        for entry, notice, probability in csv.reader(file):
            if float(probability) >= _SHOWN_FROM:
                automatic = float(probability) >= peer.automatic_from
                tally.add(entry, notice, MatchLevel.PROBABLE if automatic else MatchLevel.POSSIBLE)
    return PeerRun(peer.name, tally, json.loads(said.stdout.splitlines()[-1])["seconds"])
