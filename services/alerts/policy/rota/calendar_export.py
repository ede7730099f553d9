from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from icalendar import Calendar, Event

from services.alerts.policy.rota.shifts import Shift

_PRODUCT: Final = "-//Pullcord//Rota//EN"


def as_calendar(shifts: Iterable[Shift], stamped_at: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    for shift in shifts:
        calendar.add_component(_event(shift, stamped_at))
    return bytes(calendar.to_ical())


def _event(shift: Shift, stamped_at: datetime) -> Event:
    event = Event()
    # The same shift has the same UID in each file, so that a calendar program replaces it.
    event.add("uid", f"{sha256(f'{shift.layer}|{shift.span.start.isoformat()}'.encode()).hexdigest()[:32]}@pullcord")
    event.add("dtstamp", stamped_at)
    event.add("dtstart", shift.span.start)
    event.add("dtend", shift.span.end)
    # The import reads the contact and the layer from these two properties.
    event.add("summary", shift.person)
    event.add("categories", [shift.layer])
    # To be on duty does not make a person busy.
    event.add("transp", "TRANSPARENT")
    return event
