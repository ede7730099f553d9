from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from services.alerts.policy.rota.cover import CoverPolicy, CoverTier
from services.alerts.policy.rota.rota_settings import (
    WEEKDAYS,
    DutyHours,
    RequiredCover,
    Rota,
    RotaLayer,
    RotaOverride,
)
from services.core.clock import LONDON
from services.core.days.closures import Closure

PEOPLE = ("Asha", "Ben", "Chidi")
MONDAY = date(2026, 1, 5)
SPRING, AUTUMN = (date(2026, 3, 29), date(2027, 3, 28)), (date(2026, 10, 25), date(2027, 10, 31))
TWO_YEARS = (datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2028, 1, 3, 9, tzinfo=UTC))

times = st.sampled_from([time(0), time(0, 30), time(1), time(1, 30), time(2), time(9), time(17), time(23, 59)])
# Most moments are near a clock change, where mistakes are.
near = st.sampled_from([*SPRING, *AUTUMN]).flatmap(
    lambda day: st.integers(-14 * 24 * 60, 14 * 24 * 60).map(
        lambda minutes: datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    )
)


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    # The arguments are London time.
    return datetime.combine(day, time(hour, minute), LONDON).astimezone(UTC)


def weekly(*people: str | None, label: str = "first", tier: str = "duty", handover: time = time(9)) -> RotaLayer:
    return RotaLayer(label=label, tier=tier, people=people or PEOPLE, starts_on=MONDAY, handover=handover)


def policy_of(rota: Rota, out_of_hours: str | None = None, *closures: Closure) -> CoverPolicy:
    tiers = (
        CoverTier(label="duty", contacts=(*PEOPLE, "duty desk")),
        CoverTier(label="manager", contacts=("Jo",)),
    )
    return CoverPolicy(tiers=tiers, rota=rota, out_of_hours=out_of_hours, closures=closures)


hours = st.builds(
    lambda begins, ends, weekdays: DutyHours(begins=begins, ends=ends, weekdays=tuple(weekdays)),
    times,
    times,
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True),
)


@st.composite
def layers(draw: st.DrawFn, label: str) -> RotaLayer:
    return RotaLayer(
        label=label,
        tier="duty",
        people=tuple(draw(st.lists(st.sampled_from([*PEOPLE, None]), min_size=1, max_size=4))),
        starts_on=draw(st.dates(date(2026, 1, 1), date(2027, 11, 30))),
        handover=draw(times),
        ends_on=draw(st.none() | st.dates(date(2028, 1, 1), date(2028, 2, 1))),
        hours=draw(st.none() | hours),
    )


@st.composite
def overrides(draw: st.DrawFn) -> RotaOverride:
    begins = draw(near)
    ends = begins + timedelta(minutes=draw(st.integers(1, 20 * 24 * 60)))
    person = draw(st.sampled_from([*PEOPLE, "Jo"]))
    return RotaOverride(layer=draw(st.sampled_from(["a", "b"])), person=person, begins=begins, ends=ends)


rotas = st.builds(
    lambda a, b, taken, required: Rota(layers=(a, b), overrides=tuple(taken), required=required),
    layers("a"),
    layers("b"),
    st.lists(overrides(), max_size=6),
    st.sampled_from(RequiredCover),
)
