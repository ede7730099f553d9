"""All functions are pure."""
# A reader could subtract published counts, so further counts are withheld.

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

# Counts from 1 to below this are withheld (our own choice: no source prescribes a number).
SMALL = 5

# A table: a count for each council, provider or kind.
Counts = Mapping[str, int]

# A table ready for publication. A withheld count is None.
Shown = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A withheld count is None."""

    total: int | None
    tables: Mapping[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TablePart:
    total: int
    tables: Mapping[str, Counts]


NO_PART = TablePart(0, {})


def publish_tables(
    tables: Mapping[str, Counts], total: int, small: int = SMALL, part: TablePart = NO_PART
) -> PublishedFigure:
    """Withhold enough counts that nobody can work out a count from 1 to `small` - 1."""
    # The counts of a table add up to `total` or more.
    withheld = {
        name: _withheld(counts, _left(counts, part.tables[name]) if name in part.tables else {}, small)
        for name, counts in tables.items()
    }
    # A reader knows the total and what remains without the part, so neither may be small.
    given_away = _is_small(total, small) or _is_small(total - part.total, small)
    if given_away or None in withheld.values():
        # Zeros stay: they reveal nobody, and a reader sees which keys exist.
        return PublishedFigure(
            None, {name: {key: None if value else 0 for key, value in one.items()} for name, one in tables.items()}
        )
    return PublishedFigure(total, {name: _without(counts, withheld[name] or ()) for name, counts in tables.items()})


def publish_crossed(
    crossed: Mapping[str, Counts], rows: Shown, kinds: Shown, small: int = SMALL
) -> Mapping[str, Shown]:
    """Publish a table of councils or providers by kind.

    Each row is published or withheld as a whole. `rows` and `kinds` are the published totals.
    """
    # With a hidden column total no row can be judged, so all rows are withheld.
    if None in kinds.values():
        return {row: dict.fromkeys(counts) for row, counts in crossed.items()}
    withheld = {row for row, counts in crossed.items() if rows.get(row) is None or _any_small(counts, small)}
    # Smallest rows first, so that as little as possible is lost. The key makes the order stable.
    rest = sorted(crossed.keys() - withheld, key=lambda row: (sum(crossed[row].values()), row))
    while _column_given_away(crossed, withheld, small):
        if not rest:
            return {row: dict.fromkeys(counts) for row, counts in crossed.items()}
        withheld.add(rest.pop(0))
    return {row: dict.fromkeys(counts) if row in withheld else counts for row, counts in crossed.items()}


def _withheld(counts: Counts, left: Counts, small: int) -> frozenset[str] | None:
    # `left` holds each count less the same count of the part. A reader can compute it.
    withheld = {key for key in counts if _is_small(counts[key], small) or _is_small(left.get(key, 0), small)}
    rest = sorted(counts.keys() - withheld, key=lambda key: (counts[key], key))
    # Withholding a zero hides nothing.
    rest = [key for key in rest if counts[key]]
    while withheld and not (_hidden(counts, withheld, small) and _left_hidden(left, withheld, small)):
        if not rest:
            return None
        withheld.add(rest.pop(0))
    return frozenset(withheld)


def _hidden(counts: Counts, withheld: Collection[str], small: int) -> bool:
    # One withheld count is at most the sum, minus 1 for each of the others. This maximum must not be small.
    together = sum(counts.get(key, 0) for key in withheld)
    return together - (len(withheld) - 1) >= small


def _left_hidden(left: Counts, withheld: Collection[str], small: int) -> bool:
    # Without a small remainder nothing needs hiding here.
    return not any(_is_small(left.get(key, 0), small) for key in withheld) or _hidden(left, withheld, small)


def _left(counts: Counts, part: Counts) -> Counts:
    return {key: count - part.get(key, 0) for key, count in counts.items()}


def _column_given_away(crossed: Mapping[str, Counts], withheld: Collection[str], small: int) -> bool:
    # Only kinds with a small count among the withheld rows are at risk.
    kinds = {kind for row in withheld for kind, count in crossed[row].items() if _is_small(count, small)}
    return any(sum(crossed[row].get(kind, 0) for row in withheld) < small for kind in kinds)


def _any_small(counts: Counts, small: int) -> bool:
    return any(_is_small(count, small) for count in counts.values())


def _is_small(count: int, small: int) -> bool:
    return 0 < count < small


def _without(counts: Counts, withheld: Collection[str]) -> Shown:
    return {key: None if key in withheld else count for key, count in counts.items()}
