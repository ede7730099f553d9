from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import CaseState
from services.alerts.message.case_line import notes
from services.alerts.message.wording import short_day
from services.alerts.review.doubts import UnsureDay
from services.ingest.files.table import FileLimits
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import RowOutcome
from services.ingest.reading.sheets import read_sheet
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from tests.support.deployment import RAVEN, Deployment
from tests.support.one_line import ENTRY, NUMBER
from tests.unit.alerts.messages.digests import a_case

HEADS = "Order ref,Tel No,Migration date,Restriction date,Issued at"
# Another row of the file, which proves that its dates have the month first.
PROOF = "n9,01632 960999,01/25/2027,01/25/2027,20/11/2026 09:00"


@pytest.fixture
def warned(deployment: Deployment) -> Deployment:
    deployment.with_officers().put_entries(ENTRY)
    deployment.settle()
    return deployment


def upload(deployment: Deployment, *rows: str, heads: str = HEADS) -> list[RowOutcome]:
    data = "\n".join((heads, *rows)).encode()
    sheet = read_sheet(data, RecordKind.NOTICE, FileLimits())
    origin = Origin(RAVEN, RecordKind.NOTICE, "test", sha256(data).digest())
    return accept(deployment.store, origin, sheet.rows)[1]


def told(deployment: Deployment) -> str:
    return " ".join(deployment.mails()[-1].message.text.split())


def row(day: str, restriction: str = "", issued: str = "20/11/2026 09:00") -> str:
    return f"n1,{NUMBER},{day},{restriction},{issued}"


def test_the_mail_goes_out_at_once_and_shows_both_days(warned: Deployment) -> None:
    upload(warned, row("01/12/2027"), PROOF)
    warned.tick(seconds=31)
    assert len(warned.mails()) == 1
    assert "Raven Telecom wrote the day of the switch so that it may mean" in told(warned)
    assert "either Tue 12 Jan 2027 or Wed 1 Dec 2027." in told(warned)
    assert "act by the earlier" in told(warned)
    assert "Date not known" in warned.mails()[-1].message.subject
    assert "either Tue 12 Jan 2027 or Wed 1 Dec 2027" in warned.mails()[-1].message.html


def test_beside_a_later_day_the_earlier_reading_of_a_restriction_counts(warned: Deployment) -> None:
    upload(warned, row("25/03/2027", "12/05/2026"), PROOF)
    warned.tick(seconds=31)
    assert warned.cases()[0].harm_on == date(2026, 5, 12)
    assert "the day of the restriction so that it may mean either Tue 12 May 2026 or Sat 5 Dec 2026." in told(warned)
    assert "The earliest it may be, then switch Thu 25 Mar 2027." in told(warned)


def test_an_earlier_reading_than_the_date_on_record_alerts_again(warned: Deployment) -> None:
    upload(warned, row("3 Dec 2026"))
    warned.tick(seconds=31)
    upload(warned, row("01/12/2026", issued="21/11/2026 09:00"), PROOF)
    warned.tick(minutes=2)
    assert len(warned.mails()) == 2
    assert "either Mon 12 Jan 2026 or Tue 1 Dec 2026" in told(warned)


def test_the_sender_is_asked_for_the_order(warned: Deployment) -> None:
    first = upload(warned, row("01/12/2027"), PROOF)[0]
    asked = next(issue for issue in first.issues if issue.code == "date_order_in_doubt")
    assert "12 January or 1 December 2027" in asked.reason
    assert "dates=month-first" in asked.remedy


def test_another_date_in_doubt_takes_the_place_of_the_first(warned: Deployment) -> None:
    upload(warned, row("01/12/2027"), PROOF)
    upload(warned, row("02/12/2027", issued="21/11/2026 09:00"), PROOF)
    warned.tick(seconds=31)
    assert "either Fri 12 Feb 2027 or Thu 2 Dec 2027" in told(warned)


def test_the_doubt_is_over_once_the_date_is_written_out(warned: Deployment) -> None:
    upload(warned, row("01/12/2027"), PROOF)
    warned.tick(seconds=31)
    upload(warned, row("1 Dec 2026", issued="21/11/2026 09:00"))
    warned.tick(minutes=2)
    assert len(warned.mails()) == 2
    assert "may mean" not in told(warned)
    assert "Tue 1 Dec 2026" in told(warned)


