"""One case as a message shows it, how urgent it is, and which come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from schemas.codes import MatchLevel
from services.alerts.message.wording import (
    NEWS,
    SURE,
    SURE_BECAUSE,
    case_state,
    distance,
    listed,
    long_day,
    short_day,
    shown_name,
    version,
)
from services.alerts.review.doubts import Doubt
from services.alerts.states.machine_states import State


class Urgency(IntEnum):
    """What makes a case urgent, the worst first. The order is policy of the deployment."""

    MOVED = 1
    """Switched before anyone confirmed that the alarm works."""
    RESTRICTED = 2
    """Calls from the line are already barred or diverted."""
    OVERDUE = 3
    """Its date has passed and it is not confirmed safe."""
    REVERTED = 4
    """Put back on the old network."""
    POST_CHECK = 5
    """Switched as planned, and not tested since."""
    DATED = 6
    """Its date is today or later."""
    UNDATED = 7
    """Nobody has said when."""


_BY_STATE: Mapping[str, Urgency] = {
    State.MIGRATED_UNCONFIRMED: Urgency.MOVED,
    State.LINE_RESTRICTED: Urgency.RESTRICTED,
    State.REVERTED: Urgency.REVERTED,
    State.MIGRATED: Urgency.POST_CHECK,
}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a digest. It names nobody: no telephone number, address or name belongs here.

    `harm_on` is the earlier of `restriction_on` and `planned_on`; `provider` is a display name; `state` and `reason`
    are the stored codes of the case's state and of its escalation, the latter empty where no message is shown.
    `claimed_by` are the names of providers whose word alone it is that they did something to the line.
    """

    reference: str
    level: MatchLevel
    harm_on: date | None
    planned_on: date | None
    restriction_on: date | None
    provider: str
    state: str
    reason: str
    claimed_by: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def restricted_first(self) -> bool:
        """Whether the harmful moment is the restriction of calls, not the switch."""
        return self.harm_on is not None and self.harm_on == self.restriction_on

    @property
    def withdrawn(self) -> bool:
        """Whether no notice is about the line any more: its days are those that were told."""
        return self.state == State.NOTICE_WITHDRAWN


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in words, ready for a table."""

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
    notes: tuple[str, ...]
    """What is to be doubted of it."""


def urgency(case: CaseLine, today: date) -> Urgency:
    """The state decides where it is an alarm of its own; otherwise the date does."""
    if case.state in _BY_STATE:
        return _BY_STATE[case.state]
    if case.harm_on is None:
        return Urgency.UNDATED
    return Urgency.OVERDUE if case.harm_on < today else Urgency.DATED


def most_urgent_first(cases: Iterable[CaseLine], today: date) -> list[CaseLine]:
    """By urgency, then the earlier date, then the surer match, then the reference."""

    def key(case: CaseLine) -> tuple[Urgency, date, int, str]:
        return urgency(case, today), case.harm_on or date.max, -MatchLevel(case.level).rank, case.reference

    return sorted(cases, key=key)


def row(case: CaseLine, today: date) -> CaseRow:
    """The case in words, as of `today` in Europe/London."""
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
    """Whose word alone something is, and which versions of a notice differ."""
    return (*_claim(case.claimed_by), *(_differing(doubt) for doubt in case.doubts))


def _claim(providers: tuple[str, ...]) -> tuple[str, ...]:
    """A move, or a line put back, of which its provider gave no notice."""
    if not providers:
        return ()
    who = listed([shown_name(one) for one in providers])
    whose = "its" if len(providers) == 1 else "their"
    return (f"{who} reported a change and gave no notice of it before: this is {whose} word only",)


def _differing(doubt: Doubt) -> str:
    who = shown_name(doubt.provider)
    if doubt.first == doubt.last:
        return f"{who} sent two versions of its notice, with different telephone numbers or addresses"
    first, last = (version(one.status, one.planned_on, one.restriction_on) for one in (doubt.first, doubt.last))
    return f"{who} sent two versions of its notice: first {first}; then {last}"


def _event(case: CaseLine) -> str:
    if case.withdrawn:
        return "no longer planned"
    return "calls restricted" if case.restricted_first else "switch planned"


def _later(case: CaseLine) -> str:
    if case.planned_on and case.planned_on != case.harm_on and not case.withdrawn:
        return f"then switch {short_day(case.planned_on)}"
    return ""
