from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from grafana_foundation_sdk.builders import bargauge, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, DataTransformerConfig, Threshold, ThresholdsMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = DataSourceRef("prometheus", "${datasource}")
COUNT, SECONDS, BYTES, SHARE = units.Short, units.Seconds, units.BytesIEC, units.PercentUnit
PER_SECOND, REQUESTS_PER_SECOND = units.CountsPerSecond, units.RequestsPerSecond
GREEN, AMBER, RED, NEUTRAL = "green", "orange", "red", "blue"

# Thresholds with their colours. A colour applies from its threshold on. Without steps no value is good or bad.
Steps = Sequence[tuple[float, str]]

AnyPanel = stat.Panel | timeseries.Panel | bargauge.Panel | table.Panel


class Look(Enum):
    # The latest figure, in large print.
    STAT = auto()
    # Figures over time.
    LINES = auto()
    # The latest figure of each query, side by side.
    BARS = auto()
    # The latest figures, with all labels.
    TABLE = auto()


@dataclass(frozen=True)
class PanelSpec:
    title: str
    description: str
    # A query for each legend.
    queries: Mapping[str, str]
    unit: str = COUNT
    look: Look = Look.LINES
    steps: Steps = ()
    # The width in columns. A dashboard has 24 columns.
    width: int = 8
    # This text is shown if there is no data.
    nothing: str = "no figure"
    # The colour of values below the first step.
    below: str = GREEN


def drawn(shown: PanelSpec, number: int) -> AnyPanel:
    panel = _LOOKS[shown.look]()
    panel.id(number).title(shown.title).description(shown.description).datasource(DATASOURCE)
    panel.unit(shown.unit).no_value(shown.nothing).span(shown.width).thresholds(_thresholds(shown))
    # Grafana identifies a panel's queries by one letter each.
    for letter, (legend, expression) in zip("ABCDEFGH", shown.queries.items(), strict=False):
        panel.with_target(_query(letter, legend, expression, shown.look))
    return panel


def _query(letter: str, legend: str, expression: str, look: Look) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(letter).expr(expression).legend_format(legend).datasource(DATASOURCE)
    if look is Look.LINES:
        return query.range()
    return query.instant().format(PromQueryFormat.TABLE if look is Look.TABLE else PromQueryFormat.TIME_SERIES)


def _thresholds(shown: PanelSpec) -> ThresholdsConfig:
    lowest = Threshold(None, shown.below if shown.steps else NEUTRAL)
    levels = [lowest, *(Threshold(value, colour) for value, colour in shown.steps)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(levels)


def _latest() -> ReduceDataOptions:
    return ReduceDataOptions().calcs(["lastNotNull"]).values(values=False)


def _stat() -> AnyPanel:
    panel = stat.Panel().height(4).reduce_options(_latest())
    return panel.color_mode(BigValueColorMode.BACKGROUND).graph_mode(BigValueGraphMode.NONE)


def _lines() -> AnyPanel:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    return timeseries.Panel().height(8).min(0).fill_opacity(10).legend(legend.show_legend(show_legend=True))


def _bars() -> AnyPanel:
    panel = bargauge.Panel().height(8).min(0).reduce_options(_latest())
    return panel.orientation(VizOrientation.HORIZONTAL).display_mode(BarGaugeDisplayMode.BASIC)


def _table() -> AnyPanel:
    # Columns that every series has, but no reader needs.
    hidden = dict.fromkeys(("Time", "Value", "__name__", "alertstate", "job", "instance"), True)
    tidied = DataTransformerConfig("organize", options={"excludeByName": hidden})
    return table.Panel().height(8).show_header(show_header=True).with_transformation(tidied)


_LOOKS: Mapping[Look, Callable[[], AnyPanel]] = {
    Look.STAT: _stat,
    Look.LINES: _lines,
    Look.BARS: _bars,
    Look.TABLE: _table,
}
