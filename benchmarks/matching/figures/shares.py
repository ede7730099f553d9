"""All functions are pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

# For an interval that holds the true share in 95 of 100 samples.
_DEVIATIONS: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share of 0 in 0 is 0."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95% Wilson interval, which is valid also for small counts and for shares near 0 and 1."""
        if not self.of:
            return 0.0, 1.0
        square = _DEVIATIONS**2 / self.of
        middle = (self.value + square / 2) / (1 + square)
        half = _DEVIATIONS * sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of)) / (1 + square)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Score:
    """Counts the found pairs, the true pairs, and the pairs that are both (`right`)."""

    right: int
    found: int
    true: int

    @property
    def precision(self) -> Share:
        return Share(self.right, self.found)

    @property
    def recall(self) -> Share:
        return Share(self.right, self.true)

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 0.0
