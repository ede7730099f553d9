"""Defines the story: the steps in which processes are killed. Each step can be repeated after a kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert

from schemas.codes import CaseEvent
from schemas.events import LinesMatched
from services.alerts.case.acts import accept_changes, acknowledge, read_record
from services.alerts.case.links import revoke_link
from services.alerts.delivery.contacts.checks import queue_code, queue_test
from services.alerts.delivery.contacts.contact_keys import contact_key
from services.alerts.delivery.contacts.store import find_verification
from services.alerts.delivery.contacts.verification import code_of, verify_contact
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.alerts.review.recording import ActRefusedError
from services.core.errors import NotFoundError, RefusedError
from services.core.ids import new_reference
from services.ingest.recording import turns
from services.runtime.maintenance.backups import back_up
from services.storage.sequences import allocate_ids
from services.storage.tables import alerts, outbox
from tests.scenarios.escalation.three_tiers import person
from tests.scenarios.kills.service import Service
from tests.support.clock import START
from tests.support.contacts import set_verified_policy
from tests.support.deployment import BLACKPOOL
from tests.support.ledger import cases_by_entry, rows
from tests.support.one_line import notice
from tests.support.people import OFFICER, confirm_safe, record, reject

LINES: Final = 12


def policy(officer: Contact, **more: Any) -> CouncilPolicy:
    people = (("officers", 56, officer), ("managers", 7, person("manager")), ("heads", 0, person("head")))
    tiers = tuple(Tier(label=label, from_days=days, contacts=(one,)) for label, days, one in people)
    return CouncilPolicy(tiers=tiers, one_digest_a_day=False, **more)


def prepare(service: Service) -> None:
    set_verified_policy(service.store, BLACKPOOL, policy(person("officer")))


def post(service: Service, number: int, in_days: int, issued: int = 1, **more: Any) -> None:
    row = notice(f"n{number}", in_days=in_days, issued=issued, **more) | {"cli": f"01632 960{number:03}"}
    # The same key each time, as a client sends whose answer was lost.
    service.post_notices(row, key=f"n{number}-{issued}")


def last_alert(service: Service) -> str:
    found: str = [row.reference for row in rows(service, alerts) if row.cases][-1]
    return found


def the_register_comes(service: Service) -> None:
    turns.ROWS_A_TURN = LINES // 2  # type: ignore[misc]
    known = {"updated_at": "2026-11-01T09:00:00Z"}
    service.put_entries(*({"entry_id": f"e{n}", "cli": f"01632 960{n:03}", **known} for n in range(LINES)))


def notices_come(service: Service) -> None:
    for number, in_days in enumerate((3, 40, 10, 20)):
        post(service, number, in_days)
    service.settle()


def the_alert_goes_out(service: Service) -> None:
    service.work()


def an_outage_asks_others(service: Service) -> None:
    service.channel.answer(officer="busy", manager="busy")
    post(service, 4, in_days=1)
    service.work()
    service.wait(minutes=10)
    service.work()


def what_waits_is_joined(service: Service) -> None:
    service.channel.answer(officer="busy")
    post(service, 5, in_days=1)
    service.work()
    service.channel.answer()
    service.wait(minutes=2)
    service.work()


def somebody_acknowledges(service: Service) -> None:
    acknowledge(service.store, last_alert(service), read_record(CaseEvent.ACKNOWLEDGE, {"by": OFFICER}))
    service.work()


def an_officer_acts(service: Service) -> None:
    with suppress(ActRefusedError):
        record(service, CaseEvent.CONTACT_RESIDENT, "e1", method="call")
    service.work()


def a_match_is_rejected(service: Service) -> None:
    with suppress(NotFoundError, KeyError):
        reject(service, "n3", "e3")
    service.work()


def links_are_revoked(service: Service) -> None:
    revoke_link(service.store, last_alert(service), OFFICER)
    service.work()


def an_address_is_checked(service: Service) -> None:
    contact = person("manager")
    queue_test(service.store, BLACKPOOL, contact, OFFICER)
    queue_code(service.store, BLACKPOOL, contact, OFFICER)
    service.work()
    key = contact_key(service.store.tokeniser, BLACKPOOL, contact)
    with service.store.reading() as connection:
        found = find_verification(connection, key)
    if found is not None and found.nonce is not None:
        verify_contact(service.store, BLACKPOOL, contact, code_of(service.store.tokeniser, key, found.nonce), OFFICER)


def a_contact_is_removed(service: Service) -> None:
    service.channel.answer(officer="busy")
    post(service, 6, in_days=5)
    service.work()
    set_verified_policy(service.store, BLACKPOOL, policy(person("deputy")))
    service.work()


def a_receipt_comes(service: Service) -> None:
    service.channel.answer(deputy="with receipt")
    post(service, 7, in_days=9)
    service.work()
    service.wait(minutes=10)
    service.work()


def a_contact_refuses_for_good(service: Service) -> None:
    service.channel.answer(deputy="refused")
    post(service, 8, in_days=9)
    service.work()
    service.wait(days=1)
    service.work()


def a_person_accepts_changes(service: Service) -> None:
    careful = policy(person("deputy"), relaxed_without_consent=0, relaxed_share_without_consent=0)
    set_verified_policy(service.store, BLACKPOOL, careful)
    post(service, 2, in_days=10, issued=22, status="withdrawn")
    service.work()
    waiting = [case.reference for case in cases_by_entry(service).values() if case.changes_wait]
    if waiting:
        accept_changes(service.store, BLACKPOOL, read_record(CaseEvent.ACCEPT_CHANGES, {"by": OFFICER}), waiting)
    service.work()


def a_message_is_not_needed(service: Service) -> None:
    service.channel.answer(deputy="busy")
    post(service, 10, in_days=30)
    service.work()
    with suppress(ActRefusedError, KeyError):
        confirm_safe(service, "e10")
    service.channel.answer()
    service.work()


def the_operator_hears_of_a_refused_row(service: Service) -> None:
    service.post_notices({"id": "n9", "cli": "no number"}, key="faulty")
    service.wait(days=2)
    service.work()


def an_event_cannot_be_handled(service: Service) -> None:
    with service.store.writing() as connection:
        (pk,) = allocate_ids(connection, "outbox", 1)
        poison = {"event_id": new_reference("X", service.store.random), "topic": LinesMatched.topic}
        rest = {"pk": pk, "partition_key": BLACKPOOL, "lane": 0, "body": b"{}", "created_at": service.clock.now()}
        connection.execute(insert(outbox).values(**poison, **rest))
    service.work()
    service.wait(minutes=20)
    service.work()


def the_month_ends(service: Service) -> None:
    service.work()


def a_backup_is_made(service: Service) -> None:
    with suppress(RefusedError):
        back_up(service.store, service.folder / f"backup-{service.clock.now():%H%M}")


def the_clock_is_put_back(service: Service) -> None:
    right = service.clock.now()
    service.wait(hours=3)
    service.work()
    service.clock.set(min(right, service.step_began) + timedelta(minutes=5))
    service.work()


DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)

# When each step begins, after START.
STEPS: Final[Mapping[Callable[[Service], None], timedelta]] = {
    the_register_comes: 0 * MINUTE,
    notices_come: 5 * MINUTE,
    the_alert_goes_out: 10 * MINUTE,
    an_outage_asks_others: 30 * MINUTE,
    what_waits_is_joined: 60 * MINUTE,
    somebody_acknowledges: 90 * MINUTE,
    an_officer_acts: 100 * MINUTE,
    a_match_is_rejected: 103 * MINUTE,
    links_are_revoked: 106 * MINUTE,
    an_address_is_checked: 140 * MINUTE,
    a_contact_is_removed: 180 * MINUTE,
    a_receipt_comes: 270 * MINUTE,
    a_contact_refuses_for_good: 330 * MINUTE,
    a_person_accepts_changes: 2 * DAY,
    a_message_is_not_needed: 2 * DAY + 60 * MINUTE,
    the_operator_hears_of_a_refused_row: 3 * DAY,
    an_event_cannot_be_handled: 6 * DAY,
    the_month_ends: 8 * DAY,
    a_backup_is_made: 8 * DAY + 60 * MINUTE,
    the_clock_is_put_back: 8 * DAY + 120 * MINUTE,
}
NAMES: Final = tuple(step.__name__ for step in STEPS)


def begins_at(name: str) -> datetime:
    return START + next(after for step, after in STEPS.items() if step.__name__ == name)


def play(service: Service, name: str) -> None:
    next(step for step in STEPS if step.__name__ == name)(service)
    # The faults of the channel end with the step.
    service.channel.answer()
