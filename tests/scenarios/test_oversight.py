"""The regulator's figures: counted from what happened, closed once a month, and borne out by the audit ever after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from services.alerts.machine import Event
from services.audit.check import Difference, differences
from services.audit.closing import Closer, month_to_date
from services.audit.counting import Counts
from services.audit.figures import Figure
from services.audit.months import Month, month_of, read_month
from services.audit.store import kept, kept_months
from services.core.audit import AuditWord
from services.runtime.bootstrap import UNSAFE
from services.storage.feeds import add_feed
from services.storage.tables import audit, cases, figures
from tests.support.house import House
from tests.support.ledger import said
from tests.support.one_line import notice
from tests.support.people import acknowledge_last, confirm_safe, pass_post_check, record

RAVEN_NUMBER, OTHER_NUMBER, QUIET_NUMBER = "01632 960123", "01632 960124", "01632 960125"
HARBOUR = "provider:HBRT"
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)


def at(day: str, clock: str = "10:00") -> datetime:
    """A moment of those winters, when the time in London is UTC."""
    return datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=UTC)


def go_to(house: House, moment: datetime) -> None:
    """Move the clock to a moment, and do what has fallen due by then."""
    house.tick(seconds=(moment - house.clock.now()).total_seconds())


def closer(house: House) -> Closer:
    return Closer(house.store, UNSAFE)


def close(house: House) -> int:
    """Close every month that can be; how many."""
    closed = 0
    while closer(house).run_once():
        closed += 1
    return closed


def figures_of(house: House, month: Month) -> Counts:
    with house.store.reading() as connection:
        return kept(connection, month)


def to_date(house: House) -> Counts:
    """The figures of the month that it is now."""
    now = house.clock.now()
    with house.store.reading() as connection:
        return month_to_date(connection, month_of(now), UNSAFE, now)


def counted(counts: Counts, figure: Figure) -> Mapping[str, int]:
    """A figure's counts by table and key."""
    return {f"{table} {key}".strip(): number for (one, table, key), number in counts.items() if one == figure}


def found(house: House) -> list[Difference]:
    with house.store.reading() as connection:
        return list(differences(connection))


@pytest.fixture
def november(house: House) -> House:
    """A week of November: two lines at risk, one of them with two providers' notices, and a line without a notice."""
    add_feed(house.store, "provider", "HBRT", "Harbour Telecom")
    for number, name in ((RAVEN_NUMBER, "e1"), (OTHER_NUMBER, "e2"), (QUIET_NUMBER, "e3")):
        house.put_entries({"entry_id": name, "cli": number, "last_confirmed_at": "2026-11-01T09:00:00Z"})
    house.post_notices(notice("n1", issued=1, in_days=10, telecare_known=True))
    house.post_notices(notice("n2", issued=10, in_days=17, cli=OTHER_NUMBER))
    house.post_notices(notice("h1", issued=5, in_days=60), feed=HARBOUR)
    house.tick(seconds=61)
    acknowledge_last(house)
    go_to(house, at("2026-11-25"))
    confirm_safe(house, "e2")
    go_to(house, at("2026-11-28"))
    acknowledge_last(house)
    return house


@pytest.fixture
def december(november: House) -> House:
    """The same a month on: one line moved while nobody had confirmed anything, the other after, with its test."""
    go_to(november, at("2026-12-01", "00:11"))
    assert close(november) == 1
    go_to(november, at("2026-12-04"))
    november.post_notices(notice("n1", issued=30, in_days=10, status="completed"))
    go_to(november, at("2026-12-12"))
    pass_post_check(november, "e2")
    pass_post_check(november, "e2")
    record(november, Event.REQUEST_HOLD, "e1")
    go_to(november, at("2027-01-01", "00:11"))
    assert close(november) == 1
    return november


def test_a_month_counts_what_happened_in_it(december: House) -> None:
    counts = figures_of(december, NOVEMBER)
    both = {"council E06000009": 2, "provider RAVN": 2, "provider HBRT": 1}
    assert counted(counts, Figure.CASES_OPENED) == {"total": 2, **both}
    assert counted(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT) == {
        "total": 2,
        **both,
        "kind 22": 1,
        "kind 13": 1,
        "council_kind E06000009/22": 1,
        "council_kind E06000009/13": 1,
        "provider_kind RAVN/22": 1,
        "provider_kind RAVN/13": 1,
        "provider_kind HBRT/22": 1,
    }
    assert counted(counts, Figure.CONFIRMATIONS) == {
        "total": 1,
        "kind provider": 1,
        "council E06000009": 1,
        "provider RAVN": 1,
        "council_kind E06000009/provider": 1,
        "provider_kind RAVN/provider": 1,
    }
    assert counted(counts, Figure.WAIT_TO_CONFIRMATION)["kind 15"] == 1
    assert counted(counts, Figure.NOTICE_LEAD) == {
        "total": 3,
        "kind late": 2,
        "kind in_time": 1,
        "provider RAVN": 2,
        "provider HBRT": 1,
        "provider_kind RAVN/late": 2,
        "provider_kind HBRT/in_time": 1,
    }
    for nothing in (Figure.MIGRATED_UNCONFIRMED, Figure.HOLDS, Figure.POST_CHECKS_DUE, Figure.NOBODY_TOLD):
        assert counted(counts, nothing) == {"total": 0}


