"""From what is on record to the matches that should stand. Pure.

Whatever order records come in, the matches afterwards are those that the records, as they are, call for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from schemas.codes import MatchDecision, Scope
from services.core.tokens import TokenKind
from services.matcher.rules import Finding, Location, judge

Pair = tuple[int, int]
"""A notice and an entry."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as the matcher sees it."""

    pk: int
    revision: int
    live: bool
    scope: Scope


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as the matcher sees it."""

    pk: int
    revision: int
    live: bool
    feed_id: str
    shard: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A pair on record."""

    live: bool
    finding: Finding
    notice_revision: int
    entry_revision: int
    decision: MatchDecision


@dataclass(frozen=True)
class MatchState:
    """All that a batch of changed records touches."""

    changed_notices: Collection[int]
    changed_entries: Collection[int]
    notices: Mapping[int, NoticeRow]
    entries: Mapping[int, EntryRow]
    shared: Mapping[Pair, Collection[TokenKind]]
    """The kinds of token each pair shares."""
    matches: Mapping[Pair, MatchRow]
    look: Callable[[Pair], tuple[Location, Location]]


@dataclass(slots=True)
class MatchOutcome:
    """What is to be written: pairs found (or found again at a newer version), and pairs that ended, with why."""

    found: dict[Pair, Finding] = field(default_factory=dict)
    ended: dict[Pair, str] = field(default_factory=dict)


def step(state: MatchState) -> MatchOutcome:
    """Find the pairs of every changed record, and end those of theirs that hold no longer."""
    outcome = MatchOutcome()
    for pair, kinds in state.shared.items():
        if not _both_live(state, pair):
            continue
        scope = state.notices[pair[0]].scope
        finding = judge(kinds, scope, partial(state.look, pair))
        if finding is not None and _is_news(state, pair, finding):
            outcome.found[pair] = finding
        elif finding is None:
            _end(state, pair, outcome, "no_longer_alike")
    for pair in state.matches.keys() - state.shared.keys():
        _end(state, pair, outcome, "no_longer_alike")
    for pair in state.matches:
        if not _both_live(state, pair):
            _end(state, pair, outcome, _why_not_live(state, pair))
    return outcome


def _both_live(state: MatchState, pair: Pair) -> bool:
    return state.notices[pair[0]].live and state.entries[pair[1]].live


def _why_not_live(state: MatchState, pair: Pair) -> str:
    return "entry_withdrawn" if not state.entries[pair[1]].live else "notice_superseded"


def _is_news(state: MatchState, pair: Pair, finding: Finding) -> bool:
    row = state.matches.get(pair)
    versions = (state.notices[pair[0]].revision, state.entries[pair[1]].revision)
    return (
        row is None or not row.live or row.finding != finding or (row.notice_revision, row.entry_revision) != versions
    )


def _end(state: MatchState, pair: Pair, outcome: MatchOutcome, why: str) -> None:
    row = state.matches.get(pair)
    if row is not None and row.live:
        outcome.ended[pair] = why
