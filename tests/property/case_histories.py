from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.codes import (
    CaseEvent,
    CaseState,
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    ServiceStatus,
    TargetService,
)
from services.alerts.policy.policy import CouncilPolicy, pause_until
from services.alerts.review import owed as owed_module
from services.alerts.review.case import Case, Entry, Line
from services.alerts.review.owed import LOOK_AGAIN, CasePolicy, Owed
from services.alerts.review.recording import RecordFaultyError, check_days, with_record
from services.alerts.review.step import Transition, apply, new_case
from services.alerts.states.machine import CHECKED, CLOCK_STOPPED, Refuse, decide
from services.alerts.states.records import (
    ConfirmHold,
    ConfirmSafe,
    ContactResident,
    FitSolution,
    HumanAct,
    PassTest,
    PortLine,
)
from services.alerts.states.rules import load_ruleset
from services.core.clock import london_day, london_midnight

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
RULES = load_ruleset("pstn-2026")
ENTRY = Entry(1, "council:E06000009", 0, True, ServiceStatus.ACTIVE, Connection.ANALOGUE_LINE)
POLICIES = (
    CouncilPolicy(),
    CouncilPolicy(
        thresholds=(90, 56, 28, 14, 7, 2, 0),
        repeat_days={90: 5, 56: 5, 28: 3, 14: 3, 7: 2, 2: 1, 0: 1},
    ),
)
# The longest repeat, ten working days, with Christmas and New Year among them.
LONGEST_REPEAT = timedelta(days=21)
MOMENT = timedelta(minutes=5)
OFFICER = "Asha Patel"


def blocks_of_seeds(count: int, quick: int = 2) -> list[pytest.ParameterSet]:
    """Return the numbers of blocks. All but the first `quick` are slow, and `make check` leaves them out."""
    return [pytest.param(block, marks=[pytest.mark.slow] if block >= quick else []) for block in range(count)]