def test_a_month_takes_stock_at_its_end(december: House) -> None:
    counts = figures_of(december, NOVEMBER)
    assert counted(counts, Figure.CASES_OPEN)["total"] == 1
    assert counted(counts, Figure.PAST_DATE_UNCONFIRMED) == {"total": 0}
    assert counted(counts, Figure.REGISTER_ENTRIES) == {
        "total": 3,
        "kind fresh": 3,
        "council E06000009": 3,
        "council_kind E06000009/fresh": 3,
    }
    assert counted(counts, Figure.FEEDS)["kind heard"] == 3
    assert counted(counts, Figure.IDENTIFICATION) == {
        "total": 3,
        "kind known_to_provider": 1,
        "kind council_only": 2,
        "council E06000009": 3,
        "provider RAVN": 2,
        "provider HBRT": 1,
        "council_kind E06000009/known_to_provider": 1,
        "council_kind E06000009/council_only": 2,
        "provider_kind RAVN/known_to_provider": 1,
        "provider_kind RAVN/council_only": 1,
        "provider_kind HBRT/council_only": 1,
    }


def test_the_month_after_counts_only_its_own(december: House) -> None:
    counts = figures_of(december, DECEMBER)
    assert counted(counts, Figure.MIGRATED_UNCONFIRMED) == {
        "total": 1,
        "council E06000009": 1,
        "provider RAVN": 1,
        "provider HBRT": 1,
    }
    assert counted(counts, Figure.POST_CHECKS_DUE)["total"] == 2
    assert counted(counts, Figure.POST_CHECKS_DONE)["total"] == 1
    assert counted(counts, Figure.HOLDS)["kind asked"] == 1
    assert counted(counts, Figure.CASES_OPENED) == {"total": 0}
    assert counted(counts, Figure.WAIT_TO_ACKNOWLEDGEMENT) == {"total": 0}
    assert counted(counts, Figure.CASES_OPEN) == {
        "total": 1,
        "kind migrated_unconfirmed": 1,
        "council E06000009": 1,
        "provider RAVN": 1,
        "provider HBRT": 1,
        "council_kind E06000009/migrated_unconfirmed": 1,
        "provider_kind RAVN/migrated_unconfirmed": 1,
        "provider_kind HBRT/migrated_unconfirmed": 1,
    }
    assert counted(counts, Figure.PAST_DATE_UNCONFIRMED) == {"total": 0}


def test_a_line_is_past_its_date_from_the_day_after(house: House) -> None:
    house.put_entries({"entry_id": "e1", "cli": RAVEN_NUMBER})
    house.post_notices(notice(in_days=3))
    house.settle()
    for moment, number in ((at("2026-11-26"), 0), (at("2026-11-27", "00:00"), 1)):
        house.clock.set(moment)
        assert counted(to_date(house), Figure.PAST_DATE_UNCONFIRMED)["total"] == number


def test_a_provider_that_joins_an_open_case_is_counted_with_it(november: House) -> None:
    november.post_notices(notice("h2", issued=20, in_days=90, cli=OTHER_NUMBER), feed=HARBOUR)
    november.settle()
    assert [row["providers"] for row in said(november, AuditWord.CASE_LINES_CHANGED)] == [["HBRT", "RAVN"]]
    assert counted(to_date(november), Figure.CASES_OPEN)["provider HBRT"] == 1


def test_a_wait_begins_with_the_first_version_of_a_notice(house: House) -> None:
    house.put_entries({"entry_id": "e1", "cli": RAVEN_NUMBER})
    house.post_notices(notice(issued=1))
    house.tick(seconds=61)
    house.post_notices(notice(issued=20, in_days=30, status="rescheduled"))
    house.tick(seconds=61)
    acknowledge_last(house)
    assert counted(to_date(house), Figure.WAIT_TO_ACKNOWLEDGEMENT)["kind 22"] == 1


def test_a_line_that_moved_after_its_confirmation_is_not_past_its_date(december: House) -> None:
    december.post_notices(notice("n4", issued=30, in_days=45, cli=QUIET_NUMBER))
    december.tick(seconds=61)
    confirm_safe(december, "e3")
    go_to(december, at("2027-01-20"))
    counts = to_date(december)
    assert counted(counts, Figure.CASES_OPEN)["kind migrated"] == 1
    assert counted(counts, Figure.PAST_DATE_UNCONFIRMED) == {"total": 0}


