"""All functions are pure."""

from __future__ import annotations

from datetime import date

# The switch-off was announced in 2017. Migrations are planned years ahead, not decades.
# A migration date outside these limits is a typing error.
EARLIEST, LATEST = date(2017, 1, 1), date(2040, 12, 31)


def is_plausible(day: date) -> bool:
    return EARLIEST <= day <= LATEST
