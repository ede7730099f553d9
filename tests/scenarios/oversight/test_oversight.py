from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.audit.check import audit_differences
from services.audit.figures.figures import Figure
from services.audit.figures.months import read_month
from services.audit.store import kept_months
from services.core.audit import AuditAction
from services.ingest.recording.withdrawals import withdraw_one
from tests.support.checks.oversight import (
    DECEMBER,
    HARBOUR,
    NOVEMBER,
    OTHER_NUMBER,
    QUIET_NUMBER,
    RAVEN_NUMBER,
    at,
    close,
    counted,
    figures_of,
    go_to,
    live_through_december,
    live_through_november,
    to_date,
)
from tests.support.deployment import Deployment
from tests.support.ledger import said
from tests.support.one_line import notice
from tests.support.people import acknowledge_last, confirm_safe


@pytest.fixture
def november(deployment: Deployment) -> Deployment:
    return live_through_november(deployment)


@pytest.fixture
def december(november: Deployment) -> Deployment:
    return live_through_december(november)


def test_a_month_counts_what_happened_in_it(december: Deployment) -> None:
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


def test_a_month_takes_stock_at_its_end(december: Deployment) -> None:
    counts = figures_of(december, NOVEMBER)
    assert counted(counts, Figure.CASES_OPEN)["total"] == 1
    assert counted(counts, Figure.PAST_DATE_UNCONFIRMED) == {"total": 0}
    assert counted(counts, Figure.REGISTER_ENTRIES) == {
        "total": 3,
        "kind fresh": 3,
        "council E06000009": 3,
        "council_kind E06000009/fresh": 3,
    }
    assert counted(counts, Figure.AGREEMENTS)["kind none_named"] == 1
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


