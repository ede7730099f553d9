from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.audit.figures.counting import Dimension
from services.audit.figures.figures import DEFINITIONS, SMALLEST_WAITS, Kind
from services.audit.figures.publishing import MonthShown
from services.audit.figures.suppression import SMALL
from services.audit.report import wording
from services.audit.report.plots import AXIS
from services.audit.report.report_view import HEADLINES, MOST_BARS, MOST_MONTHS, WAITS, ReportView
from services.core.clock import LONDON

KINDS = {
    Kind.FLOW: "What happened in the month.",
    Kind.STOCK: "How things stood at the end of the month.",
    Kind.WAIT: "How long it took, of what came to its end in the month.",
}


def render_report(months: Sequence[MonthShown], names: Mapping[str, str], made_at: datetime) -> str:
    return _ENVIRONMENT.get_template("report.html.j2").render(view=ReportView(months, names, made_at))


def _moment(at: datetime) -> str:
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y}, {local:%H:%M}"


_ENVIRONMENT = Environment(
    loader=PackageLoader("services.audit.report"),
    # Names of councils and providers come from outside, so they must be escaped.
    autoescape=select_autoescape(("html.j2",)),
    # A misspelt name in a template fails in tests and never prints an empty cell.
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {"moment": _moment}
_ENVIRONMENT.globals |= {
    "wording": wording,
    "definitions": DEFINITIONS,
    "titles": {one.figure: one.title for one in DEFINITIONS},
    "headlines": HEADLINES,
    "waits": WAITS,
    "kinds": KINDS,
    "small": SMALL,
    "smallest_waits": SMALLEST_WAITS,
    "most_bars": MOST_BARS,
    "most_months": MOST_MONTHS,
    "axis": AXIS,
    "COUNCIL": Dimension.COUNCIL,
    "PROVIDER": Dimension.PROVIDER,
}
