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

from scripts.grafana.panels import DATASOURCE, PanelSpec, drawn

# The labels of the chosen deployment, as a selector of series.
HERE = 'job="$job", namespace=~"$namespace"'

# 0 for a series that is missing because nothing is in that state. There is no value if no process answers.
NONE = f"max(pullcord_steps_overdue{{{HERE}}}) * 0"

# The panels of each row, by the heading of the row.
Rows = Mapping[str, Sequence[PanelSpec]]


def board(uid: str, title: str, description: str, rows: Rows) -> Dashboard:
    # Never change a `uid`: it is part of the dashboard's address.
    made = Dashboard(title).uid(uid).description(description).tags(["pullcord"]).timezone("Europe/London")
    made.readonly().tooltip(DashboardCursorSync.CROSSHAIR)
    made.with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    made.with_variable(_found("job", "Deployment"))
    # `.*` also matches series without a namespace. A deployment outside Kubernetes has no namespace.
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
    # Grafana selects the first option until the reader chooses another.
    first = next(iter(options))
    listed = ", ".join(f"{_escaped(text)} : {value}" for value, text in options.items())
    chosen = VariableOption(selected=True, text=options[first], value=first)
    return CustomVariable(name).label(label).values(listed).current(chosen)


def _found(name: str, label: str) -> QueryVariable:
    # Only labels of Pullcord's own series, because the same Prometheus may watch other services.
    variable = QueryVariable(name).label(label).query(f"label_values(pullcord_steps_overdue, {name})")
    variable.datasource(DATASOURCE).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.sort(VariableSort.ALPHABETICAL_ASC)


def _escaped(text: str) -> str:
    return text.replace(",", r"\,")
