# No message quotes a number.

from enum import StrEnum


class Mend(StrEnum):
    # Pullcord corrects these faults.
    LEADING_ZERO_RESTORED = "leading_zero_restored"
    DECIMAL_POINT_DROPPED = "decimal_point_dropped"
    LETTERS_READ_AS_DIGITS = "letters_read_as_digits"
    EXTENSION_DROPPED = "extension_dropped"
    WORDS_DROPPED = "words_dropped"
    SEVERAL_NUMBERS = "several_numbers"


class NumberProblem(StrEnum):
    # A person must correct these faults.
    SCIENTIFIC_NOTATION = "scientific_notation"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_A_UK_NUMBER = "not_a_uk_number"
    NOT_A_NUMBER = "not_a_number"


# The reason and the remedy. They never repeat the number, because messages may be logged.
_SENTENCES = {
    NumberProblem.SCIENTIFIC_NOTATION: (
        "A spreadsheet has turned the number into scientific notation, and its last digits are lost.",
        "Format the column as text, enter the number again from its source and send the file again.",
    ),
    NumberProblem.TOO_SHORT: (
        "There are too few digits for a UK number.",
        "Give each number in full, with its area code.",
    ),
    NumberProblem.TOO_LONG: (
        "There are too many digits for a UK number.",
        "Check the number. Put a slash between two numbers, and write an extension as ext 12.",
    ),
    NumberProblem.NOT_A_UK_NUMBER: (
        "No UK number begins like this.",
        "Give the UK number of the line that the alarm uses.",
    ),
    NumberProblem.NOT_A_NUMBER: (
        "There is text where a telephone number belongs.",
        "Give the number, or leave the field empty if there is none.",
    ),
}


def describe_number_problem(problem: NumberProblem) -> tuple[str, str]:
    return _SENTENCES[problem]
