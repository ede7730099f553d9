"""Collects the facts for messages, without any telephone number or address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from schemas.codes import MatchLevel
from services.alerts.case.store.cases import cases_of_alert
from services.alerts.case.store.contexts import find_facts
from services.alerts.case.store.entries import find_sealed_entries
from services.alerts.case.store.lines import find_lines, find_unsure_days
from services.alerts.delivery.delivery import OPERATOR_TIER, Delivery
from services.alerts.delivery.restoring import may_repeat
from services.alerts.delivery.store.alerts import Alert, count_earlier_alerts, load_alert, reasons_of, tiers_told_before
from services.alerts.message.advice import after_restore
from services.alerts.message.case_line import CaseLine
from services.alerts.message.message import AlertDigest
from services.alerts.policy.councils import load_council
from services.alerts.policy.policy import EscalationReason
from services.alerts.policy.store import provider_names
from services.alerts.review.case import Case
from services.alerts.review.consent.waiting import WaitingChange, waiting_changes, with_provider_shown
from services.alerts.review.doubts import Doubt, doubts_of, may_doubt, with_provider_name
from services.alerts.review.withdrawal import is_about_withdrawal
from services.core.hidden_numbers import has_telephone_number
from services.storage.store import Store
from services.storage.vault import VaultError, place

# Stands in a list in place of a reference whose sealed record does not open.
DAMAGED = "not shown: its sealed record is damaged"


@dataclass(frozen=True, slots=True)
class Presentation:
    base_url: str
    links_last: timedelta
    clock_note: str | None = None  # shown while the clock is simulated
    link_pause_days: int = 1  # working days that an act by link pauses messages at most

    def link(self, alert: str, code: str) -> str:
        return f"{self.base_url.rstrip('/')}/a/{alert}.{code}"

    def drill_link(self, drill: str, code: str) -> str:
        return f"{self.base_url.rstrip('/')}/d/{drill}.{code}"

    def changes_link(self, alert: str, code: str) -> str:
        return f"{self.link(alert, code)}/changes"


@dataclass(frozen=True, slots=True)
class AlertContent:
    alert: Alert
    shown: Sequence[Case]
    lines: tuple[CaseLine, ...]
    council: str
    repeat_number: int
    restored_note: str | None


def alert_content(connection: Connection, store: Store, alert_pk: int) -> AlertContent | None:
    """Return None if no case is left to show."""
    alert = load_alert(connection, alert_pk)
    of_withdrawal = is_about_withdrawal(alert.reason)
    members = cases_of_alert(connection, alert_pk)
    # A case may have changed since the alert was written. The message must not ask for things already done.
    shown = [case for case in members if _is_shown(case, of_withdrawal=of_withdrawal)]
    if not shown:
        return None
    reasons, restore = reasons_of(connection, alert_pk), may_repeat(connection, alert)
    return AlertContent(
        alert,
        shown,
        tuple(case_lines(connection, shown, reasons)),
        load_council(connection, store, alert.feed_id).name,
        _repeat_number(connection, alert_pk, alert.threshold, alert.reason),
        after_restore(restore.at, restore.record_ends) if restore else None,
    )


def alert_digest(
    connection: Connection, presentation: Presentation, delivery: Delivery, content: AlertContent
) -> AlertDigest:
    alert = content.alert
    link, changes_link = _links(presentation, delivery, content.shown)
    return AlertDigest(
        reference=alert.reference,
        council=content.council,
        threshold=alert.threshold,
        reason=alert.reason,
        tier=delivery.tier,
        cases=content.lines,
        counts_by_level=Counter(case.level or MatchLevel.POSSIBLE for case in content.shown),
        repeat_number=content.repeat_number,
        link=link,
        changes_link=changes_link,
        created_at=alert.created_at,
        clock_note=presentation.clock_note,
        asked_before=_asked_before(connection, alert, delivery.tier),
        to_operator=delivery.tier == OPERATOR_TIER,
        restored_note=content.restored_note,
    )


def _asked_before(connection: Connection, alert: Alert, tier: str) -> tuple[str, ...]:
    # Only somebody who is asked because others did not answer needs to know who they are.
    if alert.reason not in (EscalationReason.NOBODY_ANSWERED, EscalationReason.NOTHING_MOVED):
        return ()
    return tuple(one for one in tiers_told_before(connection, alert.pk) if one != tier)


def _is_shown(case: Case, *, of_withdrawal: bool) -> bool:
    return case.withdrawn if of_withdrawal else not case.clock_stopped or case.changes_wait


def _links(presentation: Presentation, delivery: Delivery, shown: Sequence[Case]) -> tuple[str, str | None]:
    # Returns the link of the message, and the link to the changes that wait if that is another one.
    acknowledge = presentation.link(delivery.alert, delivery.codes.acknowledge)
    if not any(case.changes_wait for case in shown):
        return acknowledge, None
    changes = presentation.changes_link(delivery.alert, delivery.codes.changes)
    # Without a case to acknowledge, such as on hold, the changes are all that the message is about.
    return (changes, None) if all(case.clock_stopped for case in shown) else (acknowledge, changes)


def case_lines(
    connection: Connection, shown: Sequence[Case], reasons: Mapping[int, str] | None = None
) -> list[CaseLine]:
    names = _names(connection, shown)
    doubts = _doubts(connection, shown)
    open_entries = [case.entry_pk for case in shown if not case.ended]
    changes = _changes(connection, shown, names)
    unsure = find_unsure_days(connection, open_entries) if open_entries else {}
    return [
        CaseLine(
            reference=case.reference,
            level=case.level or MatchLevel.POSSIBLE,
            harm_on=case.harm_on,
            planned_on=case.planned_on,
            restriction_on=case.restriction_on,
            provider=" and ".join(sorted(names.get(code, code) for code in case.providers)) or "not known",
            state=case.state.value,
            reason=(reasons or {}).get(case.pk, ""),
            claimed_by=tuple(sorted(names.get(code, code) for code in case.claimed_by)),
            doubts=tuple(
                with_provider_name(doubt, names.get(doubt.provider, doubt.provider))
                for doubt in doubts.get(case.pk, ())
            ),
            changes=changes.get(case.pk, ()),
            unsure_days=tuple(
                replace(day, provider=names.get(day.provider, day.provider)) for day in unsure.get(case.entry_pk, ())
            ),
        )
        for case in shown
    ]


def entry_references(connection: Connection, store: Store, entry_pks: Sequence[int]) -> dict[int, str]:
    """Map the id of each entry to the council's reference of the entry, or to DAMAGED if the entry is damaged."""
    found = {}
    for pk, key, sealed in find_sealed_entries(connection, entry_pks):
        try:
            own = str(store.vault.open(place("register_entries", key), sealed)["record"]["entry_id"])
        except VaultError:
            # One damaged value must not hide the other cases of a list.
            store.damaged.note("register_entries", pk)
            found[pk] = DAMAGED
            continue
        # Councils choose their references freely. One that looks like a telephone number must not be in a message.
        found[pk] = "not shown: it looks like a telephone number" if has_telephone_number(own) else own
    return found


