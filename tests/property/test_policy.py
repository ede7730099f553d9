from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schemas.codes import CaseState, MatchLevel
from services.alerts.policy.policy import (
    CaseClock,
    CouncilPolicy,
    Escalation,
    next_escalation,
    pause_until,
    threshold_now,
)
from services.alerts.policy.policy_days import (
    LONDON,
    in_quiet_hours,
    local,
    out_of_quiet_hours,
    threshold_moment,
    thresholds_for,
)
from services.alerts.states.machine import CLOCK_STOPPED, MOVED, URGENT

# The longest row of closed days: Christmas and Boxing Day with a weekend, and substitute days.
CLOSED_DAYS = timedelta(days=5)
SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)

days = st.dates(date(2026, 1, 1), date(2027, 12, 31)) | st.sampled_from([SPRING, AUTUMN])
moments = st.builds(
    lambda day, minutes: datetime.combine(day, time(), tzinfo=UTC) + timedelta(minutes=minutes),
    days,
    st.integers(0, 24 * 60 - 1),
)
LEVELS = tuple(MatchLevel)
levels = st.sampled_from(LEVELS)
running = st.sampled_from([state for state in CaseState if state not in CLOCK_STOPPED])
by_date = st.sampled_from([state for state in CaseState if state not in CLOCK_STOPPED | URGENT | MOVED])
hours = st.integers(0, 24 * 60)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))
POLICY = CouncilPolicy()
NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)  # the start of a working day


@st.composite
def clocks(draw: st.DrawFn) -> CaseClock:
    opened_at = draw(moments)
    harm_on = draw(st.none() | st.integers(-30, 150).map(lambda left: opened_at.date() + timedelta(days=left)))
    case = CaseClock(draw(running), draw(levels), harm_on, opened_at)
    if draw(st.booleans()):
        last = opened_at + timedelta(hours=draw(hours))
        case = replace(case, last_alert_at=last, last_threshold=draw(st.sampled_from([*POLICY.thresholds, None])))
    if draw(st.booleans()):
        case = replace(case, paused_until=opened_at + timedelta(hours=draw(hours)))
    return case


@st.composite
def consistent_clocks(draw: st.DrawFn, least_left: int = -30) -> CaseClock:
    """`least_left` is the least number of days to the harmful day. Below 0, the harmful day may be in the past."""
    level, since = draw(levels), draw(moments)
    is_told = draw(st.booleans())
    most_left = thresholds_for(POLICY, level)[0] if is_told else 150
    harm_on = local(since).date() + timedelta(days=draw(st.integers(least_left, most_left)))
    case = CaseClock(draw(by_date), level, harm_on, since)
    if is_told:
        opened_at = since - timedelta(hours=draw(hours))
        threshold = threshold_now(POLICY, level, harm_on, since)
        case = replace(case, opened_at=opened_at, last_alert_at=since, last_threshold=threshold)
    return replace(case, paused_until=draw(st.none() | hours.map(lambda later: since + timedelta(hours=later))))


def harm_of(case: CaseClock) -> date:
    assert case.harm_on is not None
    return case.harm_on


def due(case: CaseClock, now: datetime, policy: CouncilPolicy = POLICY) -> Escalation:
    escalation = next_escalation(case, policy, now)
    assert escalation is not None
    return escalation


@given(clocks(), moments)
def test_a_running_case_always_has_an_escalation_due(case: CaseClock, now: datetime) -> None:
    found = due(case, now)
    assert found.due_at.tzinfo is UTC
    assert found.threshold in thresholds_for(POLICY, case.level)


@given(clocks(), st.sampled_from(sorted(CLOCK_STOPPED)), moments)
def test_a_stopped_case_never_has_one(case: CaseClock, state: CaseState, now: datetime) -> None:
    assert next_escalation(replace(case, state=state), POLICY, now) is None


@given(consistent_clocks(least_left=1), hours)
def test_no_escalation_is_later_than_the_next_threshold_and_the_closed_days_after_it(
    case: CaseClock, later: int
) -> None:
    since = case.last_alert_at or case.opened_at
    now = since + timedelta(hours=later)
    ahead = [threshold_moment(POLICY, harm_of(case), t) for t in thresholds_for(POLICY, case.level)]
    ahead = [moment for moment in ahead if moment.astimezone(LONDON).date() > local(since).date()]
    # On the working day before a closed harmful day, every threshold has been reached.
    assume(ahead)
    limit = max(min(ahead), case.paused_until or now, now)
    assert due(case, now).due_at <= limit + CLOSED_DAYS


@given(consistent_clocks(), hours, st.integers(0, 120))
@example(
    CaseClock(
        CaseState.OPEN,
        MatchLevel.CONFIRMED,
        date(2026, 12, 10),
        datetime(2026, 10, 1, 9, tzinfo=UTC),
        datetime(2026, 12, 6, 22, tzinfo=UTC),
        7,
    ),
    1,
    1,
)
def test_an_earlier_date_never_gives_a_later_escalation(case: CaseClock, later: int, sooner: int) -> None:
    now = (case.last_alert_at or case.opened_at) + timedelta(hours=later)
    earlier = replace(case, harm_on=harm_of(case) - timedelta(days=sooner))
    assert due(earlier, now).due_at <= due(case, now).due_at
    assert due(earlier, now).threshold <= due(case, now).threshold or due(earlier, now).due_at < due(case, now).due_at