def test_the_month_after_counts_only_its_own(december: Deployment) -> None:
    counts = figures_of(december, DECEMBER)
    # Raven moved its line. Harbour's line of the same case has not moved, and counts for nobody.
    assert counted(counts, Figure.MIGRATED_UNCONFIRMED) == {
        "total": 1,
        "council E06000009": 1,
        "provider RAVN": 1,
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


def test_a_line_is_past_its_date_from_the_day_after(deployment: Deployment) -> None:
    deployment.put_entries({"entry_id": "e1", "cli": RAVEN_NUMBER})
    deployment.post_notices(notice(in_days=3))
    deployment.settle()
    for moment, number in ((at("2026-11-26"), 0), (at("2026-11-27", "00:00"), 1)):
        deployment.clock.set(moment)
        assert counted(to_date(deployment), Figure.PAST_DATE_UNCONFIRMED)["total"] == number


def test_a_provider_that_joins_an_open_case_is_counted_with_it(november: Deployment) -> None:
    november.post_notices(notice("h2", issued=20, in_days=90, cli=OTHER_NUMBER), feed=HARBOUR)
    november.settle()
    joined = [row["providers"] for row in said(november, AuditAction.CASE_NOTED) if row["event"] == "new_notice"]
    assert joined == [["HBRT", "RAVN"]]
    assert counted(to_date(november), Figure.CASES_OPEN)["provider HBRT"] == 1


def test_a_wait_begins_with_the_first_version_of_a_notice(deployment: Deployment) -> None:
    deployment.put_entries({"entry_id": "e1", "cli": RAVEN_NUMBER})
    deployment.post_notices(notice(issued=1))
    deployment.tick(seconds=61)
    deployment.post_notices(notice(issued=20, in_days=30, status="rescheduled"))
    deployment.tick(seconds=61)
    acknowledge_last(deployment)
    assert counted(to_date(deployment), Figure.WAIT_TO_ACKNOWLEDGEMENT)["kind 22"] == 1


def test_a_line_that_moved_after_its_confirmation_is_not_past_its_date(december: Deployment) -> None:
    december.post_notices(notice("n4", issued=30, in_days=45, cli=QUIET_NUMBER))
    december.tick(seconds=61)
    confirm_safe(december, "e3")
    go_to(december, at("2027-01-20"))
    counts = to_date(december)
    assert counted(counts, Figure.CASES_OPEN)["kind migrated"] == 1
    assert counted(counts, Figure.PAST_DATE_UNCONFIRMED) == {"total": 0}


def test_a_month_is_closed_ten_minutes_after_it_has_ended_and_once(november: Deployment) -> None:
    go_to(november, at("2026-12-01", "00:09"))
    assert close(november) == 0
    go_to(november, at("2026-12-01", "00:10"))
    assert close(november) == 1
    before = figures_of(november, NOVEMBER)
    november.post_notices(notice("n5", issued=10, cli=QUIET_NUMBER))
    november.tick(seconds=61)
    assert close(november) == 0
    assert figures_of(november, NOVEMBER) == before
    assert len(said(november, AuditAction.STOCK_TAKEN)) == 6


def test_months_end_at_midnight_in_london_also_in_summer(deployment: Deployment) -> None:
    deployment.clock.set(datetime(2027, 3, 31, 22, 59, tzinfo=UTC))
    assert close(deployment) == 4
    deployment.put_entries({"entry_id": "e1", "cli": RAVEN_NUMBER})
    deployment.post_notices({"cli": RAVEN_NUMBER, "planned_migration_date": "2027-05-01"})
    deployment.settle()
    deployment.clock.set(datetime(2027, 3, 31, 23, 0, tzinfo=UTC))
    deployment.put_entries({"entry_id": "e2", "cli": OTHER_NUMBER})
    deployment.post_notices({"id": "n2", "cli": OTHER_NUMBER, "planned_migration_date": "2027-05-01"})
    deployment.settle()
    deployment.clock.set(datetime(2027, 4, 30, 23, 10, tzinfo=UTC))
    assert close(deployment) == 2
    for month in ("2027-03", "2027-04"):
        assert counted(figures_of(deployment, read_month(month)), Figure.CASES_OPENED)["total"] == 1


@pytest.mark.parametrize(
    ("agreements", "kind"),
    [
        ([], "none_named"),
        ([{}], "none_named"),
        ([{"share_basis_expires_on": "2027-01-01"}], "none_named"),
        ([{"share_basis_id": "DSA-7", "share_basis_expires_on": "2026-11-30"}], "expired"),
        ([{"share_basis_id": "DSA-7", "share_basis_expires_on": "2026-12-01"}], "in_force"),
        ([{"share_basis_id": "DSA-7"}], "in_force"),
        (
            [{}, {"share_basis_id": "DSA-7", "share_basis_expires_on": "2026-11-30"}, {"share_basis_id": "B"}],
            "in_force",
        ),
    ],
)
def test_a_council_is_covered_by_the_agreements_that_its_entries_name(
    deployment: Deployment, agreements: list[dict[str, str]], kind: str
) -> None:
    go_to(deployment, at("2026-11-20"))
    deployment.post_notices({"id": "n1", "cli": QUIET_NUMBER, "planned_migration_date": "2027-01-20"})
    deployment.put_entries(*({"entry_id": f"e{number}", **one} for number, one in enumerate(agreements)))
    go_to(deployment, at("2026-12-01", "00:11"))
    close(deployment)
    assert counted(figures_of(deployment, NOVEMBER), Figure.AGREEMENTS) == {
        "total": 1,
        f"kind {kind}": 1,
        "council E06000009": 1,
        f"council_kind E06000009/{kind}": 1,
    }


def test_an_entry_taken_off_the_register_covers_nobody(deployment: Deployment) -> None:
    go_to(deployment, at("2026-11-20"))
    deployment.put_entries({"entry_id": "e1", "share_basis_id": "DSA-7"})
    withdraw_one(deployment.store, "council:E06000009", "e1")
    go_to(deployment, at("2026-12-01", "00:11"))
    close(deployment)
    assert counted(figures_of(deployment, NOVEMBER), Figure.AGREEMENTS)["kind none_named"] == 1


def test_a_stock_that_nobody_took_in_time_is_not_nought_but_unknown(november: Deployment) -> None:
    go_to(november, at("2026-12-04", "00:11"))
    assert close(november) == 1
    counts = figures_of(november, NOVEMBER)
    for unknown in (Figure.REGISTER_ENTRIES, Figure.AGREEMENTS, Figure.FEEDS, Figure.IDENTIFICATION):
        assert counted(counts, unknown) == {}
    assert counted(counts, Figure.CASES_OPEN)["total"] == 1
    assert counted(counts, Figure.CASES_OPENED)["total"] == 2
    with november.store.reading() as connection:
        assert list(audit_differences(connection, november.store)) == []


def test_months_in_which_nothing_ran_are_closed_one_after_the_other(november: Deployment) -> None:
    november.clock.set(at("2027-03-15"))
    assert close(november) == 4
    with november.store.reading() as connection:
        assert kept_months(connection) == {"2026-11", "2026-12", "2027-01", "2027-02"}


def test_the_stocks_of_a_month_that_is_closed_already_are_not_added_up_when_it_is_counted_to_date(
    november: Deployment,
) -> None:
    before = to_date(november)
    now = november.clock.now()
    november.clock.set(at("2026-12-01", "00:11"))
    assert close(november) == 1
    november.clock.set(now)
    assert to_date(november) == before