def test_a_date_on_record_counts_meanwhile_and_the_doubt_is_shown_beside_it(warned: Deployment) -> None:
    upload(warned, row("3 Dec 2026"))
    upload(warned, row("01/12/2027", issued="21/11/2026 09:00"), PROOF)
    warned.tick(seconds=31)
    assert warned.cases()[0].harm_on == date(2026, 12, 3)
    assert warned.cases()[0].state is CaseState.OPEN
    assert "either Tue 12 Jan 2027 or Wed 1 Dec 2027" in told(warned)


@pytest.mark.parametrize(
    ("day", "either", "other"),
    [
        ("Monday 3 December 2026", "Mon 30 Nov 2026", "Thu 3 Dec 2026"),
        ("Sat 3/12/2026", "Thu 3 Dec 2026", "Sat 5 Dec 2026"),
        ("2027-03-03 (Sun)", "Sun 28 Feb 2027", "Wed 3 Mar 2027"),
    ],
)
def test_a_weekday_that_contradicts_the_date_is_told_with_the_nearest_such_day(
    warned: Deployment, day: str, either: str, other: str
) -> None:
    upload(warned, row(day))
    warned.tick(seconds=31)
    assert f"the day of the switch so that it may mean either {either} or {other}." in told(warned)
    assert "Date not known" in warned.mails()[-1].message.subject


def test_with_the_order_in_doubt_too_both_orders_are_told(warned: Deployment) -> None:
    upload(warned, row("Sunday 3/12/2027"), PROOF)
    warned.tick(seconds=31)
    assert "either Fri 12 Mar 2027 or Fri 3 Dec 2027." in told(warned)


REVISED = "Order ref,Tel No,Migration date,Revised date,New date"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("1/6/2027,11/1/2027,15/1/2027", "the switch so that it may mean either Mon 11 Jan 2027 or Fri 15 Jan 2027."),
        (",9 Mar 2027,2 Feb 2027", "the switch so that it may mean either Tue 2 Feb 2027 or Tue 9 Mar 2027."),
        ("1/6/2027,46400,2 Feb 2027", "the switch so that it may mean either Wed 13 Jan 2027 or Tue 2 Feb 2027."),
    ],
)
def test_two_revised_dates_are_both_told(warned: Deployment, cells: str, said: str) -> None:
    upload(warned, f"n1,{NUMBER},{cells}", "n9,01632 960999,46400,46401,46401", heads=REVISED)
    warned.tick(seconds=31)
    assert said in told(warned)
    assert warned.cases()[0].harm_on is None


def test_of_two_revised_restrictions_the_earlier_counts_beside_a_day_that_is_known(warned: Deployment) -> None:
    heads = "Order ref,Tel No,Migration date,Revised restriction date,New restriction date"
    upload(warned, f"n1,{NUMBER},1/6/2027,4/2/2027,11/1/2027", heads=heads)
    warned.tick(seconds=31)
    assert warned.cases()[0].harm_on == date(2027, 1, 11)
    assert "the restriction so that it may mean either Mon 11 Jan 2027 or Thu 4 Feb 2027." in told(warned)


def test_one_revised_date_that_can_be_read_beside_one_that_cannot_is_no_second_day(warned: Deployment) -> None:
    upload(warned, f"n1,{NUMBER},1/6/2027,11/1/2027,to be agreed", heads=REVISED)
    warned.tick(seconds=31)
    assert "may mean" not in told(warned)
    assert "Date not known" in warned.mails()[-1].message.subject


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@given(st.dates(date(2026, 12, 1), date(2030, 12, 31)), st.sampled_from(WEEKDAYS))
def test_any_contradicting_weekday_reads_as_the_date_and_a_day_within_three_days(day: date, weekday: str) -> None:
    data = f"{HEADS}\nn1,{NUMBER},{weekday} {day.day} {day:%B %Y},,\n".encode()
    (read,) = read_sheet(data, RecordKind.NOTICE, FileLimits()).rows
    if weekday == WEEKDAYS[day.weekday()]:
        assert read.readings == ()
        return
    (two,) = read.readings
    assert day in two
    (other,) = {two.either, two.other} - {day}
    assert abs(other - day) <= timedelta(days=3)
    assert WEEKDAYS[other.weekday()] == weekday


@given(st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.sampled_from(["the switch", "the restriction"]))
@settings(max_examples=50)
def test_every_pair_of_days_is_said_in_words_with_the_provider(first: date, what: str) -> None:
    other = first + timedelta(days=30)
    (note,) = notes(a_case(unsure_days=(UnsureDay("Raven Telecom", what, first, other),)))
    assert note.startswith(f"Raven Telecom wrote the day of {what} ")
    assert note.endswith(f"either {short_day(first)} or {short_day(other)}")
