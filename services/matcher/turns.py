from __future__ import annotations

from collections.abc import Collection, Sequence

from schemas.events import MatchingUnfinished
from services.matcher.pages import (
    BATCH,
    PAGE,
    Page,
    PagedRecord,
    PagedSide,
    Partners,
    nearest_harm_first,
    too_many,
)
from services.matcher.store.pages import load_page, partner_counts
from services.matcher.store.progress import Key, claim_unfinished, save_progress
from services.storage.events.outbox import Announcement
from services.storage.unit_of_work import UnitOfWork


def in_turns(work: UnitOfWork, notices: Collection[int], entries: Collection[int]) -> list[Partners]:
    sides = ((PagedSide.NOTICE, notices), (PagedSide.ENTRY, entries))
    return too_many((one for side, pks in sides for one in partner_counts(work.connection, side, pks)), PAGE, BATCH)


def take_turn(
    work: UnitOfWork, changed: Sequence[PagedRecord], turns: Sequence[str]
) -> tuple[list[Page], list[Announcement]]:
    """Return the pages to match in this step, and the events that continue the matching later.

    `turns` has the feeds of the `MatchingUnfinished` events.
    """
    # Changed records come first. Then one unfinished record continues for each event, until the step is full.
    pages, waiting = _first_pages(work, nearest_harm_first(changed))
    resumed, unused = _next_pages(work, turns, {(one.side, one.pk) for one in changed}, PAGE - _pairs(pages))
    pages += resumed
    new = save_progress(work.connection, pages, waiting, work.now)
    # There is an event for each unfinished record, so every record gets as many turns as it needs.
    again = [*new, *(page.record.feed_id for page in resumed if page.left is not None), *unused]
    return pages, turns_for(again)


def turns_for(feeds: Sequence[str]) -> list[Announcement]:
    return [Announcement("matcher", feed, MatchingUnfinished(feed=feed)) for feed in feeds]


def _first_pages(work: UnitOfWork, records: Sequence[PagedRecord]) -> tuple[list[Page], list[PagedRecord]]:
    pages: list[Page] = []
    for number, record in enumerate(records):
        left = PAGE - _pairs(pages)
        if left <= 0:
            return pages, list(records[number:])
        pages.append(load_page(work.connection, record, left))
    return pages, []


def _next_pages(work: UnitOfWork, turns: Sequence[str], done: set[Key], left: int) -> tuple[list[Page], Sequence[str]]:
    pages: list[Page] = []
    for number in range(len(turns)):
        if _pairs(pages) >= left:
            return pages, turns[number:]
        record = claim_unfinished(work.connection, [*done, *((page.record.side, page.record.pk) for page in pages)])
        # None if another worker has the record, or if its matching began anew.
        if record is not None:
            pages.append(load_page(work.connection, record, left - _pairs(pages)))
    return pages, ()


def _pairs(pages: Sequence[Page]) -> int:
    return sum(page.pairs for page in pages)
