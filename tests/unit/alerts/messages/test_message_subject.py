from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.codes import MatchLevel
from services.alerts.message.message import SUBJECT_LIMIT, render
from tests.unit.alerts.messages.digests import THURSDAY, a_case, a_digest, every_kind, mail, many


class TestSubject:
    def test_it_says_by_when_how_many_for_whom_and_which_alert(self) -> None:
        cases = tuple(a_case(reference=f"C-{n}") for n in range(4))
        assert mail(*cases).subject == "Act by Thu 3 December: 4 alarm lines will be switched (Blackpool) [A-3F9K-7PQ2]"

    def test_one_line_is_one_line(self) -> None:
        assert "1 alarm line will be switched" in mail().subject

    def test_a_date_in_another_year_carries_the_year(self) -> None:
        assert mail(a_case(harm_on=date(2027, 1, 28))).subject.startswith("Act by Thu 28 January 2027:")

    @pytest.mark.parametrize(
        ("days", "start"), [(0, "Act TODAY, Mon 30 November:"), (1, "Act by tomorrow, Tue 1 December:")]
    )
    def test_a_date_today_or_tomorrow_says_so(self, days: int, start: str) -> None:
        assert mail(a_case(harm_on=date(2026, 11, 30) + timedelta(days=days))).subject.startswith(start)

    def test_today_is_the_day_in_london_not_the_day_in_utc(self) -> None:
        late_in_summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
        message = render(a_digest(a_case(harm_on=date(2026, 7, 2))), late_in_summer)
        assert message.subject.startswith("Act TODAY, Thu 2 July:")

    @pytest.mark.parametrize(
        ("changes", "lead"),
        [
            ({"harm_on": date(2026, 11, 26)}, "OVERDUE since Thu 26 November: 1 alarm line not confirmed safe"),
            ({"state": "line_restricted"}, "URGENT: calls already restricted on 1 alarm line"),
            ({"state": "migrated_unconfirmed"}, "URGENT: 1 alarm line switched, alarm not confirmed"),
            ({"state": "reverted"}, "URGENT: 1 alarm line back on the old network, visit due"),
            ({"state": "migrated"}, "Test call due: 1 alarm line switched"),
            ({"restriction_on": THURSDAY}, "Act by Thu 3 December: 1 alarm line will be restricted"),
            ({"level": MatchLevel.POSSIBLE}, "Act by Thu 3 December: 1 alarm line may be switched"),
            ({"harm_on": None, "planned_on": None}, "Date not known: 1 alarm line will be switched"),
        ],
    )
    def test_it_leads_with_what_makes_the_case_urgent(self, changes: dict[str, Any], lead: str) -> None:
        assert mail(a_case(**changes)).subject == f"{lead} (Blackpool) [A-3F9K-7PQ2]"

    def test_the_worst_cases_lead_and_the_others_are_counted(self) -> None:
        subject = mail(*every_kind()).subject
        assert subject.startswith("URGENT: 1 alarm line switched, alarm not confirmed, 7 more at risk")

    def test_only_the_lines_of_the_first_date_are_said_to_go_that_day(self) -> None:
        subject = mail(*many(500)).subject
        assert subject.startswith("Act by Thu 3 December: 10 alarm lines will be switched, 490 more later")

    def test_a_reminder_says_which_it_is(self) -> None:
        assert mail(repeat_number=3, reason="repeat").subject.endswith("[A-3F9K-7PQ2, reminder 3]")

    def test_a_long_council_is_shortened_and_the_reference_kept_whole(self) -> None:
        subject = mail(*every_kind(), council="Bournemouth, Christchurch and Poole", repeat_number=12).subject
        assert len(subject) <= SUBJECT_LIMIT
        assert subject.endswith("...) [A-3F9K-7PQ2, reminder 12]")

    def test_it_never_grows_beyond_its_limit(self) -> None:
        old = [a_case(reference=f"C-{n}", harm_on=date(2025, 9, 17)) for n in range(999)]
        later = [a_case(reference=f"D-{n}") for n in range(999)]
        subject = mail(*old, *later, council="Bournemouth, Christchurch and Poole", repeat_number=99).subject
        assert len(subject) <= SUBJECT_LIMIT
        assert "reminder 99]" in subject

    def test_a_line_break_in_a_name_cannot_add_a_header(self) -> None:
        assert "\n" not in mail(council="Blackpool\r\nBcc: all").subject
