from __future__ import annotations

from typing import Any

import pytest

from services.core.audit import AuditAction
from services.ingest.reading.outcomes import Outcome
from services.ingest.recording.replacement import Replacement, ReplacementTooLargeError
from services.storage.feeds import add_feed
from services.storage.tables import register_entries
from tests.support.deployment import Deployment
from tests.support.ledger import cases_by_entry, references, rows, said

TENTH = Replacement(share=0.1)


def nth_entry(number: int, **more: Any) -> dict[str, Any]:
    return {
        "entry_id": f"e{number}",
        "cli": f"01632 960{number:03}",
        "updated_at": "2026-11-01T09:00:00Z",
        **more,
    }


def live(deployment: Deployment) -> set[str]:
    names = references(deployment, register_entries)
    return {names[row.pk] for row in rows(deployment, register_entries) if row.live}


@pytest.fixture
def twenty(deployment: Deployment) -> list[dict[str, Any]]:
    entries = [nth_entry(number) for number in range(1, 21)]
    deployment.put_entries(*entries)
    return entries


def test_up_to_the_share_the_missing_entries_are_withdrawn_without_asking(
    deployment: Deployment, twenty: list[Any]
) -> None:
    deployment.put_entries(*twenty[2:], replacement=TENTH)
    assert live(deployment) == {f"e{number}" for number in range(3, 21)}


def test_beyond_the_share_it_asks_and_changes_nothing(deployment: Deployment, twenty: list[Any]) -> None:
    with pytest.raises(ReplacementTooLargeError) as refused:
        deployment.put_entries(*twenty[3:], nth_entry(99), replacement=TENTH)
    assert (refused.value.would_withdraw, refused.value.live) == (3, 20)
    assert len(live(deployment)) == 20
    assert said(deployment, AuditAction.REPLACEMENT_REFUSED) == [{"would_withdraw": 3, "live": 20, "share": 0.15}]


def test_the_exact_number_confirms_it(deployment: Deployment, twenty: list[Any]) -> None:
    deployment.put_entries(*twenty[3:], replacement=Replacement(0.1, confirmed=3))
    assert len(live(deployment)) == 17


@pytest.mark.parametrize("confirmed", [2, 4, 20])
def test_any_other_number_does_not(deployment: Deployment, twenty: list[Any], confirmed: int) -> None:
    with pytest.raises(ReplacementTooLargeError):
        deployment.put_entries(*twenty[3:], replacement=Replacement(0.1, confirmed=confirmed))
    assert len(live(deployment)) == 20


def test_a_faulty_row_never_withdraws_its_entry(deployment: Deployment, twenty: list[Any]) -> None:
    faulty = [nth_entry(1, updated_at="yesterday"), nth_entry(2, updated_at="2099-01-01T00:00:00Z")]
    _, told = deployment.put_entries(*faulty, *twenty[2:], replacement=Replacement(0.0))
    assert [row.outcome for row in told[:2]] == [Outcome.REJECTED] * 2
    assert len(live(deployment)) == 20


def test_a_row_whose_reference_cannot_be_read_makes_it_ask_however_few_are_missing(
    deployment: Deployment, twenty: list[Any]
) -> None:
    nameless = {"entry_id": " ", "cli": "01632 960001"}
    with pytest.raises(ReplacementTooLargeError):
        deployment.put_entries(nameless, *twenty[1:], replacement=TENTH)
    assert len(live(deployment)) == 20


def test_another_councils_register_is_left_alone(deployment: Deployment, twenty: list[Any]) -> None:
    cardiff = add_feed(deployment.store, "council", "W06000015", "Cardiff")
    deployment.put_entries(nth_entry(1), feed=cardiff, replacement=Replacement(0.0))
    assert len(rows(deployment, register_entries, register_entries.c.live)) == 21


def test_the_full_file_sent_again_brings_back_what_a_shorter_one_took_off(
    deployment: Deployment, twenty: list[Any]
) -> None:
    notice = {"id": "n1", "cli": "01632 960001", "planned_migration_date": "2026-12-03"}
    deployment.post_notices(notice)
    deployment.put_entries(*twenty[1:], replacement=TENTH)
    deployment.tick(hours=1)
    deployment.put_entries(*twenty, replacement=TENTH)
    deployment.tick(seconds=61)
    assert len(live(deployment)) == 20
    assert cases_by_entry(deployment)["e1"].state == "open"
