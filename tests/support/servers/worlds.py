from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any

from hypothesis import strategies as st

from schemas.codes import NoticeStatus, Scope
from services.core.tokens import Tokeniser
from services.ingest.reading.drafts import Draft, EntryFacts, NoticeFacts, RawRow, Refused
from services.ingest.reading.rules import read_entry, read_notice
from services.matcher.rules import Location, judge
from services.matcher.store.matches import location_of
from tests.support.clock import START
from tests.support.deployment import RAVEN

Row = Mapping[str, Any]
Bases = Mapping[str, Row]
NUMBERS = ("01632 960001", "1632960001.0", "01632 960002", "01632 960001 / 01632 960002", "4.41633E+11")
UPRNS = ("100012345671", "100012345672")
POSTCODES = ("FY3 8AB", "FY3 8AB", "FY3 8AD")
ADDRESSES = (
    ["Flat A, 18 High Street"],
    ["Flat C, 18 High Street"],
    ["18 High Street"],
    ["18A High St"],
)
AREAS = ("FY3", "FY3 8", "FY3 8AB")
STAMPS = tuple(f"2026-11-{day:02}T09:00:00Z" for day in range(1, 7))
DAYS = ("2026-12-03", "2026-12-17", "2027-01-14")
NOTICES = ("n1", "n2", "n3")
ENTRIES = ("e1", "e2", "e3")
COVERED = ("possible", "area_covers_address")
PLACE = {
    "cli": st.sampled_from(NUMBERS),
    "uprn": st.sampled_from(UPRNS),
    "postcode": st.sampled_from(POSTCODES),
    "address_lines": st.sampled_from(ADDRESSES),
}
EXTRAS = {
    "notice": (
        st.just({}),
        st.just({}),
        st.just({}),
        st.fixed_dictionaries({"planned_migration_date": st.sampled_from(DAYS)}),
        st.fixed_dictionaries(
            {"scope": st.just("postcode"), "area_codes": st.sampled_from(AREAS).map(lambda code: [code])}
        ),
        st.fixed_dictionaries({"supersedes": st.sampled_from(NOTICES)}),
        st.just({"status": "withdrawn"}),
    ),
    "entry": (st.just({}), st.just({"protocol": "stmf"}), st.just({"service_status": "ended"})),
}

# The location of each record, unless one of its versions changes it.
bases = st.fixed_dictionaries(
    {name: st.fixed_dictionaries({}, optional=PLACE).filter(bool) for name in NOTICES + ENTRIES}
)


@st.composite
def notice_versions(draw: st.DrawFn, places: Bases) -> Row:
    name = draw(st.sampled_from(NOTICES))
    dated = {"id": name, "issued_at": draw(st.sampled_from(STAMPS)), "planned_migration_date": DAYS[0]}
    at = _place(draw, places[name])
    more: Row = draw(st.one_of(*EXTRAS["notice"]))
    return {**dated, **at, **more}


@st.composite
def entry_versions(draw: st.DrawFn, places: Bases) -> Row:
    name = draw(st.sampled_from(ENTRIES))
    dated = {"entry_id": name, "updated_at": draw(st.sampled_from(STAMPS))}
    at = _place(draw, places[name])
    more: Row = draw(st.one_of(*EXTRAS["entry"]))
    return {**dated, **at, **more}


def _place(draw: st.DrawFn, place: Row) -> dict[str, Any]:
    # Sometimes one part of the location changes, so that versions of a record collide.
    changed = draw(st.sampled_from([*[None] * 8, *PLACE]))
    return dict(place) if changed is None else {**place, changed: draw(PLACE[changed])}


def in_order(rows: Iterable[Row]) -> list[Row]:
    seen: dict[tuple[str, str], Row] = {}
    return [row for row in rows if seen.setdefault(_told_apart(row), row) == row and not _is_status_alone(row)]


def _is_status_alone(row: Row) -> bool:
    # Its line is that of the notice on record, so what it matches goes by the order in which the two arrive:
    # `tests/scenarios/records/test_statuses_of_notices.py` tests that.
    draft = _notice_draft(row) if "id" in row else None
    return isinstance(draft, Draft) and draft.report is not None


