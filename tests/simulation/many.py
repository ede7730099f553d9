from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from services.runtime.logs import configure
from tests.simulation.run import FAULTS, month

# A run of the size of continuous integration must have each class of fault so often; a shorter run, in proportion.
LEAST, OF_MONTHS = 20, 40


@dataclass
class Totals:
    seed: int
    months: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    broken: dict[int, list[str]] = field(default_factory=dict)

    def add(self, seed: int, found: dict[str, Any]) -> None:
        self.months += 1
        self.faults.update(found["faults"])
        self.happened.update(found["happened"])
        if found["broken"]:
            self.broken[seed] = found["broken"]

    @property
    def too_rare(self) -> dict[str, int]:
        least = min(LEAST, LEAST * self.months // OF_MONTHS)
        return {name: self.faults[name] for name in FAULTS if self.faults[name] < least}

    @property
    def fine(self) -> bool:
        return not self.broken and not self.too_rare

    def save(self, path: Path) -> None:
        kept = {"seed": self.seed, "months": self.months, "faults": self.faults, "happened": self.happened}
        path.write_text(json.dumps({**kept, "broken": self.broken}, indent=1))

    @classmethod
    def resumed(cls, path: Path, seed: int | None) -> Totals:
        """Raises ValueError if the file belongs to another seed."""
        if not path.exists():
            return cls(new_seed() if seed is None else seed)
        kept = json.loads(path.read_text())
        if seed not in (None, kept["seed"]):
            raise ValueError(f"{path} has months of seed {kept['seed']}: leave out the seed, or name another file")
        broken = {int(name): found for name, found in kept["broken"].items()}
        return cls(kept["seed"], kept["months"], Counter(kept["faults"]), Counter(kept["happened"]), broken)

    def __str__(self) -> str:
        faults = "\n".join(f"  {self.faults[name]:>7,} {name}" for name in sorted(self.faults))
        happened = ", ".join(f"{count:,} {name}" for name, count in sorted(self.happened.items()))
        return f"{self.months} months of seed {self.seed}: {happened}\n{faults}"


def new_seed() -> int:
    return SystemRandom().randrange(10**6)


def seeds(seed: int, months: int) -> list[int]:
    """Return one seed for each month. A longer run begins with the seeds of a shorter run."""
    dice = Random(f"months {seed}")
    return [dice.randrange(10**9) for _ in range(months)]


def one_month(seed: int) -> dict[str, Any]:
    made = month(seed)
    happened = Counter(one.what.value for one in made.record)
    return {"faults": made.faults, "happened": happened, "broken": [str(one) for one in made.broken]}


def _without_warnings() -> None:
    # Every month has faults about which the product warns.
    configure("simulation", level="ERROR")


def simulated(those: Iterable[int], processes: int = 2) -> Iterator[tuple[int, dict[str, Any]]]:
    ordered = list(those)
    with ProcessPoolExecutor(processes, get_context("spawn"), _without_warnings) as pool:
        yield from zip(ordered, pool.map(one_month, ordered), strict=True)
