"""Which days can be meant, where a slip of the keyboard would do harm. Pure."""

from __future__ import annotations

from datetime import date

EARLIEST, LATEST = date(2017, 1, 1), date(2040, 12, 31)
"""A migration outside these is a slip of the keyboard: the switch-off was announced in 2017, and modernisation
programmes are planned years ahead, not decades."""


def is_plausible(day: date) -> bool:
    """Whether the day of a migration, of a hold's end or of a visit can be meant."""
    return EARLIEST <= day <= LATEST
