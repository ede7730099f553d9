"""The limits of an act through the link in a message, and what is recorded with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.alerts.review.case import Case
from services.core.days.working_days import nation_of, working_days_after


@dataclass(frozen=True, slots=True)
class ByLink:
    """Whoever acts through a link is not signed in: the name is typed, and nobody checks it."""

    contact: str  # the label of the contact that the message with the link went to
    pause_days: int  # working days that the act pauses messages at most

    def recorded(self) -> dict[str, str]:
        """Return what is recorded beside the typed name, for an authorised reader."""
        return {"identity": "not_signed_in", "link_sent_to": self.contact}

    def pause(self, until: datetime, case: Case, now: datetime) -> datetime:
        """Return the end of the pause of an act at `now` that would end at `until` for somebody who is signed in."""
        longest = working_days_after(now, self.pause_days, nation_of(case.feed_id))
        # A pause that somebody who is signed in has begun goes on: a link must not shorten it.
        return max(min(until, longest), case.paused_until or now)