@given(clocks(), moments)
def test_a_pause_stays_within_its_bounds(case: CaseClock, now: datetime) -> None:
    until = pause_until(POLICY, case, now)
    noon = case.harm_on and POLICY.days.noon_before(case.harm_on)
    late = case.state in URGENT | MOVED or (noon is not None and now >= noon)
    longest = POLICY.urgent_acknowledgement_hours if late else POLICY.acknowledgement_hours
    assert now < until <= now + timedelta(hours=longest)
    if noon is not None and now < noon and case.state not in URGENT | MOVED:
        assert until <= noon
    elif case.state in URGENT and not (case.claimed and case.last_alert_at):
        assert until == now + timedelta(hours=POLICY.late_acknowledgement_hours)
    else:
        assert until >= now + timedelta(hours=POLICY.late_acknowledgement_hours)


@given(consistent_clocks(), hours)
def test_a_pause_never_hides_the_next_threshold_for_longer_than_the_shortest_pause(case: CaseClock, later: int) -> None:
    now = (case.last_alert_at or case.opened_at) + timedelta(hours=later)
    ends = pause_until(POLICY, case, now)
    reached = threshold_now(POLICY, case.level, harm_of(case), now)
    for threshold in thresholds_for(POLICY, case.level):
        if reached is None or threshold < reached:
            moment = threshold_moment(POLICY, harm_of(case), threshold)
            assert ends <= max(moment, now + timedelta(hours=POLICY.acknowledgement_min_hours))


@given(clocks(), hours, hours)
def test_nothing_is_told_in_a_pause(case: CaseClock, pause: int, later: int) -> None:
    acted_at = case.last_alert_at or case.opened_at
    paused_until = acted_at + timedelta(hours=pause + 1)
    paused = replace(case, paused_until=paused_until)
    assert due(paused, acted_at + timedelta(hours=later)).due_at >= paused_until


@settings(max_examples=50, deadline=None)  # each example lives through months of a case
@given(moments, st.integers(-6, 90), levels)
def test_a_case_nobody_acts_on_is_told_at_every_threshold_and_never_twice_without_need(
    opened_at: datetime, left: int, level: MatchLevel
) -> None:
    harm_on = opened_at.date() + timedelta(days=left)
    told = simulate(CaseClock(CaseState.OPEN, level, harm_on, opened_at), until=harm_on + timedelta(days=3))
    for threshold in thresholds_for(POLICY, level):
        moment = threshold_moment(POLICY, harm_on, threshold)
        if moment > opened_at:
            in_time = [t for at, t in told if local(at).date() >= local(moment).date() and at <= moment + CLOSED_DAYS]
            assert in_time, f"nothing was told at {threshold} days"
            assert min(in_time) <= threshold
    gaps = [later - sooner for (sooner, _), (later, _) in pairwise(told)]
    assert not [gap for gap in gaps if gap <= timedelta()]
    assert len(told) < 30


def simulate(case: CaseClock, until: date) -> list[tuple[datetime, int]]:
    told, now = [], case.opened_at
    while local(now).date() <= until:
        found = due(case, now)
        now = max(now, found.due_at)
        assert due(case, now).due_at <= now, "an escalation that was due is put off for ever"
        told.append((now, found.threshold))
        case = replace(
            case,
            last_alert_at=now,
            last_threshold=found.threshold,
            asked=max(case.asked, found.last_level),
            unanswered=case.unanswered + 1,
        )
    return told


@given(days, st.sampled_from(POLICY.thresholds))
def test_a_threshold_is_told_at_nine_by_the_clock_on_its_day_or_the_last_working_day_before(
    harm_on: date, threshold: int
) -> None:
    moment = local(threshold_moment(POLICY, harm_on, threshold))
    assert moment.time() == time(9)
    assert POLICY.days.is_working(moment.date())
    early = (harm_on - moment.date()).days - threshold
    assert not any(POLICY.days.is_working(moment.date() + timedelta(days=n)) for n in range(1, early + 1))
    reached = threshold_now(POLICY, MatchLevel.CONFIRMED, harm_on, moment)
    assert reached is not None
    assert reached <= threshold


@given(moments, times, times)
def test_quiet_hours_end_outside_quiet_hours_and_within_a_day(moment: datetime, begin: time, end: time) -> None:
    policy = CouncilPolicy.model_construct(quiet_from=begin, quiet_until=end)
    awake = out_of_quiet_hours(policy, moment)
    assert not in_quiet_hours(policy, awake)
    assert timedelta() <= awake - moment <= timedelta(hours=25)
    assert out_of_quiet_hours(policy, awake) == awake


@given(clocks(), moments, times, times)
def test_only_urgent_cases_and_near_dates_wake_people(case: CaseClock, now: datetime, begin: time, end: time) -> None:
    assume(not in_quiet_hours(CouncilPolicy.model_construct(quiet_from=begin, quiet_until=end), NINE))
    policy = CouncilPolicy(quiet_from=begin, quiet_until=end)
    at = due(case, now, policy).due_at
    near = case.harm_on is not None and (case.harm_on - local(at).date()).days <= policy.quiet_override_days
    wakes = case.state in URGENT or (near and case.state not in MOVED)
    assert wakes or not in_quiet_hours(policy, at)
    assert wakes or policy.days.is_working(local(at).date()) or few_days_left(policy, case, at)


def few_days_left(policy: CouncilPolicy, case: CaseClock, at: datetime) -> bool:
    assert case.harm_on is not None
    day, left = local(at).date() + timedelta(days=1), 0
    while day < case.harm_on:
        left += policy.days.is_working(day)
        day += timedelta(days=1)
    return left < policy.least_working_days
