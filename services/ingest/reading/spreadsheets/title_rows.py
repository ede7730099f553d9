"""The functions use no database, file or clock, but some change their arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from services.core.addresses.postcode import read_postcode
from services.ingest.files.problems import CellCode
from services.ingest.files.table import SheetRow

_REFERENCES: Final = frozenset({"entry_id", "id", "provider_reference"})
_LONGEST: Final = 120  # characters; a longer text is no title
_NAMED: Final = 20  # rows named in the remark; the others are counted
_JUDGED: Final = 50  # rows from which the form of the references is seen
# More digits may be a telephone number or a UPRN.
_SMALL_NUMBER: Final = re.compile(r"[\d,]{1,7}(?:\.\d{1,2})?")
_DIGITS: Final = 5
_WORDS: Final = re.compile(
    r"(?:(?:sub|grand|overall|report|page|group)[ -]?)?totals?\b.*|sum(?: of \w+)?"
    r"|(?:is-?)?gyfanswm\b.*|cyfanswm\b.*|diwedd(?: (?:yr )?adroddiad)?"
    r"|(?:(?:record|row|overall|client|total) )?count\b.*"
    r"|(?:number|no\.?) of (?:records|rows|clients|users|service users|residents|notices)\b.*"
    r"|[\d,]+ (?:records|rows|clients|service users|residents|notices)\b.*"
    r"|(?:records|rows)(?: \w+)?: ?[\d,]+"
    r"|<?end(?: of (?:report|list|file|data|records|extract|page))?>?|eof"
    r"|(?:(?:strictly|private and|private &) )?confidential\b.*|notes?:.*|(?:\(c\)|\u00a9) .*"
    r"|page \d+(?: ?(?:of|/) ?\d+)?"
    r"|(?:report |list )?(?:printed|generated|produced|run|exported)\b(?: (?:on|at|by)\b)?.*"
)


@dataclass
class LeftOut:
    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        self.count += 1
        if self.count <= _NAMED:
            self.rows.append(row)

    def remarks(self) -> tuple[str, ...]:
        if not self.count:
            return ()
        if self.count == 1:
            return (f"1 row that looks like a total or a title was not read: row {self.rows[0]}.",)
        more = f" and {self.count - _NAMED:,} more" if self.count > _NAMED else ""
        named = ", ".join(map(str, self.rows))
        return (f"{self.count:,} rows that look like totals or titles were not read: rows {named}{more}.",)


def without_titles(rows: Iterable[SheetRow], fields: Mapping[int, str], left_out: LeftOut) -> Iterator[SheetRow]:
    references = [index for index, name in fields.items() if name in _REFERENCES]
    rest = iter(rows)
    first = list(islice(rest, _JUDGED))
    has_digits = _references_have_digits(first, references)
    for row in chain(first, rest):
        if _is_title(row, references, has_digits=has_digits):
            left_out.add(row.number)
        else:
            yield row


def _references_have_digits(rows: Iterable[SheetRow], references: list[int]) -> bool:
    found = [row.cells[index] for row in rows for index in references if row.cells[index] and len(_filled(row)) > 1]
    return bool(found) and all(any(map(str.isdigit, reference)) for reference in found if not _is_word(reference))


def _is_title(row: SheetRow, references: list[int], *, has_digits: bool) -> bool:
    # A total is often a formula. Any other fault may hide a record.
    if any(problem.index is None or problem.code is not CellCode.FORMULA for problem in row.problems):
        return False
    filled = _filled(row)
    if not filled:
        return False
    first, *others = filled
    if _is_word(row.cells[first]):
        return all(_is_count(row.cells[index]) and index not in references for index in others)
    # A word with a reference to its left does not make the row a total.
    if others:
        return False
    alone = row.cells[first]
    if first or len(alone) > _LONGEST or _may_be_a_place(alone):
        return False
    # The title of a group, in the first column. Where references stand there, it must not look like one.
    return first not in references or (has_digits and not any(map(str.isdigit, alone)))


def _filled(row: SheetRow) -> list[int]:
    return [index for index, cell in enumerate(row.cells) if cell]


def _is_word(text: str) -> bool:
    if len(text) > _LONGEST or _may_be_a_place(text):
        return False
    return _WORDS.fullmatch(" ".join(text.strip("*-=_.: ").casefold().split())) is not None


def _is_count(text: str) -> bool:
    return _SMALL_NUMBER.fullmatch(text) is not None and sum(map(str.isdigit, text)) <= _DIGITS


def _may_be_a_place(text: str) -> bool:
    # A date is not the number of a line.
    digits = sum(map(str.isdigit, re.sub(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{1,2}:\d{2}(?::\d{2})?", "", text)))
    return digits > _DIGITS or read_postcode(text) is not None
