from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from services.alerts.delivery.drills.store import unanswered_drills
from services.alerts.delivery.store.refused_files import overdue_files
from services.alerts.delivery.store.refused_rows import overdue_rows
from services.alerts.delivery.store.silences import alerted_silences
from services.alerts.message.message import Message, template
from services.alerts.message.wording import moment, shown_name
from services.storage.damage import VAULT
from services.storage.events.quarantine import list_quarantine

# The most events, files or submissions that a mail lists. It gives the number of the others.
LISTED: Final = 20

# The table whose only sealed values are the policies of councils.
_POLICIES: Final = "feeds"

_TIERS: Final = {0: "nobody could be", 1: "1 tier"}

_SENT: Final = {
    ("notice", "file"): "a file of notices",
    ("notice", "body"): "a body of notices",
    ("entry", "file"): "a file of register entries",
    ("entry", "body"): "a body of register entries",
}


def quarantine_message(connection: Connection, alert: str) -> Message | None:
    events = list_quarantine(connection)
    if not events:
        return None
    count = "1 event was" if len(events) == 1 else f"{len(events)} events were"
    damaged = [one.topic for one in events if one.consumer == VAULT]
    context = {
        **_listed("events", events),
        "count": count,
        "damaged": bool(damaged),
        "policies": _POLICIES in damaged,
    }
    subject = f"Pullcord: {count} set aside, a line at risk may be unknown [{alert}]"
    return _message("quarantined", subject, alert, context)


def refused_rows_message(connection: Connection, alert: str) -> Message | None:
    found = overdue_rows(connection)
    if not found:
        return None
    total = sum(one.count for one in found)
    count = "1 refused row was" if total == 1 else f"{total:,} refused rows were"
    said = [
        {
            "sender": _sender(one.name, one.sender),
            "rows": "1 row" if one.count == 1 else f"{one.count:,} rows",
            "first_row": one.first_row,
            "submission": one.submission,
            "at": moment(one.refused_at),
        }
        for one in found
    ]
    subject = f"Pullcord: {count} not sent again, a line at risk may be unknown [{alert}]"
    return _message("refused_rows", subject, alert, {**_listed("submissions", said), "count": count})


def refused_files_message(connection: Connection, alert: str) -> Message | None:
    found = overdue_files(connection)
    if not found:
        return None
    count = "1 refused file was" if len(found) == 1 else f"{len(found):,} refused files were"
    said = [
        {
            "sender": _sender(one.name, one.sender),
            "what": _SENT[one.kind, one.sent_as],
            "code": one.code,
            "at": moment(one.refused_at),
        }
        for one in found
    ]
    subject = f"Pullcord: {count} not sent again, a line at risk may be unknown [{alert}]"
    return _message("refused_files", subject, alert, {**_listed("files", said), "count": count})


def silent_feeds_message(connection: Connection, alert: str) -> Message | None:
    found = alerted_silences(connection)
    if not found:
        return None
    count = "1 feed has" if len(found) == 1 else f"{len(found):,} feeds have"
    said = [{"sender": _sender(one.name, one.feed_id), "at": moment(one.heard_at)} for one in found]
    subject = f"Pullcord: {count} fallen silent, lines at risk may be unknown [{alert}]"
    return _message("silent_feeds", subject, alert, {**_listed("feeds", said), "count": count})


def unanswered_drills_message(connection: Connection, alert: str) -> Message | None:
    found = unanswered_drills(connection)
    if not found:
        return None
    count = "1 drill was" if len(found) == 1 else f"{len(found):,} drills were"
    said = [
        {
            "sender": f"{shown_name(one.council)} ({one.code})",
            "reference": one.reference,
            "at": moment(one.started_at),
            # A tier with no contact is left out of the count.
            "asked": f"{_TIERS.get(one.level, f'{one.level} tiers')} asked",
        }
        for one in found
    ]
    subject = f"Pullcord: {count} not answered, no line is at risk because of it [{alert}]"
    return _message("drills_unanswered", subject, alert, {**_listed("drills", said), "count": count})


def _sender(name: str, feed_id: str) -> str:
    return f"{shown_name(name)} ({feed_id.partition(':')[2]})"


def _listed(name: str, members: Sequence[Any]) -> dict[str, object]:
    return {name: members[:LISTED], "more": max(0, len(members) - LISTED)}


def _message(name: str, subject: str, alert: str, context: Mapping[str, object]) -> Message:
    filled = {**context, "alert": alert}
    text, html = (template(f"operator/{name}.{form}.j2", filled) for form in ("txt", "html"))
    return Message(subject, text, html)
