"""Gives unfinished areas their turns of matching."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.events import MatchingUnfinished
from services.matcher.areas import PAGE, AreaRow, Page, nearest_harm_first
from services.matcher.store.areas import claim_unfinished, load_page, save_progress
from services.storage.events.outbox import Announcement
from services.storage.unit_of_work import UnitOfWork


def take_turn(
    work: UnitOfWork, changed: Sequence[AreaRow], turns: Sequence[str]
) -> tuple[list[Page], list[Announcement]]:
    """Return the pages to match now, and an event for each later turn.

    `changed` are areas to be matched from their first entry. `turns` holds a provider for each event that is handled
    now. Each such event gives one turn to an unfinished area. All pages together hold at most `PAGE` pairs.
    """
    pages, waiting = _first_pages(work, nearest_harm_first(changed))
    resumed, unused = _next_pages(work, turns, {area.notice for area in changed}, PAGE - _pairs(pages))
    pages += resumed
    new = save_progress(work.connection, pages, waiting, work.now)
    # There is an event for each unfinished area, so every area gets as many turns as it needs.
    again = [*new, *(page.area.feed_id for page in resumed if page.last is not None), *unused]
    return pages, turns_for(again)


def turns_for(providers: Sequence[str]) -> list[Announcement]:
    """Return an event for each provider. It gives one turn to an unfinished area. An extra turn changes nothing."""
    return [Announcement("matcher", feed, MatchingUnfinished(feed=feed)) for feed in providers]


def _first_pages(work: UnitOfWork, areas: Sequence[AreaRow]) -> tuple[list[Page], list[AreaRow]]:
    pages: list[Page] = []
    for number, area in enumerate(areas):
        left = PAGE - _pairs(pages)
        if left <= 0:
            return pages, list(areas[number:])
        pages.append(load_page(work.connection, area, left))
    return pages, []


def _next_pages(work: UnitOfWork, turns: Sequence[str], done: set[int], left: int) -> tuple[list[Page], Sequence[str]]:
    pages: list[Page] = []
    for number in range(len(turns)):
        if _pairs(pages) >= left:
            return pages, turns[number:]
        area = claim_unfinished(work.connection, [*done, *(page.area.notice for page in pages)])
        # None if another worker has the area, or if its matching began anew.
        if area is not None:
            pages.append(load_page(work.connection, area, left - _pairs(pages)))
    return pages, ()


def _pairs(pages: Sequence[Page]) -> int:
    return sum(page.pairs for page in pages)
