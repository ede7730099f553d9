from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.match_reference import match_reference, read_match_reference
from services.core.tokens import Tokeniser

OURS, THEIRS = Tokeniser(b"t" * 32), Tokeniser(b"u" * 32)
IDS = st.integers(0, 2**40 - 1)
FORM = re.compile(r"M(-[2-9A-HJ-NP-Z]{4}){4}")


@given(IDS, IDS)
def test_a_reference_leads_back_to_its_match(notice: int, entry: int) -> None:
    reference = match_reference(OURS, notice, entry)
    assert FORM.fullmatch(reference)
    assert read_match_reference(OURS, reference) == (notice, entry)


def test_a_reference_is_read_as_people_type_it() -> None:
    reference = match_reference(OURS, 12, 345)
    for typed in (reference, reference.lower(), reference.removeprefix("M-"), reference.replace("-", "")[1:]):
        assert read_match_reference(OURS, typed) == (12, 345)
    assert read_match_reference(OURS, f" {reference}\n") == (12, 345)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_the_references_of_neighbours_do_not_count_up(notice: int, entry: int) -> None:
    mine = match_reference(OURS, notice, entry).replace("-", "")
    for neighbour in ((notice + 1, entry), (notice, entry + 1), (entry, notice + 1)):
        theirs = match_reference(OURS, *neighbour).replace("-", "")
        equal = sum(one == other for one, other in zip(mine[1:], theirs[1:], strict=True))
        # On average, two random references of 16 characters have half a character in common. Ten would be no
        # coincidence.
        assert equal < 10


def test_the_references_of_many_matches_are_all_different_and_in_no_order() -> None:
    pairs = [(notice, entry) for notice in range(1, 60) for entry in range(1, 60)]
    made = [match_reference(OURS, *pair) for pair in pairs]
    assert len(set(made)) == len(pairs)
    rising = sum(one < other for one, other in pairwise(made))
    assert 0.4 < rising / len(pairs) < 0.6


@given(IDS, IDS)
def test_a_reference_of_another_deployment_leads_to_another_match(notice: int, entry: int) -> None:
    assert read_match_reference(THEIRS, match_reference(OURS, notice, entry)) != (notice, entry)


@pytest.mark.parametrize("text", ["", "M-1-1", "M-12-345", "M-2222-2222-2222", "M-2222-2222-2222-222O", "C-7K3M-2Q9P"])
def test_a_text_of_another_form_is_no_reference(text: str) -> None:
    assert read_match_reference(OURS, text) is None


def test_an_id_that_has_no_place_in_a_reference_is_an_error() -> None:
    with pytest.raises(ValueError, match="beyond 40 bits"):
        match_reference(OURS, 2**40, 1)
