"""Compares how Pullcord and the library `phonenumbers` read telephone numbers."""
# The numbers are nobody's: only their beginnings follow the UK numbering plan.

import random
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import phonenumbers

from services.core.telephone.telephone import normalise_number, read_numbers
from services.core.telephone.telephone_plan import national_number

Answer = TypeVar("Answer")

STYLES: dict[str, Callable[[str], str]] = {
    "0 and digits": lambda n: f"0{n}",
    "with a space": lambda n: f"0{n[:4]} {n[4:]}",
    "+44": lambda n: f"+44{n}",
    "+44 (0), spaces": lambda n: f"+44 (0){n[:4]} {n[4:]}",
    "0044": lambda n: f"0044{n}",
    "brackets, dash": lambda n: f"(0{n[:3]}) {n[3:6]}-{n[6:]}",
    "leading zero lost": lambda n: n,
}
DIRTY: dict[str, Callable[[str], str]] = {
    "extension": lambda n: f"0{n} ext 12",
    "full-width digits": lambda n: "".join(chr(ord(digit) + 0xFEE0) for digit in f"0{n}"),
    "no-break space": lambda n: f"0{n[:4]}\N{NO-BREAK SPACE}{n[4:]}",
}


def nationals(count: int, source: random.Random) -> list[str]:
    # Each three-digit beginning takes its turn, in both lengths.
    shapes = [
        f"{start:03}{tail}"
        for start in range(1000)
        for tail in ("000000", "0000000")
        # The rule also looks at the digit after the beginning. It is enough if one digit fits.
        if any(national_number(f"0{start:03}{digit}{tail[1:]}") for digit in "0123456789")
    ]
    made: list[str] = []
    while len(made) < count:
        shape = shapes[len(made) % len(shapes)]
        number = shape[:3] + "".join(source.choice("0123456789") for _ in shape[3:])
        if national_number(f"0{number}"):
            made.append(number)
    return made


def by_phonenumbers(text: str) -> str | None:
    number = phonenumbers.parse(text, "GB")
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).partition(";")[0]


def timed(read: Callable[[str], Answer], texts: list[str]) -> tuple[float, list[Answer]]:
    # Takes the best of three runs, because other work on the machine can only make a run slower.
    best = float("inf")
    answers: list[Answer] = []
    for _ in range(3):
        start = time.perf_counter()
        answers = [read(text) for text in texts]
        best = min(best, time.perf_counter() - start)
    return best / len(texts) * 1e6, answers


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    numbers = nationals(count, random.Random(960))
    print(f"{count} numbers in each style; microseconds a number")
    print(f"{'style':<20}{'normalise':>11}{'read':>8}{'phonenumbers':>14}{'ratio':>8}{'disagree':>10}")
    for style, write in (STYLES | DIRTY).items():
        texts = [write(number) for number in numbers]
        one, our_answers = timed(normalise_number, texts)
        every, readings = timed(read_numbers, texts)
        theirs, their_answers = timed(by_phonenumbers, texts)
        our_readings = [reading.numbers for reading in readings]
        disagree = sum(
            mine != other or read != (other,)
            for mine, read, other in zip(our_answers, our_readings, their_answers, strict=True)
        )
        print(f"{style:<20}{one:>11.2f}{every:>8.2f}{theirs:>14.2f}{theirs / every:>8.1f}{disagree:>10}")


if __name__ == "__main__":
    main()
