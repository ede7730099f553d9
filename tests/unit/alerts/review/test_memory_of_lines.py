from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from schemas.codes import MatchLevel, NoticeStatus
from services.alerts.review.line_memory import (
    LineMemory,
    announced_by,
    is_held,
    is_ported,
    is_rejected,
    memories,
    of_line,
    stored,
)
from tests.unit.alerts.review.cases import LINE, OTHER, case

BLANK = LineMemory("RAVN")
DONE = replace(LINE, status=NoticeStatus.COMPLETED, announced=False)


def test_what_is_kept_leaves_out_what_is_empty_and_reads_back_the_same() -> None:
    known = {"1": replace(BLANK, known_as="planned", settled=0), "9": LineMemory("HRBR")}
    assert stored(known) == {"1": {"provider": "RAVN", "known_as": "planned", "settled": 0}, "9": {"provider": "HRBR"}}
    assert memories(case(seen=stored(known))) == known


def test_a_line_not_met_before_is_a_blank_of_its_provider() -> None:
    assert of_line({"1": replace(BLANK, known_as="planned")}, OTHER) == LineMemory("HRBR")
    assert of_line({"1": replace(BLANK, known_as="planned")}, LINE).known_as == "planned"


@pytest.mark.parametrize(
    ("rejected", "level", "stands"),
    [
        (None, MatchLevel.POSSIBLE, False),
        ("probable", MatchLevel.POSSIBLE, True),
        ("probable", MatchLevel.PROBABLE, True),
        ("probable", MatchLevel.CONFIRMED, False),
    ],
)
def test_a_rejection_stands_against_evidence_no_surer_than_it_was_made_on(
    rejected: str | None, level: MatchLevel, stands: bool
) -> None:
    assert is_rejected(replace(BLANK, rejected=rejected), replace(LINE, level=level)) is stands


def test_a_number_has_left_its_provider_until_that_says_something_new() -> None:
    ported = replace(BLANK, ported=LINE.fingerprint)
    assert is_ported(ported, LINE)
    assert not is_ported(ported, replace(LINE, planned_on=date(2026, 12, 4)))
    assert not is_ported(BLANK, LINE)


@pytest.mark.parametrize(("until", "held"), [(None, False), ("2026-12-02", False), ("2026-12-03", True)])
def test_a_hold_counts_up_to_and_including_its_last_day(until: str | None, held: bool) -> None:
    assert is_held(replace(BLANK, held_until=until), date(2026, 12, 3)) is held


@pytest.mark.parametrize(
    ("known", "lines", "announced"),
    [
        ({}, [LINE, DONE], {"RAVN"}),
        ({}, [DONE], set()),
        ({}, [replace(LINE, announced=False)], set()),
        ({"7": replace(BLANK, known_as="planned")}, [DONE], {"RAVN"}),
        ({"7": replace(BLANK, known_as="possible")}, [DONE], {"RAVN"}),
        ({"7": replace(BLANK, known_as="completed")}, [DONE], set()),
        ({"7": replace(BLANK, known_as="reverted")}, [DONE], set()),
        ({"7": BLANK}, [DONE], set()),
        ({"1": replace(BLANK, known_as="planned")}, [DONE], set()),
        ({"1": replace(BLANK, known_as="planned")}, [replace(DONE, status=NoticeStatus.PLANNED)], {"RAVN"}),
        ({"1": replace(BLANK, known_as="planned")}, [replace(DONE, announced=True)], {"RAVN"}),
    ],
)
def test_a_provider_announced_a_move_where_it_ever_spoke_of_one_to_come(
    known: dict[str, LineMemory], lines: list[object], announced: set[str]
) -> None:
    assert announced_by(known, lines) == announced  # type: ignore[arg-type]
