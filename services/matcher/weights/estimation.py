"""Estimates parameters from pairs of records. Only a few of the pairs are known to be true or false.

The method is expectation maximisation, as in Winkler, Using the EM Algorithm for Weight Computation in the
Fellegi-Sunter Model of Record Linkage, 2000. Most pairs that share a token are neighbours. Without some known pairs,
the method would separate houses from flats, and not true pairs from false pairs.

All functions are pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log2
from typing import Final, NamedTuple, TypeVar

from services.matcher.addresses import Level
from services.matcher.weights.features import Alike, Features, Pattern
from services.matcher.weights.parameters import Parameters, pattern_key

T = TypeVar("T", bound=Hashable)

_ROUNDS: Final = 60
# The share of true pairs with which the estimation begins. The result hardly depends on it.
_FIRST_GUESS: Final = 0.3
_SMALLEST: Final = 0.5
# A pattern counts as if it had this many more pairs with the weight of its parts.
_OF_PARTS: Final = 4.0
# A rarer pattern has no weight of its own in the file.
_RAREST: Final = 5
_IDENTIFIERS: Final = (Alike.SAME, Alike.DIFFER, Alike.MISSING)


class Known(StrEnum):
    TRUE = "true"  # same number at an address that does not clash
    FALSE = "false"  # addresses that clash, or both records have their true partner elsewhere
    UNKNOWN = "unknown"


class Example(NamedTuple):
    features: Features
    known: Known


@dataclass(frozen=True, slots=True)
class _Shares:
    """The share of each value among the true pairs, or among the false pairs."""

    of_pattern: Callable[[Pattern], float]
    of_parts: tuple[Mapping[str, float], ...]
    telephones: Mapping[Alike, float]
    uprns: Mapping[Level, Mapping[Alike, float]]

    def likelihood(self, features: Features, *, with_telephones: bool) -> float:
        number = self.telephones[features.telephones] if with_telephones else 1.0
        return self.of_pattern(features.pattern) * number * self.uprns[features.level][features.uprns]


def estimate(examples: Mapping[Example, int], name: str, *, probable_from: float, possible_from: float) -> Parameters:
    belief = {one: {Known.TRUE: 1.0, Known.FALSE: 0.0, Known.UNKNOWN: _FIRST_GUESS}[one.known] for one in examples}
    values = [sorted({one.features.pattern[place] for one in examples}) for place in range(len(Pattern._fields))]
    for number in range(_ROUNDS):
        # The first round learns from the known pairs alone. Their numbers are what they are known by.
        first = number == 0
        used = [one for one in examples if one.known is not Known.UNKNOWN] if first else list(examples)
        true_pairs = {one: belief[one] * examples[one] for one in used}
        false_pairs = {one: (1 - belief[one]) * examples[one] for one in used}
        share = sum(true_pairs.values()) / (sum(true_pairs.values()) + sum(false_pairs.values()))
        true, false = _shares(true_pairs, values), _shares(false_pairs, values)
        for one in examples:
            if one.known is Known.UNKNOWN:
                for_it = share * true.likelihood(one.features, with_telephones=not first)
                against = (1 - share) * false.likelihood(one.features, with_telephones=not first)
                belief[one] = for_it / (for_it + against)
    counts: Counter[Pattern] = Counter()
    for one, count in examples.items():
        counts[one.features.pattern] += count
    return Parameters(
        name=name,
        probable_from=probable_from,
        possible_from=possible_from,
        prior=_bits(share, 1 - share),
        telephones=_weights(true.telephones, false.telephones),
        uprns={level: _weights(true.uprns[level], false.uprns[level]) for level in Level},
        parts=tuple(map(_weights, true.of_parts, false.of_parts)),
        patterns={
            pattern_key(pattern): _bits(true.of_pattern(pattern), false.of_pattern(pattern))
            for pattern, count in sorted(counts.items())
            if count >= _RAREST
        },
    )


def _shares(pairs: Mapping[Example, float], values: list[list[str]]) -> _Shares:
    total = sum(pairs.values())
    patterns = _counted((one.features.pattern, count) for one, count in pairs.items())
    parts = tuple(
        _smoothed(_counted((one.features.pattern[place], count) for one, count in pairs.items()), known)
        for place, known in enumerate(values)
    )
    levels = {
        level: _counted((one.features.uprns, count) for one, count in pairs.items() if one.features.level is level)
        for level in Level
    }

    def of_pattern(pattern: Pattern) -> float:
        alone = 1.0
        for shares, part in zip(parts, pattern, strict=True):
            alone *= shares[part]
        return (patterns.get(pattern, 0.0) + _OF_PARTS * alone) / (total + _OF_PARTS)

    return _Shares(
        of_pattern,
        parts,
        _smoothed(_counted((one.features.telephones, count) for one, count in pairs.items()), _IDENTIFIERS),
        {level: _smoothed(found, _IDENTIFIERS) for level, found in levels.items()},
    )


def _counted(found: Iterable[tuple[T, float]]) -> dict[T, float]:
    counts: dict[T, float] = {}
    for value, count in found:
        counts[value] = counts.get(value, 0.0) + count
    return counts


def _smoothed(counts: Mapping[T, float], values: Iterable[T]) -> dict[T, float]:
    known = list(values)
    total = sum(counts.values()) + _SMALLEST * len(known)
    return {value: (counts.get(value, 0.0) + _SMALLEST) / total for value in known}


def _weights(true: Mapping[T, float], false: Mapping[T, float]) -> dict[T, float]:
    return {value: _bits(true[value], false[value]) for value in true}


def _bits(true: float, false: float) -> float:
    return round(log2(true / false), 1)
