from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from benchmarks.matching.figures.kinds import Kind, kind_of
from benchmarks.matching.figures.shares import Score, Share
from benchmarks.matching.world.homes import HomeForm
from benchmarks.matching.world.rows import Label, Row
from schemas.codes import MatchLevel

AUTOMATIC: Final = frozenset({MatchLevel.CONFIRMED, MatchLevel.PROBABLE})
REVIEW: Final = frozenset({MatchLevel.POSSIBLE})
ALL_LEVELS: Final = AUTOMATIC | REVIEW


# True for the same number at another address, and the weight.
Rank = tuple[bool, float]


class Group(NamedTuple):
    kind: Kind
    style: str
    form: HomeForm


Fits = Callable[[Group], bool]


def every(_group: Group) -> bool:
    return True


class Truth:
    """Holds the label of each row, and the true pairs."""

    def __init__(self) -> None:
        self.entries: dict[str, Label] = {}
        self.notices: dict[str, Label] = {}
        self._noticed: dict[str, str] = {}

    def add(self, entries: Iterable[Row], notices: Iterable[Row]) -> None:
        self.entries.update((row.reference, row.label) for row in entries)
        for row in notices:
            self.notices[row.reference] = row.label
            self._noticed[row.label.home] = row.reference

    def pairs(self) -> Iterable[tuple[str, str]]:
        """Yield the references of the entry and the notice of each true pair."""
        for entry, label in self.entries.items():
            if label.home in self._noticed:
                yield entry, self._noticed[label.home]

    def is_pair(self, entry: str, notice: str) -> bool:
        return self.entries[entry].home == self.notices[notice].home

    def group(self, entry: str, notice: str) -> Group:
        label = self.entries[entry]
        return Group(kind_of(label, self.notices[notice]), label.style, label.form)


@dataclass
class Tally:
    """Counts found pairs by level and group, and by whether the pair is true."""

    truth: Truth
    true: Counter[Group] = field(default_factory=Counter)
    _found: Counter[tuple[MatchLevel, Group, bool]] = field(default_factory=Counter)
    # By the entry: what an officer's list shows of it, as its rank and whether it is true.
    _listed: dict[str, tuple[Rank, bool]] = field(default_factory=dict)
    # Entries whose own notice was found.
    rightly_found: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.true.update(self.truth.group(*pair) for pair in self.truth.pairs())

    def add(self, entry: str, notice: str, level: MatchLevel, rank: Rank = (False, 0.0)) -> None:
        right = self.truth.is_pair(entry, notice)
        self._found[level, self.truth.group(entry, notice), right] += 1
        if level in REVIEW:
            # Of equal ones the first stays.
            before = self._listed.get(entry)
            self._listed[entry] = (rank, right) if before is None or rank > before[0] else before
        if right:
            self.rightly_found.add(entry)

    def score(self, levels: Collection[MatchLevel], fits: Fits = every) -> Score:
        chosen = [
            (right, count) for (level, group, right), count in self._found.items() if level in levels and fits(group)
        ]
        return Score(
            right=sum(count for right, count in chosen if right),
            found=sum(count for _, count in chosen),
            true=count_of(self.true, fits),
        )

    def kinds(self) -> set[Kind]:
        return {group.kind for group in self.true} | {group.kind for _, group, _ in self._found}

    @property
    def rows_in_review(self) -> Share:
        return Share(len(self._listed), len(self.truth.entries))

    @property
    def true_in_list(self) -> Share:
        return Share(sum(right for _, right in self._listed.values()), len(self._listed))


def count_of(counts: Mapping[Group, int], fits: Fits = every) -> int:
    return sum(count for group, count in counts.items() if fits(group))