def test_a_month_is_closed_ten_minutes_after_it_has_ended_and_once(november: House) -> None:
    go_to(november, at("2026-12-01", "00:09"))
    assert close(november) == 0
    go_to(november, at("2026-12-01", "00:10"))
    assert close(november) == 1
    before = figures_of(november, NOVEMBER)
    november.post_notices(notice("n5", issued=10, cli=QUIET_NUMBER))
    november.tick(seconds=61)
    assert close(november) == 0
    assert figures_of(november, NOVEMBER) == before
    assert len(said(november, AuditWord.STOCK_TAKEN)) == 5


def test_months_end_at_midnight_in_london_also_in_summer(house: House) -> None:
    house.clock.set(datetime(2027, 3, 31, 22, 59, tzinfo=UTC))
    assert close(house) == 4
    house.put_entries({"entry_id": "e1", "cli": RAVEN_NUMBER})
    house.post_notices({"cli": RAVEN_NUMBER, "planned_migration_date": "2027-05-01"})
    house.settle()
    house.clock.set(datetime(2027, 3, 31, 23, 0, tzinfo=UTC))
    house.put_entries({"entry_id": "e2", "cli": OTHER_NUMBER})
    house.post_notices({"id": "n2", "cli": OTHER_NUMBER, "planned_migration_date": "2027-05-01"})
    house.settle()
    house.clock.set(datetime(2027, 4, 30, 23, 10, tzinfo=UTC))
    assert close(house) == 2
    for month in ("2027-03", "2027-04"):
        assert counted(figures_of(house, read_month(month)), Figure.CASES_OPENED)["total"] == 1


def test_a_stock_that_nobody_took_in_time_is_not_nought_but_unknown(november: House) -> None:
    go_to(november, at("2026-12-04", "00:11"))
    assert close(november) == 1
    counts = figures_of(november, NOVEMBER)
    for unknown in (Figure.REGISTER_ENTRIES, Figure.FEEDS, Figure.IDENTIFICATION):
        assert counted(counts, unknown) == {}
    assert counted(counts, Figure.CASES_OPEN)["total"] == 1
    assert counted(counts, Figure.CASES_OPENED)["total"] == 2
    assert found(november) == []


def test_months_in_which_nothing_ran_are_closed_one_after_the_other(november: House) -> None:
    november.clock.set(at("2027-03-15"))
    assert close(november) == 4
    with november.store.reading() as connection:
        assert kept_months(connection) == {"2026-11", "2026-12", "2027-01", "2027-02"}


def test_the_audit_bears_out_every_figure_and_every_case(december: House) -> None:
    assert found(december) == []


def test_a_figure_altered_by_hand_is_found_and_nothing_else(december: House) -> None:
    with december.store.writing() as connection:
        altered = (figures.c.month == "2026-12", figures.c.figure == "migrated_unconfirmed", figures.c.key == "RAVN")
        connection.execute(update(figures).where(*altered).values(count=0))
    assert found(december) == [Difference("2026-12 migrated_unconfirmed provider RAVN", "0", "1")]


def test_a_figure_removed_or_added_by_hand_is_found(december: House) -> None:
    row = {"month": "2026-11", "figure": "holds", "dimension": "kind", "key": "granted", "count": 9}
    with december.store.writing() as connection:
        connection.execute(delete(figures).where(figures.c.month == "2026-12"))
        connection.execute(insert(figures), [row, row | {"month": "2031-13"}])
    differing = found(december)
    assert differing[:2] == [
        Difference("figures of 2031-13", "kept", "never closed"),
        Difference("2026-11 holds kind granted", "9", "not there"),
    ]
    assert {one.what.split()[0] for one in differing[2:]} == {"2026-12"}
    assert {one.on_record for one in differing[2:]} == {"not there"}


def test_the_state_of_a_case_altered_by_hand_is_found_and_nothing_else(december: House) -> None:
    with december.store.writing() as connection:
        reference = connection.scalar(select(cases.c.reference).where(cases.c.state == "migrated_unconfirmed"))
        connection.execute(update(cases).where(cases.c.reference == reference).values(state="closed"))
    assert found(december) == [Difference(f"case {reference}", "closed", "migrated_unconfirmed")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET word = 'case_closed' WHERE pk = 1",
        "UPDATE audit SET fields = '{}' WHERE pk = 1",
        "UPDATE audit SET at = at + 1",
        "UPDATE audit SET actor_sealed = NULL WHERE actor_sealed IS NOT NULL",
        "DELETE FROM audit WHERE pk = 1",
        "DELETE FROM audit",
    ],
)
def test_the_database_refuses_to_change_or_remove_what_the_audit_says(november: House, statement: str) -> None:
    before = everything_said(november)
    with pytest.raises(DBAPIError, match="append-only"), november.store.writing() as connection:
        connection.execute(text(statement))
    assert everything_said(november) == before


def test_only_the_seal_of_a_row_may_be_made_anew(november: House) -> None:
    sealed = audit.c.actor_sealed.is_not(None)
    with november.store.writing() as connection:
        assert connection.execute(update(audit).where(sealed).values(actor_sealed=b"anew")).rowcount > 0


def everything_said(house: House) -> list[Any]:
    with house.store.reading() as connection:
        return list(connection.execute(select(audit).order_by(audit.c.pk)))