@dataclass
class History:
    dice: random.Random
    recompute_on_edit: bool = True
    look_after_acts: bool = True
    now: datetime = START
    policy: CouncilPolicy = POLICIES[0]
    lines: dict[int, Line] = field(default_factory=dict)
    case: Case = field(default_factory=lambda: new_case(1, "C-2222-2222", ENTRY, RULES, START))
    told: list[str] = field(default_factory=list)

    def owed(self, before: tuple[Transition, ...] = (), case: Case | None = None) -> Owed:
        lines = sorted(self.lines.values(), key=lambda line: line.notice_pk)
        policy = CasePolicy(self.policy, RULES)
        return owed_module.what_is_owed(case or self.case, ENTRY, lines, policy, self.now, before)

    def look(self, before: tuple[Transition, ...] = (), case: Case | None = None) -> None:
        # A due message is recorded as sent.
        made = self.owed(before, case)
        self.case = replace(made.case, revision=made.case.revision + 1)
        assert _known(self.owed().case) == _known(self.case), "a second review of the same facts changes the case"
        self.told += [f"{self.now:%d %b %H:%M} {one.event} {one.before}>{one.after}" for one in made.transitions]
        if made.message is not None and made.message.due_at <= self.now:
            told = replace(self.case, last_alert_at=self.now, last_threshold=made.message.threshold)
            told = replace(told, warned=not told.withdrawn)
            self.case = self.owed(case=told).case

    def advance(self, by: timedelta) -> None:
        # The case is reviewed whenever it is due.
        until = self.now + by
        while self.case.due_at is not None and self.case.due_at <= until:
            self.now = max(self.now, self.case.due_at) + timedelta(seconds=1)
            self.look()
        self.now = max(self.now, until)

    def day(self) -> date:
        return london_day(self.now) + timedelta(days=self.dice.randint(-3, 70))

    def post(self) -> None:
        pk = self.dice.choice((1, 2))
        before = self.lines.get(pk)
        status = self.dice.choice(list(NoticeStatus))
        restriction = self.day() if self.dice.random() < 0.4 else None
        reported = status in (NoticeStatus.COMPLETED, NoticeStatus.REVERTED)
        self.lines[pk] = Line(
            notice_pk=pk,
            level=self.dice.choice((MatchLevel.CONFIRMED, *MatchLevel)),
            decision=MatchDecision.UNDECIDED,
            decided_level=None,
            status=status,
            migration_kind=MigrationKind.NON_VOLUNTARY,
            target_service=TargetService.VOIP,
            planned_on=self.day() if self.dice.random() < 0.9 else None,
            restriction_on=restriction,
            issued_at=self.now,
            provider={1: "RAVN", 2: "HBRT"}[pk],
            revision=before.revision + 1 if before else 1,
            announced=not reported or bool(before and before.announced),
        )
        self.look()

    def act(self) -> None:
        event, record = self.dice.choice(self._acts())
        if self.case.revision == 0 or isinstance(decide(self.case.state, event), Refuse):
            return
        try:
            check_days(self.case, record, self.now)
        except RecordFaultyError:
            return
        transitions: list[Transition] = []
        moved, lines = apply(self.case, event, self.now, transitions), list(self.lines.values())
        changed = with_record(moved, event, record, lines, london_day(self.now))
        if not changed.clock_stopped:
            is_step = event is not CaseEvent.ACKNOWLEDGE
            until = pause_until(self.policy, changed.clock, self.now, is_step=is_step)
            changed = replace(changed, paused_until=until)
        if self.look_after_acts:
            self.look(tuple(transitions), changed)
        else:
            self.case = replace(changed, due_at=_days_that_lie_ahead(changed, self.now))

    def edit_policy(self) -> None:
        self.policy = self.dice.choice(POLICIES)
        if self.recompute_on_edit and self.case.revision:
            self.look()

    def _acts(self) -> list[tuple[CaseEvent, HumanAct]]:
        hold = ConfirmHold(
            by=OFFICER,
            provider_reference="HLD-1",
            ends_on=self.day(),
            provider=self.dice.choice((*self.case.providers, None)),
        )
        retest = FitSolution(by=OFFICER, kind="converter_interim", retest_on=self.day())
        test = PassTest(by=OFFICER, arc_name="Fylde", at=self.now, tested_by=OFFICER)
        safe = ConfirmSafe(by=OFFICER, party="provider", evidence="digital unit proved")
        return [
            (CaseEvent.ACKNOWLEDGE, HumanAct(by=OFFICER)),
            (CaseEvent.CONTACT_RESIDENT, ContactResident(by=OFFICER, method="call")),
            (CaseEvent.FIT_SOLUTION, retest),
            (CaseEvent.PASS_TEST, test),
            (CaseEvent.PASS_POST_CHECK, test),
            (CaseEvent.CONFIRM_SAFE, safe),
            (CaseEvent.CONFIRM_HOLD, hold),
            (CaseEvent.CLOSE, HumanAct(by=OFFICER)),
            (CaseEvent.PORT_LINE, PortLine(by=OFFICER, from_provider=self.dice.choice(("RAVN", "HBRT")))),
        ]

    def check(self) -> None:
        case = self.case
        if case.revision == 0:
            return
        if not case.ended:
            assert case.due_at is not None, "an open case without a due time"
            assert case.due_at <= self.now + LOOK_AGAIN, "an open case that nobody looks at for over a week"
        if case.state in CHECKED:
            assert not self._untested(), "the case has ended with a line still at risk"
        if case.state in CLOCK_STOPPED:
            if case.state is CaseState.HOLD_CONFIRMED:
                assert case.hold_until is not None
                assert london_midnight(case.hold_until + timedelta(days=1)) > self.now - MOMENT, "a hold that is over"
            return
        owed = self.owed().message
        assert owed is not None, "nothing is owed about an open case"
        assert owed.due_at <= self._latest(), "the next message is more than one repeat ahead"
        assert case.due_at is not None
        assert case.due_at <= owed.due_at + timedelta(minutes=1), "the case is looked at after its message is owed"
        self._check_restrictions()

    def _latest(self) -> datetime:
        latest = self.now + LONGEST_REPEAT
        if self.case.harm_on is None:
            return latest
        first = london_midnight(self.case.harm_on - timedelta(days=self._first_threshold())) + timedelta(hours=22)
        return max(latest, first + LONGEST_REPEAT)

    def _first_threshold(self) -> int:
        possible = self.case.level is MatchLevel.POSSIBLE
        return (self.policy.possible_thresholds if possible else self.policy.thresholds)[0]

    def _untested(self) -> list[Line]:
        tested = self.case.tested_on
        return [line for line in self._counted() if tested is None or _last_day(line) > tested]

    def _counted(self) -> list[Line]:
        ported = {key for key, one in self.case.seen.items() if one.get("ported") == self.lines[int(key)].fingerprint}
        return [
            line
            for pk, line in self.lines.items()
            if str(pk) not in ported and line.status is not NoticeStatus.WITHDRAWN
        ]

    def _check_restrictions(self) -> None:
        for line in self._counted():
            day, tested = line.restriction_on, self.case.tested_on
            begun = day is not None and london_midnight(day) < self.now - MOMENT
            if day is not None and begun and line.alertable and not line.moved and (tested is None or day > tested):
                known = self.case.seen.get(str(line.notice_pk), {})
                assert known.get("restricted") == str(day), "a barring day has passed untold"


def play(seed: int, steps: int = 40, *, recompute_on_edit: bool = True, look_after_acts: bool = True) -> History:
    """Play a random history of one case.

    Raises AssertionError if a message of this history is late, or if the case ends too soon.
    """
    history = History(random.Random(seed), recompute_on_edit, look_after_acts)
    for _ in range(steps):
        chosen = history.dice.choices(("post", "act", "edit", "wait"), (3, 4, 1, 5))[0]
        if chosen == "post":
            history.post()
        elif chosen == "act":
            history.act()
        elif chosen == "edit":
            history.edit_policy()
        else:
            history.advance(timedelta(hours=history.dice.choice((1, 5, 14, 30, 100, 400))))
        history.check()
    return history


def _known(case: Case) -> Case:
    # A memory of a line that remembers nothing any more goes only at the next review.
    return replace(case, seen={key: one for key, one in case.seen.items() if set(one) != {"provider"}})


def _last_day(line: Line) -> date:
    reported = london_day(line.issued_at)
    if line.moved:
        move = line.moved_on
    else:
        move = reported if line.status is NoticeStatus.REVERTED else line.planned_on or date.max
    return max(move, line.restriction_on or move)


def _days_that_lie_ahead(case: Case, now: datetime) -> datetime | None:
    # Former, faulty code ignored every day that had already begun.
    days = (case.hold_until, case.review_on, case.restriction_on, case.planned_on)
    ahead = [london_midnight(day) for day in days if day is not None]
    return min((moment for moment in ahead if moment > now), default=None)
