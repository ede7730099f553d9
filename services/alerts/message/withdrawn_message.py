from __future__ import annotations

from datetime import datetime

from services.alerts.message.case_line import case_row, most_urgent_first
from services.alerts.message.message import LISTED, AlertDigest, Message, common, subject_line, template
from services.alerts.message.wording import lines
from services.core.clock import london_day

_WHY = (
    "No provider's notice is about these lines any more. Either the provider has withdrawn its notice, or the notice "
    "no longer fits your register entry."
)
_WHAT_COMES = (
    "Messages about these cases have stopped. If a provider plans again to switch one of these lines, its case opens "
    "again and the messages start again. Nothing needs to be acknowledged."
)
MEANING = (_WHY, _WHAT_COMES)
STEPS = (
    "Look through the cases. If one of them is a surprise, ask the provider whether the line stays as it is.",
    "If you have changed a register entry, check that its telephone number and address are right.",
    "Tell residents whom you have given a date. Decide whether visits that are booked are still needed.",
)


def render_withdrawn(digest: AlertDigest, now: datetime) -> Message:
    today = london_day(now)
    subject = subject_line(digest, f"No longer planned: switch of {lines(len(digest.cases))}")
    shown = [case_row(case, today) for case in most_urgent_first(digest.cases, today)[:LISTED]]
    context = {**common(digest, subject), "meaning": MEANING, "steps": STEPS, "rows": shown}
    return Message(subject, template("withdrawn.txt.j2", context), template("withdrawn.html.j2", context))