def _names(connection: Connection, shown: Sequence[Case]) -> dict[str, str]:
    codes = {code for case in shown for code in (*case.providers, *case.claimed_by)}
    return provider_names(connection, codes)


def _changes(
    connection: Connection, shown: Sequence[Case], names: Mapping[str, str]
) -> dict[int, tuple[WaitingChange, ...]]:
    waiting = [case for case in shown if case.changes_wait]
    facts = find_facts(connection, [case.entry_pk for case in waiting])
    return {
        case.pk: tuple(
            with_provider_shown(one, names.get(one.provider, one.provider))
            for one in waiting_changes(case, facts[case.entry_pk])
        )
        for case in waiting
    }


def _doubts(connection: Connection, shown: Sequence[Case]) -> dict[int, tuple[Doubt, ...]]:
    # Few cases have a doubt, so lines are loaded only for cases that may have a doubt.
    in_doubt = [case for case in shown if may_doubt(case)]
    if not in_doubt:
        return {}
    lines = find_lines(connection, [case.entry_pk for case in in_doubt])
    return {case.pk: doubts_of(case, lines.get(case.entry_pk, ())) for case in in_doubt}


def _repeat_number(connection: Connection, alert_pk: int, threshold: int, reason: str) -> int:
    # Only messages with these reasons repeat at one threshold. Any other message is a first one.
    if reason not in (
        EscalationReason.REPEAT,
        EscalationReason.URGENT_STATE,
        EscalationReason.POST_CHECK,
        EscalationReason.ACKNOWLEDGEMENT_LAPSED,
    ):
        return 0
    return count_earlier_alerts(connection, alert_pk, threshold)
