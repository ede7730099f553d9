from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.core.clock import LONDON
from services.watchdog.findings import FaultGroup, FaultKind

# Lines of faults in one message [P]. The rest is counted.
MOST_LINES: Final = 60

_SENTENCES: Final[Mapping[FaultKind, str]] = {
    FaultKind.MESSAGE_MISSING: "No message about these cases was accepted for anybody, although one was owed by now.",
    FaultKind.REVIEW_LATE: "The time of the next review has passed, and nobody has looked at these cases.",
    FaultKind.NO_DUE_TIME: "These open cases have no time of their next review, so nobody will look at them.",
    FaultKind.REVIEW_PUT_OFF: "The next review of these open cases is further ahead than any review can be.",
    FaultKind.PAUSE_TOO_LONG: "The pause of these cases is longer than any act can make it.",
    FaultKind.NEVER_ACCEPTED: "These cases count as alerted, but no attempt to send a message has succeeded since.",
    FaultKind.HOLD_WITHOUT_END: "These cases are on hold, and the hold has no last day.",
    FaultKind.SILENCED_WITHOUT_RECORD: "These cases count as safe or on hold, and the audit has no such act.",
    FaultKind.ENDED_AT_RISK: "These cases are over although a line is at risk, and no record says why.",
    FaultKind.CASE_MISSING: "A line at risk is matched to these homes, and they have no case.",
    FaultKind.MATCH_MISSING: "Notices and register entries share a telephone number, and are not matched.",
    FaultKind.MATCH_ENDED: "Matches have ended, and the audit has no row of their end.",
    FaultKind.NOTICE_ENDED: "Notices no longer count, although no other notice replaces them.",
    FaultKind.ENTRY_ENDED: "Register entries no longer count, although the council has not taken them off.",
    FaultKind.TOKENS_MISSING: "Records have lost the tokens by which they are matched.",
    FaultKind.DELIVERY_LATE: "Messages wait to be sent, and no attempt is made in time.",
    FaultKind.SENT_WITHOUT_ATTEMPT: "Alerts count as accepted, and no attempt can have reached anybody.",
    FaultKind.EVENTS_WAITING: "Events wait to be handled. They may hold the news of a line at risk.",
}


@dataclass(frozen=True, slots=True)
class WatchdogMessage:
    subject: str
    text: str
    # The same for a program.
    data: Mapping[str, Any]


def message_of(groups: Sequence[FaultGroup], deployment: str, now: datetime) -> WatchdogMessage:
    # Without a fault, the message says that all is well again.
    if not groups:
        text = "Nothing is missing any more: every open case has had what it was owed.\n"
        return _made("all is well again", text, (), deployment, now)
    count = len({group.kind for group in groups})
    subject = f"{count} {'kind' if count == 1 else 'kinds'} of fault found"
    lines = [
        "The watchdog reads the record and shares no code with the engine. It has found what follows.",
        "Look at the service first: `pullcord status`. docs/runbook.md says what to do about each kind.",
        *_lines(groups[:MOST_LINES]),
    ]
    if len(groups) > MOST_LINES:
        lines += ["", f"{len(groups) - MOST_LINES} more lines are left out."]
    return _made(subject, "\n".join(lines) + "\n", groups[:MOST_LINES], deployment, now)


def cannot_look(deployment: str, failed: int, now: datetime) -> WatchdogMessage:
    text = (
        f"The watchdog could not read the record {failed} times in a row, so nobody checks whether messages are sent.\n"
        "Look at the database first, then at the log of the watchdog.\n"
    )
    return _made("the record cannot be read", text, (), deployment, now)


def _lines(groups: Sequence[FaultGroup]) -> Iterator[str]:
    kind = None
    for group in groups:
        if group.kind is not kind:
            kind = group.kind
            yield from ("", f"{_SENTENCES[kind]} ({kind.value})")
        yield f"  {group.feed_id or 'all feeds'}: {group.count:,}{_named(group)}"


def _named(group: FaultGroup) -> str:
    if not group.references:
        return ""
    more = " and others" if group.count > len(group.references) else ""
    return f" - {', '.join(group.references)}{more}"


def _made(subject: str, text: str, groups: Sequence[FaultGroup], deployment: str, now: datetime) -> WatchdogMessage:
    faults = [
        {"kind": one.kind.value, "feed": one.feed_id, "count": one.count, "cases": one.references} for one in groups
    ]
    written = f"{text}\nDeployment {deployment}, {now.astimezone(LONDON):%A %-d %B %Y, %H:%M}.\n"
    data = {"deployment": deployment, "at": now.isoformat(), "text": f"{subject}\n\n{written}", "faults": faults}
    return WatchdogMessage(f"Pullcord watchdog: {subject}", written, data)
