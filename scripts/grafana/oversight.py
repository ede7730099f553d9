from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders.dashboard import Dashboard

from schemas.codes import CaseState
from scripts.grafana.boards import HERE, NONE, Rows, board, choice
from scripts.grafana.panels import AMBER, RED, SECONDS, Look, PanelSpec
from services.alerts.states.machine import CLOCK_STOPPED
from services.audit.figures.figures import DEFINITIONS, Definition, Figure, Kind

DAY = 86_400
# The states in which nobody is safe yet, as a pattern.
AT_RISK = "|".join(state.value for state in CaseState if state not in CLOCK_STOPPED)

# The figures for which a single event is too many.
ALARMING = frozenset(
    [Figure.MIGRATED_UNCONFIRMED, Figure.RESTRICTED_WHILE_OPEN, Figure.PAST_DATE_UNCONFIRMED, Figure.NOBODY_TOLD]
)

WITHHELD = "withheld, or not there yet"


def _cases(states: str) -> str:
    return f'sum(max by (state) (pullcord_cases{{{HERE}, state=~"{states}"}})) or {NONE}'


NOW = (
    PanelSpec(
        "Lines at risk",
        "Open cases: a telecare alarm hangs on a line that will move, and nobody is yet safe.",
        {"cases": _cases(AT_RISK)},
        look=Look.STAT,
        width=6,
    ),
    PanelSpec(
        "Past the date, unconfirmed",
        "Of these, the day has passed on which the alarm may stop working. One is too many.",
        {"cases": f"max(pullcord_cases_past_date_unconfirmed{{{HERE}}})"},
        look=Look.STAT,
        steps=((1, RED),),
        width=6,
    ),
    PanelSpec(
        "Restricted or moved without confirmation",
        "Lines that were restricted, or moved, before anybody confirmed that the alarm works.",
        {"cases": _cases(f"{CaseState.LINE_RESTRICTED}|{CaseState.MIGRATED_UNCONFIRMED}")},
        look=Look.STAT,
        steps=((1, RED),),
        width=6,
    ),
    PanelSpec(
        "Longest wait for an answer",
        "Age of the oldest alert that still waits for a named person at a council.",
        {"age": f"max(pullcord_alert_oldest_unacknowledged_seconds{{{HERE}}})"},
        SECONDS,
        Look.STAT,
        ((DAY / 2, AMBER), (DAY, RED)),
        6,
    ),
    PanelSpec(
        "Where cases stand",
        "Every case, by how far it has come.",
        {"{{state}}": f"sort_desc(max by (state) (pullcord_cases{{{HERE}}}))"},
        look=Look.BARS,
        width=12,
        nothing="no cases",
    ),
    PanelSpec(
        "Lines at risk over time",
        "Open cases, and those of them past their date.",
        {"at risk": _cases(AT_RISK), "past the date": f"max(pullcord_cases_past_date_unconfirmed{{{HERE}}})"},
        width=12,
    ),
    PanelSpec(
        "How sure the matches are",
        "Confirmed: the same telephone number. Probable and possible: by address, for a person to decide.",
        {"{{level}}": f"sort_desc(max by (level) (pullcord_matches{{{HERE}}}))"},
        look=Look.BARS,
        width=8,
        nothing="no matches",
    ),
    PanelSpec(
        "What became of alerts",
        "Deliveries by state. Sent does not say that anyone has read it.",
        {"{{state}}": f"sort_desc(max by (state) (pullcord_deliveries{{{HERE}}}))"},
        look=Look.BARS,
        width=8,
        nothing="no alerts",
    ),
    PanelSpec(
        "Who has fallen silent",
        "Time since each council and provider was last heard. A silent feed hides people.",
        {"{{feed}}": f"topk(15, max by (feed) (pullcord_feed_silent_seconds{{{HERE}}}))"},
        SECONDS,
        Look.BARS,
        ((4 * DAY, AMBER), (8 * DAY, RED)),
    ),
)


MONTH = PanelSpec(
    "The month",
    "The last complete month: every figure below is of this one.",
    {"month": "max(pullcord_oversight_month_timestamp_seconds) * 1000"},
    "time:MMMM YYYY",
    Look.STAT,
    width=6,
    nothing="none is complete yet",
)


def _figure(one: Definition) -> PanelSpec:
    query = f'max(pullcord_oversight_figure{{scope="national", figure="{one.figure}"}})'
    steps = ((1, RED),) if one.figure in ALARMING else ()
    return PanelSpec(one.title, one.counts, {one.title: query}, "none", Look.STAT, steps, 6, WITHHELD)


def _wait(one: Definition) -> PanelSpec:
    spans = {"half within": "0.5", "nine in ten within": "0.9"}
    queries = {
        legend: f'max(pullcord_oversight_wait_seconds{{scope="national", figure="{one.figure}", quantile="{part}"}})'
        for legend, part in spans.items()
    }
    return PanelSpec(one.title, one.counts, queries, SECONDS, Look.STAT, width=9, nothing=WITHHELD)


def _national() -> Iterator[PanelSpec]:
    yield MONTH
    for one in sorted(DEFINITIONS, key=lambda one: one.kind is not Kind.WAIT):
        yield _wait(one) if one.kind is Kind.WAIT else _figure(one)


def _by(scope: str, each: str) -> PanelSpec:
    chosen = f'pullcord_oversight_figure{{scope="{scope}", figure="$figure"}}'
    return PanelSpec(
        f"The chosen figure by {scope}",
        f"The figure chosen at the top, of the last complete month, for each {each}. Small counts are withheld.",
        {"{{subject}}": f"sort_desc(max by (subject) ({chosen}))"},
        "none",
        Look.BARS,
        nothing=WITHHELD,
    )


ROWS: Rows = {
    "Now": NOW,
    "The last complete month, everywhere": tuple(_national()),
    "The last complete month, one by one": (
        _by("provider", "provider"),
        _by("council", "council"),
        _by("kind", "kind that it tells apart, where it tells any apart"),
    ),
}


def oversight() -> Dashboard:
    text = "How the programme stands: who is at risk now, and the figures of the last complete month. Names nobody."
    made = board("pullcord-oversight", "Pullcord: oversight", text, ROWS).time("now-30d", "now").refresh("5m")
    return made.with_variable(choice("figure", "Figure", {one.figure.value: one.title for one in DEFINITIONS}))
