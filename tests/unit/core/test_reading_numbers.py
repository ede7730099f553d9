from __future__ import annotations

import phonenumbers
import pytest

from services.core.telephone.telephone import (
    Mend,
    NumberProblem,
    NumberReading,
    describe_number_problem,
    is_mobile,
    national,
    normalise_number,
    read_numbers,
)

LINE = "+441632960123"
OTHER_LINE = "+441632960124"
MOBILE = "+447700900123"


@pytest.mark.parametrize(
    "cell",
    [
        "01632960123",
        "01632 960123",
        " 01632  960 123 ",
        "(01632) 960123",
        "01632-960-123",
        "01632.960.123",
        "+441632960123",
        "+44 1632 960123",
        "+ 44 1632 960123",
        "+44 (0)1632 960123",
        "+44(0)1632960123",
        "0044 1632 960123",
        "0044 (0) 1632 960123",
        "441632960123",
        "44 (01632) 960123",
        "'01632960123",
        "tel:+441632960123",
        "Tel. no. 01632 960123",
        "01632/960123",
        "01632,960123",
        "01632\n960123",
        "01632\t960123",
        "01632\N{NO-BREAK SPACE}960\N{EN DASH}123",
        "\N{LEFT-TO-RIGHT EMBEDDING}01632 960123\N{POP DIRECTIONAL FORMATTING}",
        "\N{FULLWIDTH DIGIT ZERO}１６３２ ９６０１２３",  # noqa: RUF001
        "٠١٦٣٢٩٦٠١٢٣",
    ],
)
def test_a_number_is_read_however_people_write_it_and_nothing_counts_as_mended(cell: str) -> None:
    assert read_numbers(cell) == NumberReading((LINE,))


@pytest.mark.parametrize("cell", ["1632960123", "1632 960123", "1,632,960,123"])
def test_a_leading_zero_lost_by_a_spreadsheet_is_restored(cell: str) -> None:
    assert read_numbers(cell) == NumberReading((LINE,), frozenset({Mend.LEADING_ZERO_RESTORED}))


@pytest.mark.parametrize("cell", ["01632960123.0", "441632960123.00", "01632 960123.000000"])
def test_the_decimal_point_of_a_spreadsheet_is_dropped(cell: str) -> None:
    assert read_numbers(cell) == NumberReading((LINE,), frozenset({Mend.DECIMAL_POINT_DROPPED}))


def test_dots_between_groups_of_zeros_are_no_decimal_point() -> None:
    assert read_numbers("020.7946.0000") == NumberReading(("+442079460000",))


@pytest.mark.parametrize("cell", ["O1632 960123", "01632 96O123", "0I632 960I23", "0l632 960123", "o1632 96oi23"])
def test_letters_that_look_like_digits_are_read_as_digits(cell: str) -> None:
    assert read_numbers(cell) == NumberReading((LINE,), frozenset({Mend.LETTERS_READ_AS_DIGITS}))


@pytest.mark.parametrize(
    "cell",
    ["01632 960123 ext 12", "01632 960123 Ext. 12", "01632960123x12", "01632 960123 #12", "01632 960123, extension 4"],
)
def test_an_extension_is_dropped_because_an_alarm_dials_the_line(cell: str) -> None:
    assert read_numbers(cell) == NumberReading((LINE,), frozenset({Mend.EXTENSION_DROPPED}))


@pytest.mark.parametrize(
    "between", [" / ", "/", ", ", "; ", " & ", " or ", " and ", "\n", "\r\n", " ", "  ", " - ", " | "]
)
def test_two_numbers_in_one_cell_are_both_kept_in_their_order(between: str) -> None:
    reading = read_numbers(f"01632 960124{between}01632 960123")

    assert reading == NumberReading((OTHER_LINE, LINE), frozenset({Mend.SEVERAL_NUMBERS}))


def test_three_numbers_divided_by_blanks_alone_are_all_kept() -> None:
    assert read_numbers("+44 1632 960123 07700 900123 020 7946 0123").numbers == (LINE, MOBILE, "+442079460123")


def test_the_same_number_written_twice_is_one_number() -> None:
    assert read_numbers("01632 960123 / +441632960123") == NumberReading((LINE,))


def test_words_beside_numbers_are_dropped_and_said_to_be() -> None:
    reading = read_numbers("home 01632 960123 daughter 07700 900123")

    assert reading.numbers == (LINE, MOBILE)
    assert Mend.WORDS_DROPPED in reading.mends


