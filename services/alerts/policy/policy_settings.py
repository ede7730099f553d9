"""A council's alert policy: when it is told, whom, and how often.

No source prescribes any of these numbers: each is policy of the deployment, and the values given here are
only where a council begins. Days are calendar days in Europe/London before the harmful moment.
"""

from collections.abc import Mapping
from datetime import time
from itertools import pairwise
from typing import Annotated, Self

from pydantic import (
    Field,
    PositiveInt,
    SecretStr,
    SerializationInfo,
    field_serializer,
    field_validator,
    model_validator,
)

from services.core.texts import Closed, Label

Days = Annotated[int, Field(ge=0, le=3650)]
Hours = PositiveInt
Thresholds = tuple[Days, ...]

# The context in which routes are written out: for storage only.
_REVEAL = {"routes": "reveal"}


class Contact(Closed):
    """Somebody who can be told. `route` is an Apprise address: a secret, shown only in the stored form."""

    label: Label
    route: Annotated[SecretStr, Field(max_length=2000)]

    @field_validator("route")
    @classmethod
    def _is_an_address(cls, route: SecretStr) -> SecretStr:
        scheme, _, rest = route.get_secret_value().partition("://")
        if not scheme.replace("+", "").isalnum() or not rest.strip():
            raise ValueError("route: is no address a message can be sent to; give it as scheme://...")
        return route

    @field_serializer("route", when_used="json")
    def _masked_unless_stored(self, route: SecretStr, info: SerializationInfo) -> str:
        return route.get_secret_value() if info.context == _REVEAL else str(route)


class Tier(Closed):
    """People told from the threshold of `from_days` days down to the harmful day."""

    label: Label
    from_days: Days
    contacts: tuple[Contact, ...] = ()


class CouncilPolicy(Closed):
    """One council's policy. Stored in the form of `stored`."""

    thresholds: Thresholds = (56, 28, 14, 7, 2, 0)
    """Days before the harmful moment at which a case escalates."""

    possible_thresholds: Thresholds = (28, 14, 7, 2, 0)
    """The same for a possible match, which is less urgent; each is also in `thresholds`."""

    tiers: tuple[Tier, ...] = ()

    repeat_hours: Mapping[Days, Hours] = Field(default={56: 168, 28: 72, 14: 24, 7: 24, 2: 4, 0: 4})
    """Hours after which an alert nobody acted on is sent again, by the threshold the case has reached."""

    possible_repeat_hours: Hours = 24
    """The shortest repeat for a possible match, however near the day. Nor does one wake anybody."""

    unknown_date_repeat_hours: Hours = 168
    """The same for a case whose harmful day is not known."""

    urgent_repeat_hours: Hours = 4
    """The same in an urgent state."""

    post_check_repeat_hours: Hours = 24
    """The same for a line that has moved, until a test call after the move has passed."""

    acknowledgement_hours: Hours = 168
    """The longest that an act of a person pauses the paging."""

    urgent_acknowledgement_hours: Hours = 24
    """The same in an urgent state, after the move, and from the harmful day on: no later threshold ends the pause."""

    acknowledgement_min_hours: Hours = 4
    """The shortest pause, also when the next threshold is nearer."""

    unreached_repeat_minutes: Annotated[int, Field(ge=5, le=240)] = 60
    """After this a message that nobody's mail system has accepted is owed anew, to the operator of Pullcord too."""

    quiet_from: time = time(22)
    quiet_until: time = time(7)
    """Local hours in which nobody is paged; none when both are the same."""

    quiet_override_days: Days = 2
    """From this threshold down, quiet hours do not apply. Nor do they in an urgent state."""

    day_starts: time = time(9)
    """Local time at which a threshold's day begins to be told."""

    grouping_seconds: Annotated[int, Field(ge=0, le=60)] = 30
    """Seconds in which new cases are gathered into one message; at most a minute, so that no alert waits longer."""

    def stored(self) -> str:
        """Return the policy as JSON with its routes: to be encrypted at rest, never to be shown."""
        return self.model_dump_json(context=_REVEAL)

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
