from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.judging import bounds
from tests.simulation.judging.duty import Duty
from tests.simulation.judging.history import Happened

# A channel that had a fault in these hours before may bring a message at any time.
LATELY = timedelta(hours=24)


@dataclass
class Pace:
    last: dict[tuple[str, str], datetime] = field(default_factory=dict)
    had: dict[str, list[datetime]] = field(default_factory=dict)

    def accept(self, contact: str, names: list[str], at: datetime) -> None:
        self.last.update({(contact, name): at for name in names})
        self.had.setdefault(contact, []).append(at)

    def why_needless(self, attempt: Happened, duties: dict[str, Duty]) -> str | None:
        """Return the reason why nobody needed the message, or None if the message was needed."""
        at = attempt.at
        if all(self._said_lately(attempt.about, name, at, duty) for name, duty in duties.items()):
            return f"{attempt.about} heard the same a short time before"
        if all(self._may_wait(duty, at) for duty in duties.values()):
            return f"{attempt.about} is messaged at night or on a closed day, and nothing is urgent"
        return None

    def _said_lately(self, contact: str, name: str, at: datetime, duty: Duty) -> bool:
        last = self.last.get((contact, name))
        news = max(duty.resident.since, duty.resident.changed, duty.resident.acted or duty.resident.since)
        # The end of a pause is a reason for a message of its own, also after one that waited and came during the pause.
        ended = duty.heard.paused if duty.heard.paused <= at else news
        if last is None or last <= max(news, ended):
            return False
        if duty.cannot_wait(at):
            return at - last < bounds.URGENT_APART - bounds.MINUTE
        return last >= bounds.last_start(duty.numbers, at)

    def _may_wait(self, duty: Duty, at: datetime) -> bool:
        return not bounds.office(duty.numbers, at) and duty.awake(at) > at
