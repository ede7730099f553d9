from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import inf

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.audit.figures.counting import Dimension
from services.audit.figures.publishing import MonthShown, Shown
from services.audit.figures.quantiles import last_day
from services.audit.figures.tables import FigureCell, cells

# The published tables, each with the value of its `scope` label. Crossed tables would make too many series.
SCOPES = {
    Dimension.TOTAL: "national",
    Dimension.COUNCIL: "council",
    Dimension.PROVIDER: "provider",
    Dimension.KIND: "kind",
}

LABELS = ("figure", "scope", "subject")
DAY = timedelta(days=1).total_seconds()


class OversightGauges(Collector):
    def __init__(self, month: MonthShown | None) -> None:
        self._month = month

    def collect(self) -> Iterator[Metric]:
        # All families are present even without a month, so that a scrape always shows their descriptions.
        counts = GaugeMetricFamily("pullcord_oversight_figure", "The last complete month's figures.", labels=LABELS)
        withheld = GaugeMetricFamily(
            "pullcord_oversight_withheld", "Figures of that month that are withheld, each as 1.", labels=LABELS
        )
        waits = Metric("pullcord_oversight_wait_seconds", "Time that waits took that ended in that month.", "summary")
        begins = GaugeMetricFamily(
            "pullcord_oversight_month_timestamp_seconds", "Time at which the last complete month began.", labels=()
        )
        # No sample before the first complete month: zero would read as 1970.
        if self._month is not None:
            begins.add_metric((), self._month.month.begins.timestamp())
        for figure, cell in self._cells():
            labels = (figure.definition.figure.value, SCOPES[cell.table], cell.key)
            _add(counts, withheld, waits, labels, cell)
        yield from (counts, withheld, waits, begins)

    def _cells(self) -> Iterator[tuple[Shown, FigureCell]]:
        for figure in self._month.figures if self._month else ():
            for cell in cells(figure, self._month.figures if self._month else ()):
                if cell.table in SCOPES:
                    yield figure, cell


def _add(
    counts: GaugeMetricFamily,
    withheld: GaugeMetricFamily,
    waits: Metric,
    labels: tuple[str, str, str],
    cell: FigureCell,
) -> None:
    if cell.count is not None:
        counts.add_metric(labels, cell.count)
    if cell.withheld:
        withheld.add_metric(labels, 1)
    for quantile, band in (("0.5", cell.median_band), ("0.9", cell.p90_band)):
        if band is not None:
            days = last_day(band)
            named = dict(zip(LABELS, labels, strict=True))
            # Prometheus convention: times in seconds, and infinity as the end of the last band.
            waits.add_sample(waits.name, {**named, "quantile": quantile}, inf if days is None else days * DAY)
