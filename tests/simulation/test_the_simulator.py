from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.simulation import run
from tests.simulation.judging.bounds import NEAR, RECOVERY, STEP, TRIED_FOR, at
from tests.simulation.judging.duty import Due, Duty, Heard
from tests.simulation.judging.history import Happened, Record, What
from tests.simulation.judging.judge import Broken
from tests.simulation.judging.resident import Resident
from tests.simulation.judging.troubles import Troubles
from tests.simulation.many import LEAST, OF_MONTHS, Totals, seeds
from tests.simulation.planted import PLANTED
from tests.simulation.run import FAULTS, Month, shortened, simulate
from tests.simulation.surroundings.channels import DEADLINE
from tests.simulation.surroundings.plan import (
    CONTACTS,
    COUNCILS,
    OPERATOR,
    Act,
    Kind,
    Mode,
    Plan,
    Temper,
    Width,
    draw,
    level_contacts,
)
from tests.simulation.surroundings.rules import Numbers

pytestmark = pytest.mark.timeout(1_800)


def test_a_seed_always_draws_the_same_plan() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_a_month_replays_exactly() -> None:
    once, again = simulate(draw(2)), simulate(draw(2))
    assert once.record.happened == again.record.happened
    assert once.record.digest() == again.record.digest()


def test_a_broken_month_is_shortened_to_the_acts_that_break_it() -> None:
    planted = PLANTED["an acknowledgement never ends"]
    # Only what feeds send: the fault needs no other fault beside it.
    quiet = (Kind.ENTRY, Kind.NOTICE, Kind.POLICY)
    for seed in range(1, 21):
        plan = draw(seed)
        plan = replace(plan, acts=tuple(act for act in plan.acts if act.kind in quiet))
        found = simulate(plan, planted)
        if found.broken:
            break
    short = shortened(found, planted)
    first = found.broken[0]
    assert (first.promise, first.about) in {(one.promise, one.about) for one in short.broken}
    assert len(short.plan.acts) < len(found.plan.acts) / 2


def test_a_shortened_month_keeps_the_first_policy_of_each_council(monkeypatch: pytest.MonkeyPatch) -> None:
    def always_broken(plan: Plan, _planted: object = None) -> Month:
        return Month(plan, Record(), [Broken(plan.end, "forgotten", "a resident", "whatever is sent")], Counter())

    monkeypatch.setattr(run, "simulate", always_broken)
    found = always_broken(draw(3))
    assert len(found.plan.acts) > len(COUNCILS)
    left = shortened(found).plan.acts
    assert [(act.at, act.kind, act.about) for act in left] == [
        (found.plan.start, Kind.POLICY, council) for council in COUNCILS
    ]


def test_a_fault_of_a_channel_waits_for_an_attempt_and_meets_it() -> None:
    plan = draw(2)
    quiet = tuple(act for act in plan.acts if act.kind in (Kind.ENTRY, Kind.NOTICE, Kind.POLICY))
    fault = Act(plan.start, Kind.CHANNEL, facts={"mode": Mode.SLOW, "hours": 1.0, "width": Width.ONE})
    met = simulate(replace(plan, acts=(fault, *quiet)))
    began = next(one for one in met.record if one.what is What.CHANNEL)
    first = next(one for one in met.record if one.what is What.ATTEMPT)
    assert (began.at, began.about) == (first.at, first.about)
    assert met.faults["channel slow"] == 1


def test_a_message_that_was_being_sent_when_a_fault_ended_is_tried_again_at_once() -> None:
    plan = draw(2)
    quiet = tuple(act for act in plan.acts if act.kind in (Kind.ENTRY, Kind.NOTICE, Kind.POLICY))

    def late(hours: float, ends: datetime | None = None) -> Month:
        fault = Act(plan.start, Kind.CHANNEL, facts={"mode": Mode.LATE, "hours": hours, "width": Width.EVERYBODY})
        return simulate(replace(plan, acts=(fault, *quiet), ends=ends))

    long = late(6.0)
    began = next(one.at for one in long.record if one.what is What.CHANNEL)
    tries = [one for one in long.record if one.what is What.ATTEMPT and one.at < began + timedelta(hours=6)]
    running = tries[-1]
    # The same fault, but now it ends while this attempt runs.
    hours = (running.at - began + timedelta(seconds=DEADLINE / 2)) / timedelta(hours=1)
    met = late(hours, ends=running.at + timedelta(minutes=10))
    same = [one for one in met.record if one.facts.get("reference") == running.facts["reference"]]
    later = [one.at for one in same if one.what is What.ATTEMPT and one.at > running.at]
    assert later
    assert later[0] - running.at < timedelta(minutes=2)


