from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from services.core.telephone.telephone import read_numbers
from tests.interleavings.submissions.histories import Act, history, submissions
from tests.interleavings.submissions.lines import telephone_line
from tests.interleavings.submissions.pace import CLOSE, MANY, Pace

PAIRS = range(700)


@pytest.mark.parametrize("pace", [MANY, CLOSE])
def test_the_same_seed_gives_the_same_submissions(pace: Pace) -> None:
    once, again = (list(submissions(Random(5), PAIRS, pace)) for _ in range(2))
    assert once == again


def test_every_history_writes_both_records_and_has_two_to_five_deeds() -> None:
    noise = Random(5)
    lengths = Counter[int]()
    for number in PAIRS:
        deeds = history(noise, number)
        assert {deed.act for deed in deeds[:2]} == {Act.POST, Act.PUT}
        lengths[len(deeds)] += 1
    assert set(lengths) == {2, 3, 4, 5}


@pytest.mark.parametrize("pace", [MANY, CLOSE])
def test_no_deed_is_lost_on_the_way_into_submissions(pace: Pace) -> None:
    noise, wave = Random(5), range(pace.wave)
    meant = [repr(deed.row) for number in wave for deed in history(noise, number)]
    submitted = [repr(row) for one in submissions(Random(5), wave, pace) for row in one.rows]
    assert sorted(submitted) == sorted(meant)


def test_the_telephone_numbers_are_sixteen_thousand_different_ones() -> None:
    read = [read_numbers(telephone_line(number)["cli"]) for number in range(16_000)]
    assert not any(one.problems for one in read)
    assert len({one.numbers for one in read}) == 16_000


def test_no_record_has_two_deeds_in_one_turn() -> None:
    noise = Random(5)
    for number in PAIRS:
        turns = [(deed.turn, deed.feed) for deed in history(noise, number)]
        assert len(set(turns)) == len(turns)