@pytest.mark.parametrize("cell", ["", " ", "\n", "-", "'"])
def test_an_empty_cell_is_no_number_and_no_problem(cell: str) -> None:
    assert read_numbers(cell) == NumberReading()


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("4.41633E+11", NumberProblem.SCIENTIFIC_NOTATION),
        ("4,41633e11", NumberProblem.SCIENTIFIC_NOTATION),
        ("4E+11", NumberProblem.SCIENTIFIC_NOTATION),
        ("01632 96012", NumberProblem.TOO_SHORT),
        ("960123", NumberProblem.TOO_SHORT),
        ("0", NumberProblem.TOO_SHORT),
        ("01632 9601234", NumberProblem.TOO_LONG),
        ("0163296012301632960124", NumberProblem.TOO_LONG),
        ("+1 202 555 0123", NumberProblem.NOT_A_UK_NUMBER),
        ("00353 1 555 0123", NumberProblem.NOT_A_UK_NUMBER),
        ("04632 960123", NumberProblem.NOT_A_UK_NUMBER),
        ("00000000000", NumberProblem.NOT_A_UK_NUMBER),
        ("9999999999", NumberProblem.NOT_A_UK_NUMBER),
        ("ex-directory", NumberProblem.NOT_A_NUMBER),
        ("n/a", NumberProblem.NOT_A_NUMBER),
    ],
)
def test_what_cannot_be_read_is_no_number_and_the_reading_says_why(cell: str, problem: NumberProblem) -> None:
    assert read_numbers(cell) == NumberReading(problems=frozenset({problem}))


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("01632 960123 / 4.41633E+11", NumberProblem.SCIENTIFIC_NOTATION),
        ("4.41633E+11, 01632 960123", NumberProblem.SCIENTIFIC_NOTATION),
        ("01632 960123 / 960124", NumberProblem.TOO_SHORT),
        ("+1 202 555 0123 or 01632 960123", NumberProblem.NOT_A_UK_NUMBER),
    ],
)
def test_a_bad_number_beside_a_good_one_is_reported_and_the_good_one_kept(cell: str, problem: NumberProblem) -> None:
    reading = read_numbers(cell)

    assert reading.numbers == (LINE,)
    assert reading.problems == {problem}


def test_an_extension_without_its_number_is_too_short() -> None:
    assert read_numbers("home ext 12").problems == {NumberProblem.TOO_SHORT}


def test_a_letter_inside_a_number_is_not_guessed_away() -> None:
    assert read_numbers("01632 96A123").numbers == ()


@pytest.mark.parametrize("cell", ["016977 0123", "0169770123", "169770123", "+44 16977 0123"])
def test_a_national_number_of_nine_digits_is_whole_in_an_area_that_has_them(cell: str) -> None:
    assert read_numbers(cell).numbers == ("+44169770123",)


def test_a_freephone_number_of_nine_digits_is_whole() -> None:
    assert read_numbers("0800 000123").numbers == ("+44800000123",)


@pytest.mark.parametrize("problem", list(NumberProblem))
def test_every_problem_has_a_reason_and_a_remedy_in_sentences(problem: NumberProblem) -> None:
    reason, remedy = describe_number_problem(problem)

    assert reason.endswith(".")
    assert remedy.endswith(".")
    assert reason != remedy


def test_one_number_is_normalised_and_two_are_not_chosen_between() -> None:
    assert normalise_number("(01632) 960123 ext 4") == LINE
    assert normalise_number("01632 960123") == LINE
    assert normalise_number("01632 960123 / 960 124 / 01632 960124") is None
    assert normalise_number("unknown") is None


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        (LINE, "01632 960123"),
        ("+442079460123", "020 7946 0123"),
        ("+441154960123", "0115 496 0123"),
        ("+441214960123", "0121 496 0123"),
        ("+442920180123", "029 2018 0123"),
        (MOBILE, "07700 900123"),
        ("+44169770123", "016977 0123"),
        ("+448081570123", "0808 157 0123"),
        ("+44800000123", "0800 000123"),
        ("+443069990123", "0306 999 0123"),
    ],
)
def test_a_number_is_shown_as_people_in_the_uk_group_it(e164: str, shown: str) -> None:
    assert national(e164) == shown


@pytest.mark.parametrize("text", ["01632 960123", "+12025550123", "", "+44163296"])
def test_showing_what_is_no_uk_number_in_e164_form_fails_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="not a UK number") as failure:
        national(text)

    assert not any(character.isdigit() for character in str(failure.value).replace("E.164", ""))


def test_mobiles_are_told_from_personal_numbers_pagers_and_lines() -> None:
    assert is_mobile(MOBILE)
    assert not is_mobile(LINE)
    assert not is_mobile("+447000000123")
    assert not is_mobile("+447600000123")


def test_a_cell_of_thousands_of_groups_is_read_in_the_time_of_its_length() -> None:
    assert read_numbers("01632 960123 " * 2_000).numbers == (LINE,)
    assert read_numbers("0 " * 20_000).problems


def test_the_fictional_ranges_are_read_though_the_library_calls_them_invalid() -> None:
    fictional = "+441632960123"

    assert not phonenumbers.is_valid_number(phonenumbers.parse(fictional))
    assert normalise_number(fictional) == fictional
