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

# The deployment that was chosen, as a selector of series.
HERE = 'job="$job", namespace=~"$namespace"'

# 0 where a series is missing because nothing is in that state; no value while no process answers.
NONE = f"max(pullcord_steps_overdue{{{HERE}}}) * 0"

# The panels of each row, by its heading.
Rows = Mapping[str, Sequence[Shown]]


def board(uid: str, title: str, description: str, rows: Rows) -> Dashboard:
    """A dashboard for reading, in London time. `uid` is in its address, so it never changes."""
    made = Dashboard(title).uid(uid).description(description).tags(["pullcord"]).timezone("Europe/London")
    made.readonly().tooltip(DashboardCursorSync.CROSSHAIR)
    made.with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    made.with_variable(_found("job", "Deployment"))
    # `.*` also matches series without a namespace: a deployment outside Kubernetes has none.
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
    # Grafana selects the first option until the reader chooses.
    first = next(iter(options))
    listed = ", ".join(f"{_escaped(text)} : {value}" for value, text in options.items())
    chosen = VariableOption(selected=True, text=options[first], value=first)
    return CustomVariable(name).label(label).values(listed).current(chosen)


def _found(name: str, label: str) -> QueryVariable:
    # Only labels of Pullcord's own series: the same Prometheus may watch other services.
    variable = QueryVariable(name).label(label).query(f"label_values(pullcord_steps_overdue, {name})")
    variable.datasource(DATASOURCE).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.sort(VariableSort.ALPHABETICAL_ASC)


def _escaped(text: str) -> str:
    return text.replace(",", r"\,")
