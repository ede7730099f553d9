from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.codes import MatchLevel
from services.alerts.message.message import AlertDigest, CaseLine, Message, render

NOW = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)
THURSDAY = date(2026, 12, 3)
LINK = "https://pullcord.example/a/kJ3vQ0n7rTzq8m2LwY5bXc1dF6gH9sPa"


def a_case(**changes: Any) -> CaseLine:
    case = CaseLine(
        reference="C-7K3M-2Q9P",
        level=MatchLevel.CONFIRMED,
        harm_on=THURSDAY,
        planned_on=THURSDAY,
        restriction_on=None,
        provider="Example Telecom",
        state="open",
        reason="first_alert",
    )
    return replace(case, **changes)


def a_digest(*cases: CaseLine, **changes: Any) -> AlertDigest:
    cases = cases or (a_case(),)
    digest = AlertDigest(
        reference="A-3F9K-7PQ2",
        council="Blackpool",
        threshold=7,
        reason="first_alert",
        tier="Telecare team inbox",
        cases=cases,
        counts_by_level={level: sum(case.level == level for case in cases) for level in MatchLevel},
        repeat_number=0,
        link=LINK,
        created_at=NOW,
        clock_note=None,
    )
    return replace(digest, **changes)


def mail(*cases: CaseLine, **changes: Any) -> Message:
    return render(a_digest(*cases, **changes), NOW)


def many(count: int) -> tuple[CaseLine, ...]:
    return tuple(
        a_case(reference=f"C-{index:04d}-ABCD", harm_on=THURSDAY + timedelta(days=index // 10))
        for index in range(count)
    )


def every_kind() -> tuple[CaseLine, ...]:
    week_ago = date(2026, 11, 23)
    return (
        a_case(reference="C-DATE-0001", level=MatchLevel.PROBABLE),
        a_case(reference="C-BARR-0001", harm_on=THURSDAY, restriction_on=THURSDAY, planned_on=date(2027, 1, 28)),
        a_case(reference="C-LATE-0001", harm_on=week_ago, planned_on=week_ago),
        a_case(reference="C-MOVD-0001", state="migrated_unconfirmed"),
        a_case(reference="C-REST-0001", state="line_restricted"),
        a_case(reference="C-BACK-0001", state="reverted"),
        a_case(reference="C-DONE-0001", state="migrated"),
        a_case(reference="C-NEVR-0001", harm_on=None, planned_on=None, level=MatchLevel.POSSIBLE),
    )
