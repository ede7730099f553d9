from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, zip_longest

from services.ingest.files.problems import FileCode, FileRefused

# Returns True for a heading that Pullcord knows.
KnownHeading = Callable[[str], bool]

# Cells of one row that are judged: as many as a file may have columns, and few enough for a hostile row.
_JUDGED = 200
_LONGEST = 200  # characters; no heading is longer
# A cell with more digits is a value.
_DIGITS = 2
# Groups over a resident's own columns. All other groups are joined to the heading below if that makes a known heading.
_OWN_GROUPS = frozenset({"contact", "contacts", "contactdetails", "contactinformation"})


@dataclass(frozen=True, slots=True)
class HeadingRows:
    # Rows are counted from 0.
    first: int
    last: int
    cells: tuple[str, ...]


def known_count(cells: Sequence[str], known_heading: KnownHeading) -> int:
    """Return the number of known headings in a row.

    Return 0 if the row has only one known heading, because such a row may be a title.
    """
    judged = [cell if len(cell) <= _LONGEST else "" for cell in islice(cells, _JUDGED)]
    # "Postcode:" with a value beside it is a parameter of a report.
    known = {
        cell.casefold()
        for cell, beside in pairwise([*judged, ""])
        if cell and known_heading(cell) and not (cell.endswith(":") and beside and not known_heading(beside))
    }
    return len(known) if len(known) > 1 else 0


def find_headings(top: Sequence[Sequence[str]], known_heading: KnownHeading | None) -> HeadingRows:
    """Raises `FileRefused` if no row has headings."""
    filled = [position for position, cells in enumerate(top) if any(cells)]
    if not filled:
        raise FileRefused(FileCode.EMPTY)
    if known_heading is None:
        return HeadingRows(filled[0], filled[0], _plain(top[filled[0]]))
    counts = [known_count(cells, known_heading) for cells in top]
    # `max` takes the first of equals: a file joined from several exports repeats its headings.
    best = max(filled, key=counts.__getitem__)
    if not counts[best]:
        raise FileRefused(FileCode.NO_HEADINGS)
    if best + 1 < len(top) and _is_lower(top[best], top[best + 1], known_heading):
        return HeadingRows(best, best + 1, _joined(top[best], top[best + 1], known_heading))
    if best and _is_upper(top[best - 1], top[best]):
        return HeadingRows(best - 1, best, _joined(top[best - 1], top[best], known_heading))
    return HeadingRows(best, best, _plain(top[best]))


def _is_lower(upper: Sequence[str], cells: Sequence[str], known_heading: KnownHeading) -> bool:
    # A file joined from several exports may repeat its headings at once.
    if cells == upper or _holds_values(cells):
        return False
    known = [known_heading(cell) for cell in cells if cell]
    # A cell without a heading above it shows that a cell in the upper row is merged. So the words in the upper row may
    # be part of the heading.
    merged = any(cell and not above for cell, above in zip_longest(cells, upper, fillvalue=""))
    # "Tel" over "1" and "2".
    is_numbered = all(cell.isdecimal() and len(cell) == 1 for cell in cells if cell)
    if merged and (any(known) or is_numbered):
        joined = _joined(upper, cells, known_heading)
        known = [known_heading(heading) for heading, cell in zip(joined, cells, strict=False) if cell]
    # At least half of the cells must be known: a row of codes may hold two words that are headings elsewhere.
    return sum(known) > 1 and 2 * sum(known) >= len(known)


def _is_upper(cells: Sequence[str], lower: Sequence[str]) -> bool:
    # A row with one filled cell is a title. A row of groups has fewer cells than the columns below it. A colon marks a
    # parameter of a report.
    is_group = 1 < sum(map(bool, cells)) <= sum(map(bool, lower))
    return is_group and not _holds_values(cells) and not any(":" in cell for cell in cells)


def _holds_values(cells: Sequence[str]) -> bool:
    return any(len(cell) > _LONGEST or sum(map(str.isdigit, cell)) > _DIGITS for cell in cells)


def _joined(upper: Sequence[str], lower: Sequence[str], known_heading: KnownHeading) -> tuple[str, ...]:
    return tuple(_column(*pair, known_heading) for pair in _pairs(_plain(upper), _plain(lower)))


def _pairs(upper: Sequence[str], lower: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    # The group, the upper cell and the lower cell of each column. A group ends where the next one begins.
    group = ""
    for index in range(max(len(upper), len(lower))):
        above = upper[index] if index < len(upper) else ""
        below = lower[index] if index < len(lower) else ""
        # A cell above an empty cell is a heading of its own, and not a group.
        if above:
            group = above if below else ""
        yield group, above, below


def _column(group: str, above: str, below: str, known_heading: KnownHeading) -> str:
    if not (below and group):
        return below or above
    # "Next of kin" over "Tel", "Client" over "Ref", "Telephone" over "Home".
    ways = [f"{group} {below}", f"{below} {group}"]
    if "".join(filter(str.isalpha, group.casefold())) in _OWN_GROUPS:
        ways = []
    elif known_heading(below):
        ways = ways[:1]
    return next((way for way in ways if known_heading(way)), below)


def _plain(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.split()) for cell in cells)