def test_every_plan_has_every_temper_and_mode_and_most_have_each_other_class_of_fault() -> None:
    plans, most = [draw(seed) for seed in range(400)], 0.85
    for plan in plans:
        assert set(plan.tempers.values()) == set(Temper)
        assert {act.facts["mode"] for act in plan.acts if act.kind is Kind.CHANNEL} == set(Mode)
        assert Kind.CRASH in {act.kind for act in plan.acts}
    waiting = [act for plan in plans for act in plan.acts if act.kind is Kind.CHANNEL and not act.about]
    assert len(waiting) > most * len(plans) * len(Mode)
    for meant in (
        lambda act: act.kind is Kind.REPLAY,
        lambda act: act.kind is Kind.OUTAGE and act.facts["hours"] < 18,
        lambda act: act.kind is Kind.OUTAGE and act.facts["hours"] > 18,
        lambda act: act.kind is Kind.CLOCK and act.facts["seconds"] > 0,
        lambda act: act.kind is Kind.CLOCK and act.facts["seconds"] < 0,
    ):
        assert sum(any(map(meant, plan.acts)) for plan in plans) > most * len(plans)


def test_a_longer_run_begins_with_the_months_of_a_shorter_one() -> None:
    assert seeds(3, 40)[:10] == seeds(3, 10)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    totals, kept = Totals(5), tmp_path / "totals.json"
    totals.add(11, {"faults": {"crash": 3}, "happened": {"attempt": 9}, "broken": ["late"]})
    totals.save(kept)
    assert Totals.resumed(kept, seed=None) == totals == Totals.resumed(kept, seed=5)
    with pytest.raises(ValueError, match="months of seed 5"):
        Totals.resumed(kept, seed=99)


def test_a_run_without_a_class_of_fault_fails() -> None:
    totals = Totals(5, months=OF_MONTHS)
    totals.faults.update(dict.fromkeys(FAULTS, LEAST))
    assert totals.fine
    totals.faults["replay"] -= 1
    assert totals.too_rare == {"replay": LEAST - 1}


@pytest.mark.parametrize(("refusing_hours", "expected_hours"), [(20, 24), (30, 48)])
def test_what_everybody_refuses_for_good_is_expected_anew_once_in_24_hours(
    refusing_hours: int, expected_hours: int
) -> None:
    due = datetime(2026, 6, 1, 9, tzinfo=UTC)
    council = next(iter(COUNCILS))
    until = due + timedelta(hours=refusing_hours)
    faults = [
        Happened(due, What.CHANNEL, name, {"mode": Mode.REFUSING, "until": until}) for name in (*CONTACTS, OPERATOR)
    ]
    slots = dict.fromkeys(level_contacts(council, 1), due)
    latest = Troubles(faults).latest(slots, council, 1, STEP, lambda at: at)
    assert latest == due + timedelta(hours=expected_hours) + STEP + RECOVERY


@pytest.mark.parametrize(
    ("day", "day_later"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 29, 9, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 25, 8, tzinfo=UTC)),
    ],
)
def test_24_hours_stay_24_hours_when_the_clocks_change(day: date, day_later: datetime) -> None:
    assert at(day, 9) + TRIED_FOR == day_later


@pytest.mark.parametrize(
    ("heard_at", "due_at"),
    [
        (datetime(2026, 3, 27, 17, 15, tzinfo=UTC), datetime(2026, 3, 30, 16, 15, tzinfo=UTC)),
        (datetime(2026, 10, 23, 16, 15, tzinfo=UTC), datetime(2026, 10, 26, 17, 15, tzinfo=UTC)),
    ],
)
def test_silence_is_due_at_the_same_time_in_london_when_the_clocks_change(heard_at: datetime, due_at: datetime) -> None:
    resident, heard = Resident(), Heard()
    resident.register(heard_at, ended=False)
    planned = heard_at.date() + timedelta(days=NEAR)
    resident.notice(heard_at, "HBRT", {"status": "planned", "planned": planned, "restriction": None})
    heard.accept("A-1.1", "desk-e08000035", heard_at)
    assert Duty(resident, heard, Numbers()).all_due()["silence"] == Due(due_at, 2)
