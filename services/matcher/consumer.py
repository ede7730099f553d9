"""The event consumer of the matcher.

When notices or register entries change, it compares the changed notices with all entries, and the changed entries with
all notices. It then publishes the matches that begin, change or end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from schemas.codes import MatchDecision
from schemas.envelope import Envelope
from schemas.events import (
    CHUNK,
    EntriesAccepted,
    EntriesWithdrawn,
    LinesMatched,
    LinesUnmatched,
    MatchingUnfinished,
    MatchRef,
    NoticesAccepted,
    NoticesReconsidered,
    UnmatchRef,
)
from services.core.audit import AuditAction
from services.matcher.areas import Page
from services.matcher.step import MatchOutcome, MatchState, Pair, step
from services.matcher.store.areas import areas_among, providers_unfinished
from services.matcher.store.matches import load, save
from services.matcher.turns import take_turn, turns_for
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.events.process import Effects
from services.storage.unit_of_work import UnitOfWork


class Matcher:
    """An event consumer that matches notices with register entries."""

    name = "matcher"
    topics = (NoticesAccepted.topic, EntriesAccepted.topic)

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        # Events name only the records. The current records are read here, so a repeated event does no harm.
        notices, entries = _changed(events)
        turns = [event.data.feed for event in events if isinstance(event.data, MatchingUnfinished)]
        areas = areas_among(work.connection, notices)
        pages, announced = take_turn(work, areas, turns)
        matched = self.match(work, notices - {area.notice for area in areas}, entries, pages)
        return Effects((*matched.announcements, *announced), matched.audit)

    def rebuild(self, work: UnitOfWork, entries: Collection[int]) -> Effects:
        """Match these register entries again with all notices."""
        matched = self.match(work, (), entries)
        # An event that was lost or dropped may have left an area without its next turn.
        turns = turns_for(providers_unfinished(work.connection))
        return Effects((*matched.announcements, *turns), matched.audit)

    def match(
        self, work: UnitOfWork, notices: Collection[int], entries: Collection[int], pages: Sequence[Page] = ()
    ) -> Effects:
        """Match these notices with all entries, and these entries with all notices. Write the changed matches.

        For each area in `pages`, only the entries on its page are matched with the area.
        """
        state = load(work, notices, entries, pages)
        # `save` leaves out pairs that have changed meanwhile, so only the pairs that it wrote are published.
        outcome = save(work, state, step(state))
        return Effects(tuple(_announcements(state, outcome)), tuple(_audit(state, outcome)))


def _changed(events: Sequence[Envelope]) -> tuple[set[int], set[int]]:
    notices: set[int] = set()
    entries: set[int] = set()
    for event in events:
        match event.data:
            case NoticesAccepted(records=accepted):
                notices.update(record.notice for record in accepted)
            case EntriesAccepted(records=taken):
                entries.update(record.entry for record in taken)
            case NoticesReconsidered(records=gone):
                notices.update(record.record for record in gone)
            case EntriesWithdrawn(records=gone):
                entries.update(record.record for record in gone)
    return notices, entries


def match_ref(state: MatchState, pair: Pair, outcome: MatchOutcome) -> MatchRef:
    """Return the match that was found for this pair, in the form in which events carry it."""
    # The decision of a person on the pair is kept when a record has a new version.
    finding, row = outcome.found[pair], state.matches.get(pair)
    return MatchRef(
        notice=pair[0],
        entry=pair[1],
        notice_revision=state.notices[pair[0]].revision,
        entry_revision=state.entries[pair[1]].revision,
        level=finding.level,
        reasons=finding.reasons,
        decision=row.decision if row else MatchDecision.UNDECIDED,
    )


def _announcements(state: MatchState, outcome: MatchOutcome) -> Iterator[Announcement]:
    for key, pairs in _by_partition(state, outcome.found):
        refs = tuple(match_ref(state, pair, outcome) for pair in pairs)
        yield Announcement("matcher", key, LinesMatched(records=refs))
    for key, pairs in _by_partition(state, outcome.ended):
        gone = tuple(UnmatchRef(notice=pair[0], entry=pair[1], why=outcome.ended[pair]) for pair in pairs)
        yield Announcement("matcher", key, LinesUnmatched(records=gone))


def _by_partition(state: MatchState, pairs: Iterable[Pair]) -> Iterator[tuple[str, Sequence[Pair]]]:
    # Pairs are grouped by council and shard, which is the key of an event. So all events about one entry stay in order.
    grouped: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        entry = state.entries[pair[1]]
        grouped[f"{entry.feed_id}:{entry.shard}"].append(pair)
    for key, members in grouped.items():
        for start in range(0, len(members), CHUNK):
            yield key, members[start : start + CHUNK]


def _audit(state: MatchState, outcome: MatchOutcome) -> Iterator[AuditRow]:
    found = [
        [notice, entry, finding.level, state.notices[notice].revision, state.entries[entry].revision]
        for (notice, entry), finding in outcome.found.items()
    ]
    # Ids, versions and codes only: nothing here needs to be sealed.
    ended = [[notice, entry, why] for (notice, entry), why in outcome.ended.items()]
    for word, records in ((AuditAction.LINES_MATCHED, found), (AuditAction.LINES_UNMATCHED, ended)):
        for start in range(0, len(records), CHUNK):
            yield AuditRow(word, {"records": records[start : start + CHUNK]})
