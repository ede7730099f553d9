"""A winter of oversight in a house: what happens in two months, and how its figures are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from services.alerts.states.machine import Event
from services.audit.figures.counting import Counts
from services.audit.figures.figures import Figure
from services.audit.figures.months import Month, month_of
from services.audit.month_end import MonthEnd, month_to_date
from services.audit.store import kept
from services.runtime.bootstrap import UNSAFE
from services.storage.feeds import add_feed
from tests.support.deployment import House
from tests.support.one_line import notice
from tests.support.people import acknowledge_last, confirm_safe, pass_post_check, record

RAVEN_NUMBER, OTHER_NUMBER, QUIET_NUMBER = "01632 960123", "01632 960124", "01632 960125"
HARBOUR = "provider:HBRT"
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)


def at(day: str, clock: str = "10:00") -> datetime:
    """A moment of those winters, when the time in London is UTC."""
    return datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=UTC)


def go_to(house: House, moment: datetime) -> None:
    """Move the clock to a moment, and do what has fallen due by then."""
    house.tick(seconds=(moment - house.clock.now()).total_seconds())


def close(house: House) -> int:
    """Close every month that can be; how many."""
    closer, closed = MonthEnd(house.store, UNSAFE), 0
    while closer.run_once():
        closed += 1
    return closed


def figures_of(house: House, month: Month) -> Counts:
    with house.store.reading() as connection:
        return kept(connection, month)


def to_date(house: House) -> Counts:
    """The figures of the month that it is now."""
    now = house.clock.now()
    with house.store.reading() as connection:
        return month_to_date(connection, month_of(now), UNSAFE, now)


def counted(counts: Counts, figure: Figure) -> Mapping[str, int]:
    """A figure's counts by table and key."""
    return {f"{table} {key}".strip(): number for (one, table, key), number in counts.items() if one == figure}


def live_through_november(house: House) -> House:
    """Two lines at risk, one of them with two providers' notices, and a line without a notice."""
    add_feed(house.store, "provider", "HBRT", "Harbour Telecom")
    for number, name in ((RAVEN_NUMBER, "e1"), (OTHER_NUMBER, "e2"), (QUIET_NUMBER, "e3")):
        house.put_entries({"entry_id": name, "cli": number, "last_confirmed_at": "2026-11-01T09:00:00Z"})
    house.post_notices(notice("n1", issued=1, in_days=10, telecare_known=True))
    house.post_notices(notice("n2", issued=10, in_days=17, cli=OTHER_NUMBER))
    house.post_notices(notice("h1", issued=5, in_days=60), feed=HARBOUR)
    house.tick(seconds=61)
    acknowledge_last(house)
    go_to(house, at("2026-11-25"))
    confirm_safe(house, "e2")
    go_to(house, at("2026-11-28"))
    acknowledge_last(house)
    return house


def live_through_december(house: House) -> House:
    """The month after: one line moves while nobody has confirmed anything, the other after, with its test."""
    go_to(house, at("2026-12-01", "00:11"))
    assert close(house) == 1
    go_to(house, at("2026-12-04"))
    house.post_notices(notice("n1", issued=30, in_days=10, status="completed"))
    go_to(house, at("2026-12-12"))
    pass_post_check(house, "e2")
    pass_post_check(house, "e2")
    record(house, Event.REQUEST_HOLD, "e1")
    go_to(house, at("2027-01-01", "00:11"))
    assert close(house) == 1
    return house
