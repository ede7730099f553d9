"""Checks that a date can be meant, where a typing error would do harm. Pure."""

from __future__ import annotations

from datetime import date

# The switch-off was announced in 2017, and modernisation programmes are planned years ahead, not decades.
# A migration outside these dates is a typing error.
EARLIEST, LATEST = date(2017, 1, 1), date(2040, 12, 31)


def is_plausible(day: date) -> bool:
    """Return True if the date can be meant as a migration, the end of a hold or a visit."""
    return EARLIEST <= day <= LATEST
