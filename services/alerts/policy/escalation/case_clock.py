from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from schemas.codes import CaseState, MatchLevel
from services.alerts.states.machine_states import MOVED, URGENT


class EscalationReason(StrEnum):
    """The reason for an escalation. The values are stored in the database."""

    FIRST_ALERT = "first_alert"
    # There was a message about the case, and something has become known since.
    SOMETHING_CHANGED = "something_changed"
    THRESHOLD_REACHED = "threshold_reached"
    REPEAT = "repeat"
    ACKNOWLEDGEMENT_LAPSED = "acknowledgement_lapsed"
    URGENT_STATE = "urgent_state"
    POST_CHECK = "post_check"
    DATE_UNKNOWN = "date_unknown"
    # The levels before had a message and nobody acted on it.
    NOBODY_ANSWERED = "nobody_answered"
    # The case was acknowledged again and again, and nobody recorded a step.
    NOTHING_MOVED = "nothing_moved"
    # The notice was withdrawn. A council that had a message about the case gets this last message once.
    NOTICE_WITHDRAWN = "notice_withdrawn"
    # A change of a feed would end or delay the case, and waits until a person agrees.
    CHANGES_WAIT = "changes_wait"


@dataclass(frozen=True, slots=True)
class CaseClock:
    # All times have a time zone.
    state: CaseState
    level: MatchLevel
    harm_on: date | None
    # When the case was opened or opened again, or when Pullcord last learned of a new danger.
    opened_at: datetime
    # When a channel last accepted an escalation about the case, and the threshold of that escalation.
    last_alert_at: datetime | None = None
    last_threshold: int | None = None
    # The end of the pause after a person's act. A message that is accepted later ends the pause.
    paused_until: datetime | None = None
    # The time of a later escalation that no channel has accepted yet.
    tried_at: datetime | None = None
    # The highest level that had a message since a person last acted, or 0.
    asked: int = 0
    # The number of reminders since a person last acted.
    unanswered: int = 0
    # The number of acknowledgements since a person last recorded a step.
    acknowledged_times: int = 0
    # Every provider of the case reported a move without earlier notice. Only the first alert ignores quiet hours.
    claimed: bool = False
    # Somebody had a message about the case since it was opened.
    warned: bool = False

    @property
    def pause(self) -> datetime | None:
        """Return the end of the pause in messages. This time may be in the past.

        Return None if there is no pause, or if a message was accepted after the end of the pause.
        """
        if self.paused_until is None or (self.last_alert_at is not None and self.last_alert_at >= self.paused_until):
            return None
        return self.paused_until

    @property
    def pressing(self) -> bool:
        """Return True if the state of the case calls for urgent messages."""
        # If every provider reported a move without earlier notice, only the first message is urgent.
        return self.state in URGENT and not (self.claimed and self.last_alert_at is not None)

    @property
    def after_the_fact(self) -> bool:
        return self.state in MOVED | URGENT

    @property
    def sure(self) -> bool:
        return self.level is not MatchLevel.POSSIBLE


@dataclass(frozen=True, slots=True)
class Escalation:
    # `due_at` is in UTC. `threshold` is in days before the harm.
    due_at: datetime
    threshold: int
    reason: EscalationReason
    first_level: int = 1
    last_level: int = 1
    # True if the message must not wait for the next working day.
    urgent: bool = False