def _told_apart(row: Row) -> tuple[str, str]:
    return (row["id"], row["issued_at"]) if "id" in row else (row["entry_id"], row["updated_at"])


@dataclass
class Version:
    row: Row
    stamp: datetime
    digest: bytes
    live: bool = True


@dataclass
class World:
    tokeniser: Tokeniser
    notices: dict[str, Version] = field(default_factory=dict)
    entries: dict[str, Version] = field(default_factory=dict)

    def post(self, row: Row) -> None:
        self._take(self.notices, row["id"], row, _notice_draft(row))

    def put(self, row: Row) -> None:
        self._take(self.entries, row["entry_id"], row, _entry_draft(row))

    def withdraw(self, name: str, now: datetime) -> bool:
        """Return True if the entry was known."""
        version = self.entries.get(name)
        if version is not None and version.live:
            version.live, version.stamp = False, now
        return version is not None

    def live_notices(self) -> dict[str, Version]:
        return {name: one for name, one in self.notices.items() if not self._replaced(name, one)}

    def expected(self) -> dict[tuple[str, str], tuple[str, str]]:
        entries = {name: one for name, one in self.entries.items() if one.live}
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for (notice, version), (entry, one) in product(self.live_notices().items(), entries.items()):
            if _shares_area(version.row):
                found |= {(area, entry): COVERED for area in _areas_covering(version.row, one.row)}
            elif (finding := _judged(version.row, one.row)) is not None:
                found[notice, entry] = finding
        return found

    def _take(self, record_type: dict[str, Version], name: str, row: Row, draft: Draft[Any] | Refused) -> None:
        if isinstance(draft, Refused):
            return
        one = Version(row, draft.stamp.at, self.tokeniser.digest(draft.content))
        known = record_type.get(name)
        if known is None or one.stamp > known.stamp:
            record_type[name] = one

    def _replaced(self, name: str, notice: Version) -> bool:
        return any(
            other.row.get("supersedes") == name and self._outranks(other_name, other, name, notice)
            for other_name, other in self.notices.items()
        )

    def _outranks(self, name: str, notice: Version, other_name: str, other: Version) -> bool:
        if notice.stamp != other.stamp:
            return notice.stamp > other.stamp
        keys = [self.tokeniser.record_key(RAVEN, one) for one in (name, other_name)]
        return name != other_name and ("supersedes" not in other.row or keys[0] > keys[1])


def _notice_draft(row: Row) -> Draft[NoticeFacts] | Refused:
    return read_notice(RawRow(1, row), RAVEN.partition(":")[2], START)


def _entry_draft(row: Row) -> Draft[EntryFacts] | Refused:
    return read_entry(RawRow(1, row), START)


def _shares_area(notice: Row) -> bool:
    draft = _notice_draft(notice)
    return isinstance(draft, Draft) and draft.facts.shares_area


def _areas_covering(notice: Row, entry: Row) -> list[str]:
    # The names of the records that the notices on these areas share. A withdrawn notice covers nothing.
    mine, theirs = _notice_draft(notice), _entry_draft(entry)
    assert isinstance(mine, Draft)
    assert isinstance(theirs, Draft)
    if mine.facts.status is NoticeStatus.WITHDRAWN:
        return []
    return [f"area {value}" for _, value in set(mine.values) & set(theirs.values)]


def _judged(notice: Row, entry: Row) -> tuple[str, str] | None:
    mine, theirs = _notice_draft(notice), _entry_draft(entry)
    assert isinstance(mine, Draft)
    assert isinstance(theirs, Draft)
    kinds = {kind for kind, _ in set(mine.values) & set(theirs.values)}
    if not kinds:
        return None
    finding = judge(kinds, Scope(mine.facts.scope), lambda: (_whereabouts(mine), _whereabouts(theirs)))
    return (finding.level.value, " ".join(finding.reasons)) if finding else None


def _whereabouts(draft: Draft[Any]) -> Location:
    return location_of(draft.opened())
