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
from services.matcher.pages import BATCH, Page, PagedSide, Partners, in_groups
from services.matcher.step import MatchOutcome, MatchState, Pair, changes_of_settling, step, sure_part
from services.matcher.store.matches import load, save
from services.matcher.store.pages import areas_among, paged_records
from services.matcher.store.progress import feeds_unfinished
from services.matcher.store.weaker import StoredMatch, find_weaker
from services.matcher.turns import in_turns, take_turn, turns_for
from services.storage.audit import AuditRow
from services.storage.events.outbox import Announcement
from services.storage.events.process import Effects
from services.storage.unit_of_work import UnitOfWork


class Matcher:
    name = "matcher"
    topics = (NoticesAccepted.topic, EntriesAccepted.topic)

    def handle(self, work: UnitOfWork, events: Sequence[Envelope]) -> Effects:
        # Events name only the records. The current records are read here, so a repeated event does no harm.
        notices, entries = _changed(events)
        turns = [event.data.feed for event in events if isinstance(event.data, MatchingUnfinished)]
        return self._match_in_turns(work, notices, entries, turns)

    def rebuild(self, work: UnitOfWork, entries: Collection[int]) -> Effects:
        matched = self._match_in_turns(work, set(), set(entries))
        # An event that was lost or dropped may have left a record without its next turn.
        turns = turns_for(feeds_unfinished(work.connection))
        return Effects((*matched.announcements, *turns), matched.audit)

    def _match_in_turns(
        self, work: UnitOfWork, notices: set[int], entries: set[int], turns: Sequence[str] = ()
    ) -> Effects:
        areas = areas_among(work.connection, notices)
        notices = notices - {area.pk for area in areas}
        several = in_turns(work, notices, entries)
        paged = {side: {one.pk for one in several if one.side is side} for side in PagedSide}
        # What is sure waits for no turn.
        at_once = [self._match_sure(work, group) for group in in_groups(several, BATCH)]
        records = [one for side in PagedSide for one in paged_records(work.connection, side, paged[side])]
        pages, announced = take_turn(work, [*areas, *records], turns)
        matched = self.match(work, notices - paged[PagedSide.NOTICE], entries - paged[PagedSide.ENTRY], pages)
        return Effects(
            (*(one for effects in (*at_once, matched) for one in effects.announcements), *announced),
            tuple(row for effects in (*at_once, matched) for row in effects.audit),
        )

    def _match_sure(self, work: UnitOfWork, group: Sequence[Partners]) -> Effects:
        pks = {side: [one.pk for one in group if one.side is side] for side in PagedSide}
        state = load(work, pks[PagedSide.NOTICE], pks[PagedSide.ENTRY])
        return _written(work, state, sure_part(state, step(state)))

    def match(
        self, work: UnitOfWork, notices: Collection[int], entries: Collection[int], pages: Sequence[Page] = ()
    ) -> Effects:
        """Compare records with their partners, and save the matches.

        `notices` and `entries` are compared with all partners. A page has only some partners of its record.
        """
        # A partner of a record shares a token with the record, or has a stored match with the record.
        state = load(work, notices, entries, pages)
        return _written(work, state, step(state))


def _written(work: UnitOfWork, state: MatchState, outcome: MatchOutcome) -> Effects:
    # `save` leaves out pairs that have changed meanwhile, so only the pairs that it wrote are published.
    lasting = save(work, state, outcome)
    settled = changes_of_settling(state, lasting)
    others = find_weaker(work.connection, {notice for notice, _ in settled}, besides=lasting.found.keys())
    return Effects((*_announcements(state, lasting), *announced(others)), tuple(_audit(state, lasting)))


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


def announced(others: Iterable[StoredMatch]) -> Iterator[Announcement]:
    """Yield events about these matches, so that the cases of the matches are reviewed.

    Because of another match, these matches may now wait, or may wait no longer.
    """
    grouped: dict[str, list[MatchRef]] = defaultdict(list)
    for one in others:
        grouped[one.partition].append(one.ref)
    for key, refs in grouped.items():
        for start in range(0, len(refs), CHUNK):
            yield Announcement("matcher", key, LinesMatched(records=tuple(refs[start : start + CHUNK])))


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
