from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from services.alerts.policy.rota.rota_settings import LocalTime, RequiredCover, Rota
from services.alerts.policy.rota.shifts import shifts
from services.alerts.policy.rota.spans import TimeSpan, clipped, daily, days_of, joined_spans, uncovered
from services.core.clock import london_day, london_midnight
from services.core.days.closures import MOST_CLOSURES, Closure, Closures
from services.core.days.council_days import CouncilDays
from services.core.days.working_days import Nation
from services.core.texts import Closed, Label

_ONE_DAY: Final = timedelta(days=1)


class FilledBy(StrEnum):
    """The recipients of messages while nobody is on duty."""

    OTHER_CONTACTS = "other_contacts"
    OUT_OF_HOURS = "out_of_hours"
    OPERATOR = "operator"


class CoverTier(Closed):
    label: Label
    contacts: tuple[Label, ...] = ()


class CoverPolicy(Closed):
    tiers: tuple[CoverTier, ...]
    rota: Rota

    # The label of whoever gets urgent messages if nobody is on duty. Need not be a contact of a tier.
    out_of_hours: Label | None = None

    closures: Annotated[tuple[Closure, ...], Field(max_length=MOST_CLOSURES)] = ()
    quiet_from: LocalTime = time(22)
    quiet_until: LocalTime = time(7)
    day_starts: LocalTime = time(9)

    def days(self, nation: Nation) -> CouncilDays:
        return CouncilDays(nation, Closures(closures=self.closures), self.day_starts)

    def labels(self) -> frozenset[str]:
        return frozenset(contact for tier in self.tiers for contact in tier.contacts)

    @model_validator(mode="after")
    def _people_are_contacts(self) -> Self:
        tiers = {tier.label: tier.contacts for tier in self.tiers}
        if len(tiers) != len(self.tiers):
            raise ValueError("tiers: each needs a label of its own")
        for n, layer in enumerate(self.rota.layers):
            if layer.tier not in tiers:
                raise ValueError(f"rota.layers.{n}.tier: is the label of no tier; write it as in tiers")
            for turn, person in enumerate(layer.people):
                if person is not None and person not in tiers[layer.tier]:
                    raise ValueError(
                        f"rota.layers.{n}.people.{turn}: is the label of no contact of the layer's tier; add the "
                        "contact to the tier, or write the label as it is there"
                    )
        return self

    @model_validator(mode="after")
    def _overrides_are_contacts(self) -> Self:
        # A contact of another tier may take a shift: a manager who stands in, for example.
        for n, override in enumerate(self.rota.overrides):
            if override.person not in self.labels():
                raise ValueError(
                    f"rota.overrides.{n}.person: is the label of no contact; add the contact to a tier, or write the "
                    "label as it is there"
                )
        return self


@dataclass(frozen=True, slots=True)
class CoverGap:
    # If `recipients` is empty, the operator gets the messages.
    tier: str
    span: TimeSpan
    filled_by: FilledBy
    recipients: tuple[str, ...] = ()

    @property
    def days(self) -> list[date]:
        return days_of([self.span])


def gaps(policy: CoverPolicy, days: CouncilDays, within: TimeSpan) -> list[CoverGap]:
    needed = required_hours(policy, days, within)
    planned = shifts(policy.rota, within)
    found: list[CoverGap] = []
    for tier in dict.fromkeys(layer.tier for layer in policy.rota.layers):
        filled_by, recipients = _fills(policy, tier)
        covers = [shift.span for shift in planned if shift.tier == tier]
        found += [CoverGap(tier, span, filled_by, recipients) for span in uncovered(needed, covers)]
    return sorted(found, key=lambda gap: gap.span)


def required_hours(policy: CoverPolicy, days: CouncilDays, within: TimeSpan) -> list[TimeSpan]:
    if policy.rota.required == RequiredCover.ALWAYS:
        return [within]
    quiet = daily(policy.quiet_from, policy.quiet_until, within) if policy.quiet_from != policy.quiet_until else ()
    return joined_spans(clipped([*quiet, *_closed_days(days, within)], within))


def _closed_days(days: CouncilDays, within: TimeSpan) -> Iterator[TimeSpan]:
    day, last = london_day(within.start), london_day(within.end)
    while day <= last:
        if not days.is_working(day):
            yield TimeSpan(london_midnight(day), london_midnight(day + _ONE_DAY))
        day += _ONE_DAY


def _fills(policy: CoverPolicy, tier: str) -> tuple[FilledBy, tuple[str, ...]]:
    turns = {person for layer in policy.rota.layers if layer.tier == tier for person in layer.people}
    contacts = next(one.contacts for one in policy.tiers if one.label == tier)
    # Somebody of the rota who is off duty is not woken: the rota exists for that.
    others = tuple(contact for contact in contacts if contact not in turns)
    if others:
        return FilledBy.OTHER_CONTACTS, others
    if policy.out_of_hours is not None:
        return FilledBy.OUT_OF_HOURS, (policy.out_of_hours,)
    return FilledBy.OPERATOR, ()
