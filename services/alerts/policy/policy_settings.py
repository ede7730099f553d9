"""The settings of a council's policy. No source prescribes the default numbers."""

from collections.abc import Mapping
from datetime import time
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, PositiveInt, ValidationError, field_validator, model_validator

from services.alerts.policy.contacts import REVEAL, Contact
from services.alerts.policy.rota.cover import CoverPolicy, CoverTier
from services.alerts.policy.rota.rota_settings import Rota
from services.core.days.closures import MOST_CLOSURES, Closure, Closures
from services.core.days.council_days import CouncilDays
from services.core.days.working_days import Nation
from services.core.texts import Closed, Label

__all__ = ["Contact", "CouncilPolicy", "Days", "Hours", "Thresholds", "Tier"]

Days = Annotated[int, Field(ge=0, le=3650)]
Hours = PositiveInt
WorkingDays = Annotated[int, Field(ge=1, le=60)]
Thresholds = tuple[Days, ...]


# Asked several times in each review of a case.
@lru_cache(maxsize=1024)
def _days(nation: Nation, closures: tuple[Closure, ...], day_starts: time, *, every_day: bool) -> CouncilDays:
    return CouncilDays(nation, Closures(closures=closures), day_starts, every_day)


class Tier(Closed):
    # `from_days` counts days before the harmful day.
    label: Label
    from_days: Days
    # The limit keeps every list of contacts short [P].
    contacts: Annotated[tuple[Contact, ...], Field(max_length=500)] = ()

    @field_validator("contacts")
    @classmethod
    def _addresses_differ(cls, contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
        if len({(one.person, one.channel) for one in contacts}) != len(contacts):
            raise ValueError("contacts: a person has one address of each channel; name the other contact differently")
        return contacts

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(contact.person for contact in self.contacts))


