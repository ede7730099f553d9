"""Counts the steps of a regular expression on a text. The count is the same on every machine."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from re import _constants as codes
from re import _parser as parser
from typing import Any

Then = Callable[[int], bool]
# A pattern that needs more steps than this counts as too slow.
MOST = 400_000


class TooManySteps(Exception):  # noqa: N818 - an answer, no fault
    pass


class Backtracking:
    # The parts of the pattern are tried in the same order as in `re`.
    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._items = list(parser.parse(pattern.pattern, pattern.flags))
        self._fold = str.lower if pattern.flags & re.IGNORECASE else str
        self._text = self._fold(text)
        self._lines = bool(pattern.flags & re.MULTILINE)
        self._groups: dict[int, tuple[int, int]] = {}
        self.steps = 0

    def full(self) -> bool:
        return self._run(self._items, 0, 0, lambda end: end == len(self._text))

    def everywhere(self) -> None:
        # `re.sub` also tries every position.
        at = 0
        while at <= len(self._text):
            end = self._first_end(self._items, at)
            at = max(at + 1, end or 0)

    def _first_end(self, items: Sequence[Any], at: int) -> int | None:
        found: list[int] = []

        def note(end: int) -> bool:
            found.append(end)
            return True

        self._run(items, 0, at, note)
        return found[0] if found else None

    def _run(  # noqa: C901, PLR0911 - a line for each kind of step
        self, items: Sequence[Any], index: int, at: int, then: Then
    ) -> bool:
        self.steps += 1
        if self.steps > MOST:
            raise TooManySteps
        if index == len(items):
            return then(at)
        code, value = items[index]

        def rest(end: int) -> bool:
            return self._run(items, index + 1, end, then)

        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            return self._repeat(code, value, at, rest)
        if code is codes.BRANCH:
            return any(self._run(list(way), 0, at, rest) for way in value[1])
        if code is codes.SUBPATTERN:
            return self._run(list(value[3]), 0, at, lambda end: self._keep(value[0], at, end) and rest(end))
        if code in (codes.ASSERT, codes.ASSERT_NOT):
            return self._looks(value, at) is (code is codes.ASSERT) and rest(at)
        if code is codes.ATOMIC_GROUP:
            end = self._first_end(list(value), at)
            return end is not None and rest(end)
        if code is codes.AT:
            return self._is_at(value, at) and rest(at)
        if code is codes.GROUPREF:
            start, end = self._groups.get(value, (0, 0))
            return self._text.startswith(self._text[start:end], at) and rest(at + end - start)
        return at < len(self._text) and self._is(code, value, self._text[at]) and rest(at + 1)

    def _keep(self, group: int | None, start: int, end: int) -> bool:
        if group is not None:
            self._groups[group] = (start, end)
        return True

    def _looks(self, value: Any, at: int) -> bool:
        direction, items = value
        start = at if direction > 0 else at - items.getwidth()[0]
        if start < 0:
            return False
        return self._run(list(items), 0, start, lambda end: direction > 0 or end == at)

    def _repeat(self, code: Any, value: Any, at: int, rest: Then) -> bool:
        least, most, items = value
        body = list(items)
        if len(body) == 1 and body[0][0] in (codes.IN, codes.LITERAL, codes.NOT_LITERAL, codes.ANY):
            return self._repeat_one(code, (least, most, body[0]), at, rest)

        def more(count: int, begin: int) -> bool:
            again = lambda end: end > begin and more(count + 1, end)  # noqa: E731
            if count < least:
                return self._run(body, 0, begin, lambda end: more(count + 1, end))
            if code is codes.MIN_REPEAT:
                return rest(begin) or (count < most and self._run(body, 0, begin, again))
            return (count < most and self._run(body, 0, begin, again)) or rest(begin)

        return more(0, at)

    def _repeat_one(self, code: Any, value: Any, at: int, rest: Then) -> bool:
        least, most, (kind, one) = value
        end = at
        while end < len(self._text) and end - at < most and self._is(kind, one, self._text[end]):
            end += 1
        self.steps += end - at
        ends: Iterator[int] = iter(range(end, at + least - 1, -1))
        if code is codes.POSSESSIVE_REPEAT:
            ends = iter([end] if end - at >= least else [])
        elif code is codes.MIN_REPEAT:
            ends = iter(range(at + least, end + 1))
        return any(rest(place) for place in ends)

    def _is(self, code: Any, value: Any, sign: str) -> bool:
        if code is codes.LITERAL:
            return self._fold(chr(value)) == sign
        if code is codes.NOT_LITERAL:
            return self._fold(chr(value)) != sign
        if code is codes.ANY:
            return sign != "\n"
        if code is codes.IN:
            negated = value[0][0] is codes.NEGATE
            return any(self._is(part[0], part[1], sign) for part in value[negated:]) is not negated
        if code is codes.RANGE:
            return any(
                value[0] <= ord(form) <= value[1] for form in {sign, sign.lower(), sign.upper()} if len(form) == 1
            )
        if code is codes.CATEGORY:
            return _CATEGORIES[value](sign)
        raise AssertionError(f"a pattern uses {code}, which is not counted here")

    def _is_at(self, value: Any, at: int) -> bool:
        text = self._text
        if value in (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING):
            return at == 0 or (self._lines and text[at - 1] == "\n")
        if value in (codes.AT_END, codes.AT_END_STRING):
            return at == len(text)
        word = [0 <= place < len(text) and _is_word(text[place]) for place in (at - 1, at)]
        return (word[0] is not word[1]) is (value is codes.AT_BOUNDARY)


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    codes.CATEGORY_DIGIT: str.isdecimal,
    codes.CATEGORY_NOT_DIGIT: lambda sign: not sign.isdecimal(),
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_NOT_SPACE: lambda sign: not sign.isspace(),
    codes.CATEGORY_WORD: _is_word,
    codes.CATEGORY_NOT_WORD: lambda sign: not _is_word(sign),
}


def steps_of_match(pattern: re.Pattern[str], text: str, *, everywhere: bool) -> int:
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 40_000))
    attempt = Backtracking(pattern, text)
    try:
        if everywhere:
            attempt.everywhere()
        else:
            attempt.full()
    except TooManySteps:
        pass
    return attempt.steps


def signs_of(pattern: re.Pattern[str]) -> list[str]:
    found: dict[str, None] = {}

    def look(items: Any) -> None:
        if isinstance(items, tuple) and len(items) == 2:
            code, value = items
            if code is codes.LITERAL and isinstance(value, int):
                found.setdefault(chr(value))
            elif code is codes.RANGE:
                found.setdefault(chr(value[0]))
            elif code is codes.CATEGORY:
                found.setdefault({codes.CATEGORY_DIGIT: "1", codes.CATEGORY_SPACE: " "}.get(value, "a"))
        if isinstance(items, (tuple, list)) or hasattr(items, "data"):
            for item in items:
                look(item)

    look(parser.parse(pattern.pattern, pattern.flags))
    return list(found) or ["a"]
