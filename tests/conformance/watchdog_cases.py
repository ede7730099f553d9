from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from schemas.codes import CaseState
from services.core.clock import london_day
from services.core.days.council_days import london_time
from services.core.days.working_days import Nation
from services.storage import tables
from services.watchdog import states
from services.watchdog.calendar import CouncilCalendar
from services.watchdog.findings import FaultKind
from services.watchdog.rules import Acceptance, CaseRecord, faults_of
from services.watchdog.store.cases import RECENT

ALERTS = 500
CLOSED = ("2026-12-23", "2027-01-05")
_FIRST_CLOSED = date(2026, 12, 23)
CALENDARS = {
    "council:E06000009": CouncilCalendar(),
    "council:E06000010": CouncilCalendar(
        Nation.ENGLAND, frozenset(date(2026, 12, 23) + timedelta(n) for n in range(14))
    ),
    "council:S12000033": CouncilCalendar(Nation.SCOTLAND),
}
_STATES = [state.value for state in CaseState]
Facts = dict[str, Any]


@dataclass(slots=True)
class InventedRecord:
    dice: Random
    now: datetime
    alerts: list[tuple[datetime, Acceptance]] = field(default_factory=list)
    rows: dict[str, list[Facts]] = field(default_factory=dict)
    expected: Counter[tuple[FaultKind, str]] = field(default_factory=Counter)

    def fill(self, connection: Connection, count: int) -> None:
        feeds = [self._feed(feed_id, calendar) for feed_id, calendar in CALENDARS.items()]
        self.rows = {"feeds": feeds, "alerts": [], "deliveries": [], "delivery_attempts": []}
        self.rows |= {"cases": [], "alert_cases": [], "audit": []}
        for pk in range(1, ALERTS + 1):
            self._add_alert(pk)
        for pk in range(1, count + 1):
            self._add_case(pk)
        for name, rows in self.rows.items():
            connection.execute(insert(getattr(tables, name)), rows)

    def _feed(self, feed_id: str, calendar: CouncilCalendar) -> Facts:
        said = {"nation": calendar.nation.value, "closed": [CLOSED] if calendar.closed else []}
        return {"feed_id": feed_id, "kind": "council", "code": feed_id[8:], "name": "", "created_at": self.now} | {
            "calendar": said
        }

    def _moment(self, first: int, last: int) -> datetime:
        day = london_day(self.now) + timedelta(days=self.dice.randint(first, last))
        hour = self.dice.choice([time(0), time(9), time(10), time(11), time(23, 59)])
        plain = self.now + timedelta(days=(day - london_day(self.now)).days)
        beside = timedelta(seconds=self.dice.choice([-301, -299, -1, 0, 1, 299, 301, 1199, 1201]))
        return self.dice.choice([plain, plain, london_time(day, hour)]) + beside

    def _day(self, first: int, last: int) -> date:
        return london_day(self.now) + timedelta(days=self.dice.randint(first, last))

    def _one_in(self, n: int) -> bool:
        return self.dice.randrange(n) == 0

    def _add_alert(self, pk: int) -> None:
        feed_id = self.dice.choice(list(CALENDARS))
        created = min(self._moment(self.dice.choice([-6, -40]), 0), self.now)
        self.rows["alerts"].append(
            {"pk": pk, "reference": f"A-{pk}", "feed_id": feed_id, "threshold": 1, "reason": "first", "cases": 1}
            | {"created_at": created, "owed_since": created, "urgent": False}
        )
        sent, in_doubt = list[datetime](), False
        for number in range(self.dice.randint(1, 2)):
            delivery, state = pk * 2 + number, self.dice.choice(["sent"] * 8 + ["refused", "given_up"])
            outcome = {"given_up": self.dice.choice(["in_doubt", "permanent"])}.get(state, "sent")
            # The clock of whoever sent it may be slow.
            ended = created + timedelta(seconds=self.dice.choice([1, 1, 200, 200, 600, 600, -9_000]))
            if state == "sent":
                sent.append(ended)
            in_doubt |= outcome == "in_doubt"
            self.rows["deliveries"].append(
                {"pk": delivery, "alert_pk": pk, "tier": "", "contact": "", "channel": "email", "verified": True}
                | {"address_sealed": b"", "destination": b"", "state": state, "attempts": 1, "created_at": created}
            )
            self.rows["delivery_attempts"].append(
                {"delivery_pk": delivery, "number": 1, "started_at": created, "deadline_at": ended, "ended_at": ended}
                | {"outcome": outcome, "reason": "", "acknowledge_hash": b"", "changes_hash": b""}
            )
        self.alerts.append((created, Acceptance(ever=max(sent, default=None), in_doubt=in_doubt)))

    def _add_case(self, pk: int) -> None:
        told = sorted(self.dice.sample(range(ALERTS), self.dice.choice([0, 1, 1, 2, 3])))
        alerts = [self.alerts[one] for one in told]
        case = self._case(pk, alerts)
        # Older messages count only if there is no recent one.
        recent = [one for one in alerts if one[0] >= self.now - RECENT and (one[1].ever or one[1].in_doubt)]
        accepted = _acceptance(case, recent or alerts)
        if accepted.ever and not self._one_in(6):
            late = self.dice.choice([0, 0, 299, 301])
            case = case._replace(last_alert_at=accepted.ever + timedelta(seconds=late))
        calendar = CALENDARS[case.feed_id]
        self.expected.update((fault.kind, case.feed_id) for fault in faults_of(case, accepted, calendar, self.now))
        self.rows["cases"].append(case._asdict() | _OF_NO_RULE | {"entry_pk": pk})
        self.rows["alert_cases"] += [{"alert_pk": one + 1, "case_pk": pk} | _OF_NO_RULE_HERE for one in told]
        self._add_moves(case)

    def _case(self, pk: int, alerts: Sequence[tuple[datetime, Acceptance]]) -> CaseRecord:
        dice, one_in = self.dice, self._one_in
        state = dice.choice([*_STATES, *["open"] * 6, "confirmed_safe", "hold_confirmed"])
        opened = self._moment(-60, 0)
        if alerts and not one_in(5):
            opened = min(opened, *(created for created, _ in alerts))
        return CaseRecord(
            pk=pk,
            reference=f"C-{pk}",
            feed_id=dice.choice(list(CALENDARS)),
            state=state,
            state_since=max(opened, self._moment(-20, 0)),
            level=dice.choice(["confirmed", "confirmed", "probable", "possible", None]),
            harm_on=None if one_in(6) else self._day(*dice.choice([(-3, 3), (20, 40), (50, 62), (-12, 75)])),
            planned_on=None if one_in(3) else self._day(-3, 30),
            restriction_on=None if one_in(2) else self._day(-3, 30),
            lines=dice.randint(0, 2),
            opened_at=opened,
            last_alert_at=self._moment(-9, 0) if one_in(25) else None,
            paused_until=None if not one_in(4) else self._moment(-9, 8),
            hold_until=(self._day(-3, 30) if not one_in(9) else None)
            if state == "hold_confirmed" or one_in(9)
            else None,
            review_on=self._day(-5, 30) if one_in(4) else None,
            changes_wait_since=self._moment(-3, 0) if one_in(12) else None,
            due_at=None if one_in(20) else self._moment(-1, 8) if one_in(8) else self._moment(1, 6),
            providers=dice.choice(["RAVN", "RAVN OTHR"]),
            claimed_by=dice.choice(["", "", "RAVN"]),
        )

    def _add_moves(self, case: CaseRecord) -> None:
        moves = [self.dice.choice(_STATES) for _ in range(self.dice.randint(0, 2))]
        if not self._one_in(6):
            moves.append(case.state)
        said: list[Mapping[str, str]] = [{}] if not self._one_in(6) or moves else []
        said += [{"to": state} for state in moves]
        last = said[-1].get("to", "open") if said else None
        if case.state in states.SILENT - states.ENDED and last != case.state:
            self.expected[FaultKind.SILENCED_WITHOUT_RECORD, case.feed_id] += 1
        self.rows["audit"] += [
            {"pk": case.pk * 8 + place, "at": self.now, "feed_id": case.feed_id, "subject": case.reference}
            | {"action": "case_moved" if "to" in fields else "case_opened", "fields": fields}
            for place, fields in enumerate(said)
        ]


def _acceptance(case: CaseRecord, alerts: Sequence[tuple[datetime, Acceptance]]) -> Acceptance:
    def newest(of: Iterator[Acceptance]) -> datetime | None:
        return max((one.ever for one in of if one.ever is not None), default=None)

    return Acceptance(
        newest(one for created, one in alerts if created >= case.opened_at),
        newest(one for _, one in alerts),
        any(one.in_doubt for _, one in alerts),
    )


_OF_NO_RULE: Facts = {"asked": 0, "unanswered": 0, "acknowledged_times": 0, "warned": True, "seen": {}, "facts": 1}
_OF_NO_RULE |= {"time_steps": [], "rulesets": "", "policy_version": 0, "revision": 1}
_OF_NO_RULE_HERE: Facts = {"threshold": 1, "reason": "first", "first_level": 0, "last_level": 0, "facts": 1}
