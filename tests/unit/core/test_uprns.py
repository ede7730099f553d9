from __future__ import annotations

import pytest

from services.core.addresses.uprn import UprnMend, UprnProblem, UprnReading, describe_uprn_problem, read_uprn


@pytest.mark.parametrize(
    "text",
    ["100012345678", " 100012345678 ", "'100012345678", "100,012,345,678", "UPRN: 100012345678", "１００012345678"],  # noqa: RUF001
)
def test_a_uprn_is_read_as_a_string_of_digits(text: str) -> None:
    assert read_uprn(text) == UprnReading("100012345678")


def test_a_short_uprn_is_a_uprn() -> None:
    assert read_uprn("7") == UprnReading("7")


@pytest.mark.parametrize("text", ["100012345678.0", "100012345678.", "100012345678.00"])
def test_the_decimal_point_of_a_spreadsheet_is_dropped(text: str) -> None:
    assert read_uprn(text) == UprnReading("100012345678", frozenset({UprnMend.DECIMAL_POINT_DROPPED}))


def test_zero_padding_is_dropped() -> None:
    assert read_uprn("000010012345") == UprnReading("10012345", frozenset({UprnMend.ZERO_PADDING_DROPPED}))


@pytest.mark.parametrize("text", ["", "  ", "'"])
def test_an_empty_cell_is_no_uprn_and_no_problem(text: str) -> None:
    assert read_uprn(text) == UprnReading()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.00012E+11", UprnProblem.SCIENTIFIC_NOTATION),
        ("1e11", UprnProblem.SCIENTIFIC_NOTATION),
        ("100012000000", UprnProblem.ROUNDED),
        ("100012345678.5", UprnProblem.ROUNDED),
        ("1234567890123", UprnProblem.TOO_LONG),
        ("0", UprnProblem.NOT_A_UPRN),
        ("-5", UprnProblem.NOT_A_UPRN),
        ("not known", UprnProblem.NOT_A_UPRN),
    ],
)
def test_a_uprn_that_may_be_a_neighbours_is_a_problem_and_not_mended(text: str, problem: UprnProblem) -> None:
    assert read_uprn(text) == UprnReading(problem=problem)


@pytest.mark.parametrize("problem", list(UprnProblem))
def test_every_problem_has_a_reason_and_a_remedy_in_sentences(problem: UprnProblem) -> None:
    assert all(sentence.endswith(".") for sentence in describe_uprn_problem(problem))
