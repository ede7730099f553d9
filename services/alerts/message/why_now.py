from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from services.alerts.message.wording import and_list

TO_OPERATOR: Final = (
    "You get this as the operator of Pullcord: nobody at the council could be reached, or nobody has answered."
)
# `these` is "this case" or "these cases".
_SENTENCES: Final[Mapping[str, str]] = {
    "first_alert": "This is the first message about {these}.",
    "something_changed": "Something about {these} has changed since the last message.",
    "repeat": "This is reminder {number}. Nobody has acknowledged the messages before it.",
    "acknowledgement_lapsed": "The pause has ended, and nobody has confirmed {these} as safe.",
    "nobody_answered": "Nobody has answered the earlier messages about {these}, so you are asked.",
    "nothing_moved": "Somebody acknowledged {these} more than once, and nobody has recorded a step since.",
    "urgent_state": "An alarm may not work now.",
    "post_check": "Each line needs a test call after the switch.",
    "date_unknown": "The provider has not said when.",
    "changes_wait": "A change that would end or delay {these} waits until somebody agrees to it.",
}
_LEADS: Final[Mapping[str, str]] = {
    "something_changed": "CHANGED: ",
    "nobody_answered": "NOBODY HAS ANSWERED: ",
    "nothing_moved": "NOTHING HAS MOVED: ",
}


def why_now(reason: str, threshold: int, repeat_number: int, cases: int) -> str:
    these = "this case" if cases == 1 else "these cases"
    if reason == "threshold_reached":
        days = "1 day" if threshold == 1 else f"{threshold} days"
        return f"The date is {days} away or less." if threshold else "The date has come."
    # A newer version of Pullcord may have written an unknown reason: it gets the plain sentence.
    sentence = _SENTENCES.get(reason, "No end has been recorded for {these}.")
    return sentence.format(these=these, number=repeat_number)


def subject_of_reason(reason: str) -> str:
    return _LEADS.get(reason, "")


def asked_before(tiers: Sequence[str]) -> str:
    return f"Earlier messages went to: {and_list(tiers)}." if tiers else ""
