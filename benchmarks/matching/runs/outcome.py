"""Reads matches and cases from Pullcord's database, and compares them with the true pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, func, select

from benchmarks.matching.figures.shares import Share
from benchmarks.matching.figures.tally import Group, Tally, Truth
from schemas.codes import MatchLevel
from services.storage.matches.settled import to_check, waiting
from services.storage.store import Store
from services.storage.tables import cases, entry_tokens, matches, notice_tokens, notices, register_entries

_FETCHED: Final = 10_000


@dataclass(frozen=True, slots=True)
class References:
    # By the id in the database.
    entries: Mapping[int, str]
    notices: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    tally: Tally
    # True pairs that share a token.
    reachable: Counter[Group]
    # All pairs that share a token.
    candidates: int
    # Cases of entries for which only notices of other homes were found.
    needless_cases: Share


def read_outcome(store: Store, truth: Truth, councils: Mapping[str, str], provider: str) -> Outcome:
    with store.reading() as connection:
        known = _references(connection, store, truth, councils, provider)
        tally = _tally(connection, truth, known)
        opened = [known.entries[entry] for (entry,) in _streamed(connection, select(cases.c.entry_pk))]
        return Outcome(
            tally,
            _reachable(connection, truth, known),
            connection.scalar(select(func.count()).select_from(_sharing().subquery())) or 0,
            Share(sum(entry not in tally.rightly_found for entry in opened), len(opened)),
        )


def _references(
    connection: Connection, store: Store, truth: Truth, councils: Mapping[str, str], provider: str
) -> References:
    # The database has a keyed hash of a reference in place of the reference.
    record_key = store.tokeniser.record_key
    entries = {record_key(councils[label.style], one): one for one, label in truth.entries.items()}
    return References(
        _by_id(connection, register_entries, entries),
        _by_id(connection, notices, {record_key(provider, one): one for one in truth.notices}),
    )


def _by_id(connection: Connection, table: Table, references: Mapping[bytes, str]) -> dict[int, str]:
    # The notices of a provider on one area share a record that has no reference of its own.
    rows = _streamed(connection, select(table.c.pk, table.c.record_key))
    return {pk: references[key] for pk, key in rows if key in references}


def _tally(connection: Connection, truth: Truth, known: References) -> Tally:
    row, tally = matches.c, Tally(truth)
    counts = row.live & ~waiting(connection, row, notices.c).waits
    query = select(
        row.entry_pk, row.notice_pk, row.level, row.weight, to_check(connection, row, notices.c).label("to_check")
    )
    query = query.join(notices, notices.c.pk == row.notice_pk).where(counts)
    for entry, notice, level, weight, is_to_check in _streamed(connection, query):
        if notice in known.notices:
            # A person looks at it, whatever its level.
            counted = MatchLevel.POSSIBLE if is_to_check else MatchLevel(level)
            first = (level == MatchLevel.CONFIRMED.value, weight)
            tally.add(known.entries[entry], known.notices[notice], counted, first)
    return tally


def _reachable(connection: Connection, truth: Truth, known: References) -> Counter[Group]:
    found: Counter[Group] = Counter()
    for entry, notice in _streamed(connection, _sharing()):
        pair = known.entries[entry], known.notices.get(notice, "")
        if pair[1] and truth.is_pair(*pair):
            found[truth.group(*pair)] += 1
    return found


def _sharing() -> Select[Any]:
    same = entry_tokens.c.token == notice_tokens.c.token
    pairs = select(entry_tokens.c.entry_pk, notice_tokens.c.notice_pk).join_from(entry_tokens, notice_tokens, same)
    return pairs.distinct()


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    yield from connection.execute(query, execution_options={"yield_per": _FETCHED})
