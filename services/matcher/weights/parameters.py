"""Weighs the evidence for a pair. All functions are pure.

The weight is the logarithm, to base 2, of the odds that notice and entry are of one home (Fellegi and Sunter, A Theory
for Record Linkage, 1969). At the weight 0, one home and two homes are equally likely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from services.core.texts import Closed
from services.matcher.addresses import Level
from services.matcher.weights.features import Alike, Features, Pattern

NEWEST: Final = "2026-11"
FOLDER: Final = files("services.matcher.weights") / "parameters"


class Parameters(Closed):
    # The name of the file without `.json`.
    name: str
    # From these weights on, a match is probable or possible. Below both, it is no match.
    probable_from: float
    possible_from: float
    # The odds before anything is compared, among pairs that share a token.
    prior: float
    telephones: Mapping[Alike, float]
    uprns: Mapping[Level, Mapping[Alike, float]]
    # The weight of each part of a pattern on its own, in the order of `Pattern`.
    parts: tuple[Mapping[str, float], ...]
    # By `pattern_key`. Parts depend on each other, so a pattern that is frequent enough has a weight of its own.
    patterns: Mapping[str, float]

    def weight(self, features: Features) -> float:
        pattern = self.patterns.get(pattern_key(features.pattern))
        if pattern is None:
            pattern = sum(weights.get(part, 0.0) for weights, part in zip(self.parts, features.pattern, strict=True))
        return round(self.prior + pattern + self._of_identifiers(features), 1)

    def knows(self, pattern: Pattern) -> bool:
        """Return False if too few pairs had the pattern. The weight is then a guess from the parts of the pattern."""
        return pattern_key(pattern) in self.patterns

    def _of_identifiers(self, features: Features) -> float:
        return self.telephones[features.telephones] + self.uprns[features.level][features.uprns]

    def weight_of_postcodes(self, postcodes: Alike) -> float:
        return self.parts[-1].get(postcodes, 0.0)

    def of_parts(self, pattern: Pattern) -> Iterator[tuple[str, float]]:
        """Yield the value and the weight of each part of the pattern."""
        for weights, part in zip(self.parts, pattern, strict=True):
            yield part, weights.get(part, 0.0)


def pattern_key(pattern: Pattern) -> str:
    return "/".join(pattern)


@cache
def load_parameters(name: str = NEWEST) -> Parameters:
    return Parameters.model_validate_json((FOLDER / f"{name}.json").read_bytes())
