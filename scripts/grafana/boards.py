"""A dashboard of rows of panels, with the choices at its top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from grafana_foundation_sdk.builders.dashboard import (
    CustomVariable,
    Dashboard,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, VariableOption, VariableRefresh, VariableSort

from scripts.grafana.panels import DATASOURCE, Shown, drawn

HERE = 'job="$job", namespace=~"$namespace"'
"""The deployment that was chosen, as a selector of series."""

NONE = f"max(pullcord_steps_overdue{{{HERE}}}) * 0"
"""0 where a sample is missing because nothing is in that state; nothing while nobody answers: silence is not safety."""

Rows = Mapping[str, Sequence[Shown]]
"""The panels of each row, by its heading."""


def board(uid: str, title: str, description: str, rows: Rows) -> Dashboard:
    """A dashboard for reading, in London time. `uid` is in its address, so it never changes."""
    made = Dashboard(title).uid(uid).description(description).tags(["pullcord"]).timezone("Europe/London")
    made.readonly().tooltip(DashboardCursorSync.CROSSHAIR)
    made.with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    made.with_variable(_found("job", "Deployment"))
    everywhere = VariableOption(selected=True, text="All", value="$__all")
    made.with_variable(
        _found("namespace", "Namespace").include_all(include_all=True).all_value(".*").current(everywhere)
    )
    numbers = count(1)
    for heading, panels in rows.items():
        made.with_row(Row(heading).id(next(numbers)))
        for shown in panels:
            made.with_panel(drawn(shown, next(numbers)))
    return made


def choice(name: str, label: str, options: Mapping[str, str]) -> CustomVariable:
    """A choice among fixed options: their names by what each stands for. The first is chosen to begin with."""
    first = next(iter(options))
    listed = ", ".join(f"{_escaped(text)} : {value}" for value, text in options.items())
    chosen = VariableOption(selected=True, text=options[first], value=first)
    return CustomVariable(name).label(label).values(listed).current(chosen)


def _found(name: str, label: str) -> QueryVariable:
    """A choice among the values of a label that Pullcord's own series have."""
    variable = QueryVariable(name).label(label).query(f"label_values(pullcord_steps_overdue, {name})")
    variable.datasource(DATASOURCE).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.sort(VariableSort.ALPHABETICAL_ASC)


def _escaped(text: str) -> str:
    return text.replace(",", r"\,")
