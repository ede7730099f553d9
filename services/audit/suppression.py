"""Keeps small counts out of published figures, so that nobody can be told from them. Pure.

Each figure of a month is published as tables that add up to one total: by council, by provider, by kind. A count that
is small is withheld, and so are as many others as it takes that what is withheld cannot be worked out from the total:
neither its value, nor that it is small. Months never overlap and are never added up, so there is nothing else to
subtract.

That small counts are suppressed is asked for; which counts are small is policy of the deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SMALL = 5
"""Counts from 1 to below this are withheld (policy of the deployment: no source prescribes a number)."""

Counts = Mapping[str, int]
"""A table: a count for each council, provider or kind."""


@dataclass(frozen=True, slots=True)
class Published:
    """A figure as it may be shown: None where a count is withheld."""

    total: int | None
    tables: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)


def publish(tables: Mapping[str, Counts], total: int, small: int = SMALL) -> Published:
    """A figure's tables with what must be withheld withheld. Each table adds up to the total, or to more than it.

    If a table cannot be shown without giving a small count away, the whole figure is withheld for the month.
    """
    shown = {name: _withheld(counts, small) for name, counts in tables.items()}
    given_away = 0 < total < small or any(withheld is None for withheld in shown.values())
    if given_away:
        hidden = {name: {key: None if value else 0 for key, value in counts.items()} for name, counts in tables.items()}
        return Published(None, hidden)
    return Published(
        total,
        {
            name: {key: None if key in (shown[name] or ()) else value for key, value in counts.items()}
            for name, counts in tables.items()
        },
    )


def _withheld(counts: Counts, small: int) -> frozenset[str] | None:
    """The keys to withhold; None if withholding all of them is not enough.

    Whoever knows the total knows what the withheld counts add up to, and that none of them is 0. Each may then be
    anything from 1 to that sum less one for each of the others: this must reach up to what is not small.
    """
    withheld = {key for key, value in counts.items() if 0 < value < small}
    rest = sorted((key for key, value in counts.items() if value >= small), key=lambda key: (counts[key], key))
    while withheld and not _hidden(counts, withheld, small):
        if not rest:
            return None
        withheld.add(rest.pop(0))
    return frozenset(withheld)


def _hidden(counts: Counts, withheld: set[str], small: int) -> bool:
    together = sum(counts[key] for key in withheld)
    return len(withheld) > 1 and together - (len(withheld) - 1) >= small
