from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import get_type_hints

import pytest

from schemas.codes import CaseEvent, CaseState, Connection, MatchLevel, MigrationKind, NoticeStatus
from services.alerts.policy.policy import CouncilPolicy
from services.alerts.review.case import Case, Line, Rival
from services.alerts.review.line_memory import memories
from services.alerts.review.owed import CasePolicy, Owed, what_is_owed
from services.alerts.review.risk import lines_at_risk
from services.alerts.review.rules_in_force import rules_of
from services.alerts.states.machine import ENDED
from services.alerts.states.rules import LineFacts, Ruleset, load_ruleset
from tests.support.rulesets import installed, rule, ruleset
from tests.unit.alerts.review.cases import DAY, ENTRY, LINE, NOW
from tests.unit.alerts.test_case_review import SECOND, standing

CHOSEN = replace(LINE, notice_pk=7, migration_kind=MigrationKind.VOLUNTARY, provider="HBRT")
LENIENT = ruleset("later", rule("chosen", at_risk=False, migration_kind="voluntary"))
STRICTER = ruleset("stricter", instead_of=["other_way_to_the_centre"])
SAME = ruleset("same")
CODES = [(field, sorted(kind)) for field, kind in get_type_hints(LineFacts).items()]
UNTIL_THE_END = sorted(set(CaseState) - ENDED)


@pytest.fixture(autouse=True)
def rulesets(tmp_path: Path) -> Iterator[None]:
    with installed(tmp_path, LENIENT, STRICTER, SAME):
        yield


def by(current: Ruleset | None, case: Case, *lines: Line, days: int = 0) -> Owed:
    return what_is_owed(case, ENTRY, lines, CasePolicy(CouncilPolicy(), current), NOW + days * DAY)


def at_risk(case: Case, *lines: Line, current: Ruleset | None = None) -> set[int]:
    return {line.notice_pk for line in lines_at_risk(ENTRY, lines, memories(case), rules_of(case, current))}


@pytest.mark.parametrize("state", UNTIL_THE_END)
def test_rules_that_find_nothing_end_no_case(state: CaseState) -> None:
    made = by(LENIENT, standing(state, CHOSEN), CHOSEN)
    assert (made.case.state, made.case.lines, made.transitions) == (state, 1, ())
    assert made.case.rulesets == ("pstn-2026", "later")


@pytest.mark.parametrize("state", UNTIL_THE_END)
def test_rules_that_find_as_much_take_over(state: CaseState) -> None:
    made = by(SAME, standing(state), LINE)
    assert (made.case.rulesets, made.rules_changed, made.transitions) == (("same",), True, ())


def test_a_second_review_changes_the_rules_no_further() -> None:
    once = by(LENIENT, standing(CaseState.OPEN, CHOSEN), CHOSEN)
    assert once.rules_changed
    assert not by(LENIENT, once.case, CHOSEN).rules_changed


@pytest.mark.parametrize("state", [CaseState.OPEN, CaseState.VISIT_BOOKED, CaseState.CONFIRMED_SAFE])
def test_a_persons_act_is_judged_by_the_rules_the_case_has(state: CaseState) -> None:
    kept = by(LENIENT, standing(state, CHOSEN), CHOSEN).case
    assert by(None, kept, CHOSEN).case == kept


def test_when_the_notice_is_withdrawn_the_case_ends_under_both() -> None:
    kept = by(LENIENT, standing(CaseState.OPEN, CHOSEN), CHOSEN).case
    made = by(LENIENT, kept, replace(CHOSEN, status=NoticeStatus.WITHDRAWN), days=1)
    assert made.case.state is CaseState.NOTICE_WITHDRAWN


def test_once_the_lines_that_only_earlier_rules_find_have_gone_the_new_rules_stand_alone() -> None:
    kept = by(LENIENT, standing(CaseState.OPEN, CHOSEN, LINE), CHOSEN, LINE).case
    assert kept.rulesets == ("pstn-2026", "later")
    made = by(LENIENT, kept, LINE, days=1)
    assert (made.case.rulesets, made.case.state) == (("later",), CaseState.OPEN)


@pytest.mark.parametrize(("settled", "rulesets"), [(None, ("pstn-2026", "later")), (1, ("later",))])
def test_of_a_notice_with_two_versions_the_one_that_a_person_has_settled_on_is_judged(
    settled: int | None, rulesets: tuple[str, ...]
) -> None:
    # Under the earlier rules, only the version that the person did not choose is at risk.
    withdrawn = replace(CHOSEN, status=NoticeStatus.WITHDRAWN, rival=Rival(NoticeStatus.PLANNED, LINE.planned_on, None))
    of = standing(CaseState.OPEN, CHOSEN)
    known = {key: {**one, "settled": settled} for key, one in of.seen.items()}
    assert by(LENIENT, replace(of, seen=known), withdrawn).case.rulesets == rulesets


def test_a_case_that_had_ended_opens_by_the_new_rules_alone() -> None:
    ended = standing(CaseState.NOTICE_WITHDRAWN, CHOSEN)
    assert by(LENIENT, ended, LINE).case.rulesets == ("later",)


def test_rules_that_find_more_open_a_case() -> None:
    by_address = replace(LINE, level=MatchLevel.PROBABLE)
    entry = replace(ENTRY, connection=Connection.SIM)
    case = replace(standing(CaseState.NOTICE_WITHDRAWN), lines=0, warned=False)
    before = what_is_owed(case, entry, (by_address,), CasePolicy(CouncilPolicy(), load_ruleset("pstn-2026")), NOW)
    assert before.case.lines == 0
    after = what_is_owed(before.case, entry, (by_address,), CasePolicy(CouncilPolicy(), STRICTER), NOW)
    assert (after.case.state, [one.event for one in after.transitions]) == (CaseState.OPEN, [CaseEvent.NEW_NOTICE])


def test_a_case_that_was_never_opened_is_judged_by_the_current_rules_alone() -> None:
    unopened = replace(standing(CaseState.OPEN, CHOSEN), revision=0)
    assert by(LENIENT, unopened, CHOSEN).case.rulesets == ("later",)


def test_the_current_rules_need_not_be_loaded_again() -> None:
    elsewhere = ruleset("kept-elsewhere")
    case = by(elsewhere, standing(), LINE).case
    assert rules_of(case, elsewhere) == (elsewhere,)


def _random_ruleset(chance: Random, name: str) -> Ruleset:
    drawn = []
    for number in range(chance.randint(1, 4)):
        field, codes = chance.choice(CODES)
        drawn.append(rule(f"drawn_{number}", at_risk=chance.random() < 0.3, **{field: chance.choice(codes)}))
    return ruleset(name, *drawn)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_rules_come_in_turn_no_open_case_ends_and_no_line_is_let_go(seed: int, tmp_path: Path) -> None:
    chance = Random(seed)
    every = (
        LINE,
        CHOSEN,
        replace(SECOND, level=MatchLevel.POSSIBLE),
        replace(LINE, notice_pk=11, status=NoticeStatus.PAUSED),
    )
    lines = tuple(chance.sample(every, chance.randint(1, len(every))))
    in_turn = [_random_ruleset(chance, f"drawn-{number}") for number in range(4)]
    with installed(tmp_path, *in_turn):
        case = standing(chance.choice(UNTIL_THE_END), *lines)
        for current in chain(in_turn, reversed(in_turn)):
            before = at_risk(case, *lines)
            made = by(current, case, *lines)
            assert at_risk(made.case, *lines, current=current) >= before
            assert made.case.state not in ENDED
            case = replace(made.case, revision=made.case.revision + 1)
