from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.alerts.review.case import Case
from services.core.days.council_days import CouncilDays
from services.core.days.working_days import working_days_after


@dataclass(frozen=True, slots=True)
class ByLink:
    """An act through the link in a message, without a sign-in. Nobody checks the name that the person types."""

    contact: str  # the label of the contact that the message with the link went to
    pause_days: int  # working days that the act pauses messages at most

    def recorded(self) -> dict[str, str]:
        return {"identity": "not_signed_in", "link_sent_to": self.contact}

    def pause(self, until: datetime, case: Case, days: CouncilDays, now: datetime) -> datetime:
        """Return the end of the pause after this act. The act never shortens a pause that already runs.

        `until` is the end of the pause if a signed-in person did the same act.
        """
        longest = working_days_after(now, self.pause_days, days.nation, days.closures)
        # A pause that somebody who is signed in has begun goes on: a link must not shorten it.
        return max(min(until, longest), case.paused_until or now)
