from __future__ import annotations

from services.audit.figures.counting import Counts, Dimension, add_counts
from services.audit.figures.figures import DEFINITIONS, Figure, Kind
from services.audit.figures.months import Month
from services.audit.figures.publishing import MonthShown, shown

NAMES = {"E06000009": "Blackpool", "W06000015": "Cardiff", "RAVN": "Raven Telecom", "HBRT": "Harbour <b>Telecom</b>"}


def a_month(month: Month, migrated: int, *, complete: bool = True) -> MonthShown:
    counts = Counts()
    for definition in DEFINITIONS:
        if definition.kind is not Kind.STOCK:
            counts[definition.figure.value, Dimension.TOTAL.value, ""] = 0
    for council, provider, factor in (("E06000009", "RAVN", 1), ("W06000015", "HBRT", 3)):
        add_counts(counts, Figure.MIGRATED_UNCONFIRMED, council, [provider], number=migrated * factor)
        add_counts(counts, Figure.POST_CHECKS_DUE, council, [provider], number=migrated * factor + 10)
        add_counts(counts, Figure.CASES_OPEN, council, [provider], "open", 30 * factor)
        add_counts(counts, Figure.CASES_OPEN, council, [provider], "acknowledged", 10 * factor)
        add_counts(counts, Figure.PAST_DATE_UNCONFIRMED, council, [provider], number=20 * factor)
        add_counts(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT, council, [provider], str(4 * factor), 20)
        add_counts(counts, Figure.HOLDS, council, [provider], "asked", 6)
    return MonthShown(month, shown(counts), complete)


MONTHS = [a_month(Month(2026, 9), 5), a_month(Month(2026, 10), 1), a_month(Month(2026, 11), 8)]
TO_DATE = [*MONTHS, a_month(Month(2026, 12), 6, complete=False)]
