from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.consent.kept import kept_facts
from services.alerts.review.consent.snapshot import Facts
from tests.unit.alerts.review.cases import ENTRY, NOW, RULES, case, reviewed


def believing(*lines: Line, entry: Entry = ENTRY, **changes: Any) -> Case:
    made = reviewed(case(**changes), *lines, entry=entry).case
    return replace(made, revision=made.revision + 1, last_alert_at=NOW - timedelta(minutes=1), last_threshold=14)


def kept(of: Case, *lines: Line, entry: Entry = ENTRY) -> Facts:
    return kept_facts(of, Facts(entry, lines), (RULES,))
