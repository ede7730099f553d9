"""Local times are London times."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from services.core.days.council_days import london_time
from services.core.texts import Closed, Label

# Limits of what people write, so that every question about a rota is answered at once [P].
MOST_LAYERS: Final = 12
MOST_PEOPLE: Final = 52
MOST_OVERRIDES: Final = 1000
LONGEST_OVERRIDE_DAYS: Final = 92

RotaDay = Annotated[date, Field(ge=date(2020, 1, 1), le=date(2099, 12, 31))]


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS: Final = tuple(Weekday)


class RequiredCover(StrEnum):
    ALWAYS = "always"
    # In quiet hours, and on days on which the council is closed.
    OUT_OF_HOURS = "out_of_hours"


def _local(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("is a local time: give it without a time zone")
    return at


LocalTime = Annotated[time, AfterValidator(_local)]


def _in_utc(moment: Any) -> Any:
    # A file gives text, and an imported calendar gives moments.
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if not isinstance(found, datetime):
        raise ValueError("is no time of a day: write it as 2026-12-24T09:00, the local time of Europe/London")  # noqa: TRY004 - pydantic shows ValueError only
    return found.astimezone(UTC) if found.tzinfo else london_time(found.date(), found.time())


# A moment in UTC. Without a time zone it is read as the local time.
Moment = Annotated[
    datetime,
    BeforeValidator(_in_utc),
    Field(ge=datetime(2020, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC)),
]


class DutyHours(Closed):
    # If `ends` is not after `begins`, the hours go past midnight.
    begins: LocalTime
    ends: LocalTime

    # The days on which the hours begin: the night of Friday ends on Saturday.
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = WEEKDAYS


class RotaLayer(Closed):
    # At any moment, at most one person of a layer is on duty.
    label: Label
    tier: Label

    # Labels of contacts, in the order of their turns. One contact alone is on duty each week. Null is a vacant week.
    people: Annotated[tuple[Label | None, ...], Field(min_length=1, max_length=MOST_PEOPLE)]

    # The day of the first handover. Each later handover is on the same weekday.
    starts_on: RotaDay

    # The local time of day of each handover.
    handover: LocalTime = time(9)

    # The day of the last handover, to nobody. Without it the layer goes on.
    ends_on: RotaDay | None = None

    hours: DutyHours | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            raise ValueError("ends_on: must be after starts_on; leave it out if the layer goes on")
        return self


class RotaOverride(Closed):
    # If two overrides of a layer share time, the later override in the list counts.
    layer: Label
    person: Label
    begins: Moment
    ends: Moment

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError("ends: must be after begins")
        if (self.ends - self.begins).days >= LONGEST_OVERRIDE_DAYS:
            raise ValueError(
                f"ends: an override lasts less than {LONGEST_OVERRIDE_DAYS} days; change the layer instead"
            )
        return self


class Rota(Closed):
    layers: Annotated[tuple[RotaLayer, ...], Field(min_length=1, max_length=MOST_LAYERS)]
    overrides: Annotated[tuple[RotaOverride, ...], Field(max_length=MOST_OVERRIDES)] = ()
    required: RequiredCover = RequiredCover.ALWAYS

    @field_validator("layers")
    @classmethod
    def _labels_differ(cls, layers: tuple[RotaLayer, ...]) -> tuple[RotaLayer, ...]:
        if len({layer.label for layer in layers}) != len(layers):
            raise ValueError("each layer needs a label of its own")
        return layers

    @model_validator(mode="after")
    def _overrides_name_layers(self) -> Self:
        known = {layer.label for layer in self.layers}
        unknown = [str(n) for n, one in enumerate(self.overrides) if one.layer not in known]
        if unknown:
            raise ValueError(f"overrides.{unknown[0]}.layer: is the label of no layer; write it as in layers")
        return self