class CouncilPolicy(Closed):
    # Days before the harmful day at which a message about a case is due.
    thresholds: Thresholds = (56, 28, 14, 7, 2, 0)

    # Days before the harmful day for a possible match, which is less urgent. Each is also in `thresholds`.
    possible_thresholds: Thresholds = (28, 14, 7, 2, 0)

    tiers: tuple[Tier, ...] = ()

    # Working days after which a message is repeated if nobody acted, by the threshold that the case has reached.
    repeat_days: Mapping[Days, WorkingDays] = Field(default={56: 5, 28: 5, 14: 3, 7: 2, 2: 1, 0: 1})

    # The fewest working days between repeats about a possible match, however near the day. Such a repeat wakes nobody.
    possible_repeat_days: WorkingDays = 3

    # Working days between repeats about a case whose harmful day is not known.
    unknown_date_repeat_days: WorkingDays = 5

    # Working days between repeats about a case in an urgent state.
    urgent_repeat_days: WorkingDays = 1

    # Working days between repeats about a line that has moved, until a test call after the move has passed.
    post_check_repeat_days: WorkingDays = 1

    # After more than this many reminders that nobody answered, the repeats come half as often. By then the operator of
    # Pullcord has been asked too.
    reminders_before_rarer: Annotated[int, Field(ge=1, le=100)] = 6

    # The next tier is asked after this many minutes without an answer, if the line is overdue, moved or restricted.
    silence_urgent_minutes: Annotated[int, Field(ge=5, le=1440)] = 30

    # The next tier is asked after this many minutes, if fewer than `least_working_days` are left.
    silence_close_minutes: Annotated[int, Field(ge=5, le=1440)] = 120

    # The next tier is asked after this many working days without an answer, in the last `near_days` before the harm.
    silence_near_days: WorkingDays = 1

    # `silence_near_days` counts in this many days before the harmful day.
    near_days: Days = 14

    # Earlier than `near_days` before the day, the next tier is asked after this many unanswered messages.
    silence_far_messages: Annotated[int, Field(ge=1, le=20)] = 2

    # A message that is not urgent waits for a working day, unless fewer working days would then be left.
    least_working_days: Annotated[int, Field(ge=1, le=10)] = 2

    # The longest pause that a person's act gives.
    acknowledgement_hours: Hours = 168

    # A recorded step pauses for this long in an urgent state, after the move, and after noon of the last working day
    # before the harmful day.
    urgent_acknowledgement_hours: Hours = 24

    # An acknowledgement pauses for this long then, because it says only that somebody has read the message.
    late_acknowledgement_hours: Hours = 2

    # The shortest pause, even if the next threshold is nearer.
    acknowledgement_min_hours: Hours = 4

    # Minutes after which others are asked, if no mail system has accepted an urgent message to a tier.
    unreached_urgent_minutes: Annotated[int, Field(ge=1, le=60)] = 5

    # Minutes after which others are asked, if the message is not urgent.
    unreached_minutes: Annotated[int, Field(ge=5, le=240)] = 60

    # The fewest minutes between two urgent messages to one person.
    urgent_interval_minutes: Annotated[int, Field(ge=0, le=120)] = 15

    # True if a message that is not urgent waits for the next working day, for a person who had a message on this one.
    one_digest_a_day: bool = True

    # Local hours in which nobody is paged. There are no quiet hours if both times are the same.
    quiet_from: time = time(22)
    quiet_until: time = time(7)

    # Quiet hours and closed days do not count in this many days before the harmful day, nor in an urgent state.
    quiet_override_days: Days = 2

    # Local time of day at which a working day starts, and messages that are not urgent are due.
    day_starts: time = time(9)

    # The nation whose bank holidays count. Without it, that of the council's GSS code.
    nation: Nation | None = None

    # Days on which the council is closed, beside weekends and bank holidays.
    closures: Annotated[tuple[Closure, ...], Field(max_length=MOST_CLOSURES)] = ()

    # True if weekends and bank holidays are working days, as for a control room.
    works_every_day: bool = False

    # Who is on duty. In a tier without a layer of the rota, all contacts are.
    rota: Rota | None = None

    # Gets urgent messages at night and on closed days, if nobody is on duty then.
    out_of_hours: Contact | None = None

    # The number of open cases that may be ended or delayed by feeds in 24 hours before a person must agree. Policy of
    # the deployment [P].
    relaxed_without_consent: Annotated[int, Field(ge=0, le=1_000_000)] = 5

    # The same as a share of the council's open cases, in per cent. The higher of the two counts [P].
    relaxed_share_without_consent: Annotated[int, Field(ge=0, le=100)] = 10

    # The working day of each month on which a drill goes out, and the hours after the start of that day. At the start
    # itself if the hour would be at night [P].
    drill_working_day: Annotated[int, Field(ge=1, le=15)] = 1
    drill_hours_after_start: Annotated[int, Field(ge=0, le=8)] = 2

    # Seconds in which new cases are gathered into one message. The limit of a minute keeps alerts prompt.
    grouping_seconds: Annotated[int, Field(ge=0, le=60)] = 30

    # True if references of the register that differ in letter case alone are one reference. Otherwise the council is
    # asked. Ingest reads this member of the stored policy by its name.
    references_ignore_case: bool = False

    @property
    def days(self) -> CouncilDays:
        nation = self.nation or Nation.ENGLAND
        return _days(nation, self.closures, self.day_starts, every_day=self.works_every_day)

    @property
    def every_contact(self) -> tuple[Contact, ...]:
        extra = () if self.out_of_hours is None else (self.out_of_hours,)
        return (*(contact for tier in self.tiers for contact in tier.contacts), *extra)

    @property
    def cover(self) -> CoverPolicy | None:
        if self.rota is None:
            return None
        return CoverPolicy(
            tiers=tuple(CoverTier(label=tier.label, contacts=tier.people) for tier in self.tiers),
            rota=self.rota,
            out_of_hours=self.out_of_hours and self.out_of_hours.person,
            closures=self.closures,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            day_starts=self.day_starts,
        )

    def stored(self) -> str:
        """Return the policy as JSON with all addresses in clear.

        The caller must encrypt the JSON, and must never show the JSON.
        """
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
        if set(self.repeat_days) != set(self.thresholds):
            raise ValueError("repeat_days: give one number of working days for each threshold, and no other")
        return self

    @model_validator(mode="after")
    def _repeats_grow_denser(self) -> Self:
        repeats = [self.repeat_days[threshold] for threshold in self.thresholds]
        if any(wider < tighter for wider, tighter in pairwise(repeats)):
            raise ValueError("repeat_days: alerts must not grow rarer as the day comes nearer")
        if self.urgent_repeat_days > repeats[-1]:
            raise ValueError("urgent_repeat_days: must not be more than the repeat on the harmful day")
        return self

    @model_validator(mode="after")
    def _day_starts_awake(self) -> Self:
        begin, end, at = self.quiet_from, self.quiet_until, self.day_starts
        if (begin <= at < end) if begin <= end else (at >= begin or at < end):
            raise ValueError("day_starts: must not lie in the quiet hours, as messages of the day go out then")
        return self

    @model_validator(mode="after")
    def _rota_fits(self) -> Self:
        try:
            _ = self.cover
        except ValidationError as error:
            said = (fault["msg"].removeprefix("Value error, ") for fault in error.errors(include_input=False))
            raise ValueError("; ".join(said)) from None
        return self

    @model_validator(mode="after")
    def _pauses_fit(self) -> Self:
        if not self.acknowledgement_min_hours <= self.urgent_acknowledgement_hours <= self.acknowledgement_hours:
            raise ValueError("acknowledgement hours: the shortest, the urgent and the longest must rise in this order")
        if self.late_acknowledgement_hours > self.urgent_acknowledgement_hours:
            raise ValueError("late_acknowledgement_hours: must not be more than urgent_acknowledgement_hours")
        return self

    @model_validator(mode="after")
    def _each_channel_has_one_address(self) -> Self:
        # A message waits for a person and a channel: with two addresses, one of them would never get it.
        known: dict[tuple[str, str], str] = {}
        for contact in self.every_contact:
            address = contact.address.get_secret_value()
            if known.setdefault((contact.person, contact.channel), address) != address:
                raise ValueError(
                    f"tiers: {contact.person} has two addresses of the channel {contact.channel}; give one of them to "
                    "another person, such as a second desk"
                )
        return self

    @field_validator("tiers")
    @classmethod
    def _labels_differ(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        if len({tier.label for tier in tiers}) != len(tiers):
            raise ValueError("tiers: each needs a label of its own")
        return tiers
