from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.clock import LONDON
from services.core.days.working_days import Nation, is_working_day, one_working_day_after
from services.ingest.recording.refused import rows
from services.ingest.recording.replacement import Replacement
from services.runtime.gauges.store import count_refused_overdue
from services.storage.feeds import add_feed
from services.storage.tables import refused_rows
from tests.support.deployment import Deployment
from tests.support.ledger import count

OPERATOR = "mailto://operator.example"
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
LINE = {"cli": "01632 960123", "planned_migration_date": "2027-03-03"}
FAULTY = {"id": "n1", **LINE, "status": "not a status"}
ENTRY = {"entry_id": "e1", "cli": "01632 960555"}


@pytest.fixture
def monday(deployment: Deployment) -> Deployment:
    deployment.clock.set(MONDAY)
    return deployment


def raised(deployment: Deployment) -> list[str]:
    deployment.tick(seconds=1)
    return [sent.message.text for sent in deployment.mails() if sent.route == OPERATOR]


def test_it_is_raised_one_working_day_later_with_sender_submission_and_row(monday: Deployment) -> None:
    receipt, _ = monday.post_notices({"id": "n0", **LINE}, FAULTY)
    monday.tick(hours=23)
    assert raised(monday) == []
    monday.tick(hours=1)
    (said,) = raised(monday)
    assert "Raven Telecom (RAVN): 1 row, the first is row 2" in said
    assert receipt.submission_id in said
    subject = monday.mails()[-1].message.subject
    assert subject.startswith("Pullcord: 1 refused row was not sent again, a line at risk may be unknown [A-")
    assert "960123" not in said
    assert "n1" not in said.split()


@pytest.mark.parametrize(
    "later",
    [
        {"id": "n1", **LINE},
        {"id": "another", "provider_reference": "n1", **LINE},
        {"id": "n1", **LINE, "status": "withdrawn"},
    ],
)
def test_nothing_is_raised_once_the_same_reference_is_taken(monday: Deployment, later: dict[str, Any]) -> None:
    monday.post_notices({**FAULTY, "provider_reference": "n1"})
    monday.clock.advance(hours=5)
    monday.post_notices(later)
    monday.tick(days=3)
    assert raised(monday) == []
    assert count(monday, refused_rows) == 0


def test_a_row_that_is_refused_again_counts_from_its_first_refusal(monday: Deployment) -> None:
    monday.post_notices(FAULTY)
    monday.clock.advance(hours=20)
    monday.post_notices({**FAULTY, "cli": "01632 960124"})
    monday.tick(hours=5)
    assert len(raised(monday)) == 1


def test_a_row_of_which_another_in_the_same_submission_was_taken_is_not_raised(monday: Deployment) -> None:
    monday.post_notices(FAULTY, {"id": "n1", **LINE})
    monday.tick(days=2)
    assert raised(monday) == []


def test_each_row_is_raised_once_and_a_later_one_by_itself(monday: Deployment) -> None:
    monday.post_notices(FAULTY)
    monday.tick(hours=25)
    monday.post_notices({**FAULTY, "id": "n2"})
    monday.tick(days=3)
    monday.tick(days=3)
    assert len(raised(monday)) == 2
    assert "Pullcord: 2 refused rows were not sent again" in monday.mails()[-1].message.subject


def test_a_row_of_a_register_without_a_reference_is_closed_by_a_whole_file_without_such_a_row(
    monday: Deployment,
) -> None:
    nameless = {"entry_id": "", "cli": "01632 960777"}
    monday.put_entries(ENTRY, nameless)
    monday.clock.advance(hours=2)
    # A submission of only a part of the register does not close the refused row.
    monday.put_entries({"entry_id": "e3", "cli": "01632 960556"})
    assert count(monday, refused_rows) == 1
    monday.put_entries(ENTRY, {"entry_id": "e2", "cli": "01632 960777"})
    assert count(monday, refused_rows) == 0


def test_a_replacing_register_records_its_refused_rows_too(monday: Deployment) -> None:
    monday.put_entries(ENTRY, {"entry_id": "e2", "updated_at": "no time"}, replacement=Replacement(1.0))
    monday.tick(hours=25)
    assert "Blackpool (E06000009): 1 row, the first is row 2" in raised(monday)[0]


def test_a_weekend_and_a_bank_holiday_of_the_nation_do_not_count(monday: Deployment) -> None:
    # Friday before St Andrew's Day, Monday 30 November, a bank holiday in Scotland alone.
    monday.clock.set(datetime(2026, 11, 27, 15, tzinfo=UTC))
    scottish = add_feed(monday.store, "council", "S12000033", "Aberdeen")
    monday.put_entries({"entry_id": "s1", "updated_at": "no time"}, feed=scottish)
    monday.put_entries({"entry_id": "e1", "updated_at": "no time"})
    monday.clock.set(datetime(2026, 11, 30, 15, tzinfo=UTC))
    assert ["Aberdeen" in said for said in raised(monday)] == [False]
    monday.clock.set(datetime(2026, 12, 1, 15, tzinfo=UTC))
    assert ["Aberdeen" in said for said in raised(monday)] == [False, True]


@given(st.integers(0, 3 * 366 * 24 * 60), st.sampled_from(Nation))
def test_from_any_moment_there_is_one_whole_working_day_and_no_more(minutes: int, nation: Nation) -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = one_working_day_after(at, nation)
    hours = [at + timedelta(hours=hour) for hour in range(int((due - at) / timedelta(hours=1)))]
    worked = sum(is_working_day(one.astimezone(LONDON).date(), nation) for one in hours)
    assert 22 <= worked <= 25


def test_the_metric_counts_what_is_open_and_a_row_that_nobody_can_mend_is_dropped_at_last(monday: Deployment) -> None:
    monday.post_notices(FAULTY)
    monday.tick(hours=25)
    with monday.store.reading() as connection:
        assert count_refused_overdue(connection, monday.clock.now()) == 1
    monday.clock.advance(days=29)
    monday.post_notices({"id": "n9", **LINE})
    assert count(monday, refused_rows) == 0


def test_a_sender_cannot_fill_the_table(monday: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST", 5)
    noise = random.Random(7)
    for _ in range(4):
        monday.post_notices(*({**FAULTY, "id": f"n{noise.random()}"} for _ in range(4)))
    assert count(monday, refused_rows) == 5


def test_without_an_operator_it_is_on_record_that_nobody_could_be_told(monday: Deployment) -> None:
    monday.engine = type(monday.engine)(monday.store, monday.ruleset)
    monday.post_notices(FAULTY)
    monday.tick(hours=25)
    assert monday.mails() == []
