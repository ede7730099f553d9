"""A council's alert policy: when messages are sent, to whom, and how often.

No source prescribes these numbers. Each is policy of the deployment, and the defaults are a starting point. Days are
calendar days in London before the harmful day.
"""

from collections.abc import Mapping
from datetime import time
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from services.alerts.policy.contacts import REVEAL, Contact
from services.core.texts import Closed, Label

__all__ = ["Contact", "CouncilPolicy", "Days", "Hours", "Thresholds", "Tier"]

Days = Annotated[int, Field(ge=0, le=3650)]
Hours = PositiveInt
Thresholds = tuple[Days, ...]


class Tier(Closed):
    """Contacts who start to get messages `from_days` days before the harmful day."""

    label: Label
    from_days: Days
    # The limit keeps every list of contacts short [P].
    contacts: Annotated[tuple[Contact, ...], Field(max_length=500)] = ()

    @field_validator("contacts")
    @classmethod
    def _addresses_differ(cls, contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
        if len({(one.person, one.channel) for one in contacts}) != len(contacts):
            raise ValueError("contacts: a person has one address of each channel; give the other a label of its own")
        return contacts


class CouncilPolicy(Closed):
    """One council's alert policy. The database holds the encrypted result of `stored`."""

    # Days before the harmful day at which a message about a case is due.
    thresholds: Thresholds = (56, 28, 14, 7, 2, 0)

    # Days before the harmful day for a possible match, which is less urgent. Each is also in `thresholds`.
    possible_thresholds: Thresholds = (28, 14, 7, 2, 0)

    tiers: tuple[Tier, ...] = ()

    # Hours after which a message is repeated if nobody acted, by the threshold that the case has reached.
    repeat_hours: Mapping[Days, Hours] = Field(default={56: 168, 28: 72, 14: 24, 7: 24, 2: 4, 0: 4})

    # The fewest hours between repeats about a possible match, however near the day. Such a repeat wakes nobody.
    possible_repeat_hours: Hours = 24

    # Hours between repeats about a case whose harmful day is not known.
    unknown_date_repeat_hours: Hours = 168

    # Hours between repeats about a case in an urgent state.
    urgent_repeat_hours: Hours = 4

    # Hours between repeats about a line that has moved, until a test call after the move has passed.
    post_check_repeat_hours: Hours = 24

    # The longest pause that a person's act gives.
    acknowledgement_hours: Hours = 168

    # The longest pause in an urgent state, after the move, and from the harmful day on. No later threshold ends it.
    urgent_acknowledgement_hours: Hours = 24

    # The shortest pause, even if the next threshold is nearer.
    acknowledgement_min_hours: Hours = 4

    # Minutes after which a message that no mail system has accepted is due again, also to the operator of Pullcord.
    unreached_repeat_minutes: Annotated[int, Field(ge=5, le=240)] = 60

    # Local hours in which nobody is paged. There are no quiet hours if both times are the same.
    quiet_from: time = time(22)
    quiet_until: time = time(7)

    # At this threshold and below, quiet hours do not apply. They do not apply in an urgent state either.
    quiet_override_days: Days = 2

    # Local time of day at which a threshold's messages are due.
    day_starts: time = time(9)

    # The number of open cases that may be ended or delayed by feeds in 24 hours before a person must agree. Policy of
    # the deployment [P].
    relaxed_without_consent: Annotated[int, Field(ge=0, le=1_000_000)] = 5

    # The same as a share of the council's open cases, in per cent. The higher of the two counts [P].
    relaxed_share_without_consent: Annotated[int, Field(ge=0, le=100)] = 10

    # Seconds in which new cases are gathered into one message. The limit of a minute keeps alerts prompt.
    grouping_seconds: Annotated[int, Field(ge=0, le=60)] = 30

    # True if references of the register that differ in letter case alone are one reference. Otherwise the council is
    # asked. Ingest reads this member of the stored policy by its name.
    references_ignore_case: bool = False

    def stored(self) -> str:
        """Return the policy as JSON with all addresses. Encrypt the JSON before saving. Never show the JSON."""
        return self.model_dump_json(context=REVEAL)

    @field_validator("thresholds", "possible_thresholds")
    @classmethod
    def _go_down_to_the_day(cls, thresholds: Thresholds) -> Thresholds:
        if not all(wider > tighter for wider, tighter in pairwise(thresholds)):
            raise ValueError("thresholds go from the most days to the fewest, each once")
        if not thresholds or thresholds[-1] != 0:
            raise ValueError("the last threshold is 0, the harmful day itself")
        return thresholds

    @field_validator("quiet_from", "quiet_until", "day_starts")
    @classmethod
    def _is_local(cls, at: time) -> time:
        if at.tzinfo is not None:
            raise ValueError("is a local time: give it without a time zone")
        return at

    @model_validator(mode="after")
    def _thresholds_agree(self) -> Self:
        if not set(self.possible_thresholds) <= set(self.thresholds):
            raise ValueError("possible_thresholds: each must also be one of the thresholds")
        if self.quiet_override_days not in self.thresholds:
            raise ValueError("quiet_override_days: must be one of the thresholds")
        if set(self.repeat_hours) != set(self.thresholds):
            raise ValueError("repeat_hours: give one number of hours for each threshold, and no other")
        return self

    @model_validator(mode="after")
    def _repeats_grow_denser(self) -> Self:
        repeats = [self.repeat_hours[threshold] for threshold in self.thresholds]
        if any(wider < tighter for wider, tighter in pairwise(repeats)):
            raise ValueError("repeat_hours: alerts must not grow rarer as the day comes nearer")
        if self.urgent_repeat_hours > repeats[-1]:
            raise ValueError("urgent_repeat_hours: must not be more than the repeat on the harmful day")
        return self

    @model_validator(mode="after")
    def _pauses_fit(self) -> Self:
        if not self.acknowledgement_min_hours <= self.urgent_acknowledgement_hours <= self.acknowledgement_hours:
            raise ValueError("acknowledgement hours: the shortest, the urgent and the longest must rise in this order")
        return self

    @field_validator("tiers")
    @classmethod
    def _labels_differ(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        if len({tier.label for tier in tiers}) != len(tiers):
            raise ValueError("tiers: each needs a label of its own")
        return tiers
