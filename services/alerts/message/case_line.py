from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Protocol, TypeVar

from schemas.codes import CaseState, MatchLevel
from services.alerts.message.wording import (
    CHANGED,
    NEWS,
    SURE,
    SURE_BECAUSE,
    UNTIL_AGREED,
    and_list,
    case_state,
    distance,
    long_day,
    short_day,
    shown_name,
    version,
)
from services.alerts.review.consent.waiting import WaitingChange
from services.alerts.review.doubts import Doubt, UnsureDay


class Urgency(IntEnum):
    """The lowest number is the most urgent."""

    MOVED = 1  # switched before anyone confirmed that the alarm works
    RESTRICTED = 2  # calls from the line are already barred or diverted
    OVERDUE = 3  # the date has passed and the alarm is not confirmed safe
    REVERTED = 4  # put back on the old network
    POST_CHECK = 5  # switched as planned, and not tested since
    DATED = 6  # the date is today or later
    UNDATED = 7  # the provider has given no date


_BY_STATE: Mapping[str, Urgency] = {
    CaseState.MIGRATED_UNCONFIRMED: Urgency.MOVED,
    CaseState.LINE_RESTRICTED: Urgency.RESTRICTED,
    CaseState.REVERTED: Urgency.REVERTED,
    CaseState.MIGRATED: Urgency.POST_CHECK,
}


class CaseFacts(Protocol):
    """The facts by which a list of cases is ordered and summed up."""

    @property
    def reference(self) -> str: ...
    @property
    def level(self) -> MatchLevel: ...
    @property
    def harm_on(self) -> date | None: ...
    @property
    def state(self) -> str: ...
    @property
    def restricted_first(self) -> bool: ...


Facts = TypeVar("Facts", bound=CaseFacts)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case line holds no telephone number, address or resident's name."""

    reference: str
    level: MatchLevel
    harm_on: date | None  # the earlier of `planned_on` and `restriction_on`
    planned_on: date | None
    restriction_on: date | None
    provider: str  # display name
    state: str  # stored code
    reason: str  # stored code of the escalation; empty on a page, which shows no message
    claimed_by: tuple[str, ...] = ()  # display names of providers that reported a change without a notice before it
    doubts: tuple[Doubt, ...] = ()  # notices with two versions that differ
    unsure_days: tuple[UnsureDay, ...] = ()  # days of notices that may be read in two ways
    changes: tuple[WaitingChange, ...] = ()  # changes of feeds that wait until a person agrees

    @property
    def restricted_first(self) -> bool:
        return self.harm_on is not None and self.harm_on == self.restriction_on

    @property
    def withdrawn(self) -> bool:
        # No notice names the line any more. The dates of such a case are the last dates that the council was sent.
        return self.state == CaseState.NOTICE_WITHDRAWN


@dataclass(frozen=True, slots=True)
class CaseRow:
    reference: str
    provider: str
    day: str
    short_day: str
    distance: str
    event: str
    later: str
    sure: str
    sure_because: str
    state: str
    news: str
    notes: tuple[str, ...]  # doubts about the case, one sentence each


def urgency(case: CaseFacts, today: date) -> Urgency:
    # An urgent state outranks the date.
    if case.state in _BY_STATE:
        return _BY_STATE[case.state]
    if case.harm_on is None:
        return Urgency.UNDATED
    return Urgency.OVERDUE if case.harm_on < today else Urgency.DATED


def most_urgent_first(cases: Iterable[Facts], today: date) -> list[Facts]:
    # Cases of equal urgency are ordered by date, then by the surer match. The reference makes the order stable.

    def key(case: Facts) -> tuple[Urgency, date, int, str]:
        return urgency(case, today), case.harm_on or date.max, -case.level.rank, case.reference

    return sorted(cases, key=key)


def case_row(case: CaseLine, today: date) -> CaseRow:
    return CaseRow(
        reference=case.reference,
        provider=shown_name(case.provider),
        day=long_day(case.harm_on) if case.harm_on else "Date not known",
        short_day=short_day(case.harm_on) if case.harm_on else "Date not known",
        distance=distance(case.harm_on, today) if case.harm_on and not case.withdrawn else "",
        event=_event(case),
        later=_later(case),
        sure=SURE[case.level],
        sure_because=SURE_BECAUSE[case.level],
        state=case_state(case.state),
        news=NEWS.get(case.reason, ""),
        notes=() if case.withdrawn else notes(case),
    )


def notes(case: CaseLine) -> tuple[str, ...]:
    doubts = (*_claim(case.claimed_by), *map(_differing, case.doubts), *map(_unsure, case.unsure_days))
    return (*map(_waiting, case.changes), *doubts)


def _waiting(change: WaitingChange) -> str:
    who = shown_name(change.provider) if change.provider else "The register"
    return f"{CHANGED[change.what].format(who=who, day=change.day and short_day(change.day))}. {UNTIL_AGREED}"


def _unsure(day: UnsureDay) -> str:
    days = f"either {short_day(day.either)} or {short_day(day.other)}"
    return f"{shown_name(day.provider)} wrote the day of {day.what} so that it may mean {days}"


def _claim(providers: tuple[str, ...]) -> tuple[str, ...]:
    if not providers:
        return ()
    who = and_list([shown_name(provider) for provider in providers])
    whose = "its" if len(providers) == 1 else "their"
    return (f"{who} reported a change and gave no notice of it before: this is {whose} word only",)


def _differing(doubt: Doubt) -> str:
    who = shown_name(doubt.provider)
    # If the dates and the status agree, the versions differ in their sealed part.
    if doubt.first == doubt.last:
        return f"{who} sent two versions of its notice, with different telephone numbers or addresses"
    first, last = (
        version(stated.status, stated.planned_on, stated.restriction_on) for stated in (doubt.first, doubt.last)
    )
    return f"{who} sent two versions of its notice: first {first}; then {last}"


def _event(case: CaseLine) -> str:
    if case.withdrawn:
        return "no longer planned"
    # The earlier reading of a day in doubt comes before the days that are known.
    if case.unsure_days and case.harm_on not in (None, case.planned_on, case.restriction_on):
        return "the earliest it may be"
    return "calls restricted" if case.restricted_first else "switch planned"


def _later(case: CaseLine) -> str:
    if case.planned_on and case.planned_on != case.harm_on and not case.withdrawn:
        return f"then switch {short_day(case.planned_on)}"
    return ""
