"""Keeps small counts out of published figures, so that nobody can be told from them. Pure.

Each figure of a month is published as tables that add up to one total: by council, by provider, by kind. A count that
is small is withheld, and so are as many others as it takes that what is withheld cannot be worked out from the total:
neither its value, nor that it is small. The same holds for what is left of a figure when another that counts a part of
it is taken away. Months never overlap and are never added up, so there is nothing else to subtract.

That small counts are suppressed is asked for; which counts are small is policy of the deployment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

SMALL = 5
"""Counts from 1 to below this are withheld (policy of the deployment: no source prescribes a number)."""

Counts = Mapping[str, int]
"""A table: a count for each council, provider or kind."""

Shown = Mapping[str, int | None]
"""A table as it may be shown: None where a count is withheld."""


@dataclass(frozen=True, slots=True)
class Published:
    """A figure as it may be shown."""

    total: int | None
    tables: Mapping[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TablePart:
    """A figure that counts a part of another, with its counts as they are."""

    total: int
    tables: Mapping[str, Counts]


NO_PART = TablePart(0, {})


def publish(tables: Mapping[str, Counts], total: int, small: int = SMALL, part: TablePart = NO_PART) -> Published:
    """A figure's tables with what must be withheld withheld. Each table adds up to the total, or to more than it.

    `part` is the published figure that counts a part of this one. If a table cannot be shown without giving a small
    count away, the whole figure is withheld for the month.
    """
    withheld = {
        name: _withheld(counts, _left(counts, part.tables[name]) if name in part.tables else {}, small)
        for name, counts in tables.items()
    }
    given_away = _is_small(total, small) or _is_small(total - part.total, small)
    if given_away or None in withheld.values():
        return Published(
            None, {name: {key: None if value else 0 for key, value in one.items()} for name, one in tables.items()}
        )
    return Published(total, {name: _without(counts, withheld[name] or ()) for name, counts in tables.items()})


def publish_crossed(
    crossed: Mapping[str, Counts], rows: Shown, kinds: Shown, small: int = SMALL
) -> Mapping[str, Shown]:
    """A table of councils (or providers) by kinds, with what must be withheld withheld: whole rows.

    `rows` and `kinds` are its margins as they are published. Whoever knows the margins of the rows withheld knows that
    a count in them is at most the lesser of its two: that must reach up to what is not small.
    """
    if None in kinds.values():
        return {row: dict.fromkeys(counts) for row, counts in crossed.items()}
    withheld = {row for row, counts in crossed.items() if rows.get(row) is None or _any_small(counts, small)}
    rest = sorted(crossed.keys() - withheld, key=lambda row: (sum(crossed[row].values()), row))
    while _column_given_away(crossed, withheld, small):
        if not rest:
            return {row: dict.fromkeys(counts) for row, counts in crossed.items()}
        withheld.add(rest.pop(0))
    return {row: dict.fromkeys(counts) if row in withheld else counts for row, counts in crossed.items()}


def _withheld(counts: Counts, left: Counts, small: int) -> frozenset[str] | None:
    """The keys to withhold; None if withholding all of them is not enough. `left` is what a part leaves of each."""
    withheld = {key for key in counts if _is_small(counts[key], small) or _is_small(left.get(key, 0), small)}
    rest = sorted(counts.keys() - withheld, key=lambda key: (counts[key], key))
    rest = [key for key in rest if counts[key]]
    while withheld and not (_hidden(counts, withheld, small) and _left_hidden(left, withheld, small)):
        if not rest:
            return None
        withheld.add(rest.pop(0))
    return frozenset(withheld)


def _hidden(counts: Counts, withheld: Collection[str], small: int) -> bool:
    """Whether what is withheld cannot be worked out.

    Whoever knows the total knows what the withheld counts add up to, and that none of them is 0. Each may then be
    anything from 1 to that sum less one for each of the others: this must reach up to what is not small. A small count
    withheld alone never does.
    """
    together = sum(counts.get(key, 0) for key in withheld)
    return together - (len(withheld) - 1) >= small


def _left_hidden(left: Counts, withheld: Collection[str], small: int) -> bool:
    return not any(_is_small(left.get(key, 0), small) for key in withheld) or _hidden(left, withheld, small)


def _left(counts: Counts, part: Counts) -> Counts:
    return {key: count - part.get(key, 0) for key, count in counts.items()}


def _column_given_away(crossed: Mapping[str, Counts], withheld: Collection[str], small: int) -> bool:
    kinds = {kind for row in withheld for kind, count in crossed[row].items() if _is_small(count, small)}
    return any(sum(crossed[row].get(kind, 0) for row in withheld) < small for kind in kinds)


def _any_small(counts: Counts, small: int) -> bool:
    return any(_is_small(count, small) for count in counts.values())


def _is_small(count: int, small: int) -> bool:
    return 0 < count < small


def _without(counts: Counts, withheld: Collection[str]) -> Shown:
    return {key: None if key in withheld else count for key, count in counts.items()}
