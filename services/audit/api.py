from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from services.audit.figures.figures import DEFINITIONS, SMALLEST_WAITS, Definition
from services.audit.figures.months import Month, read_month
from services.audit.figures.publishing import MonthShown, Shown
from services.audit.figures.suppression import SMALL
from services.audit.figures.tables import FigureCell, as_csv, cells
from services.audit.metrics import OversightGauges
from services.audit.reading import complete_months, names, read_months
from services.web.auth import Regulator, StoreOf
from services.web.paging import Cursor, link_next
from services.web.problems import ProblemError, ProblemType, answers

router = APIRouter(tags=["regulator"])

CSV = "text/csv"
# Months in one answer, unless the request names another number [P].
USUAL_MONTHS = 12
MOST_MONTHS = 120

MonthText = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-11"])]


class ReportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"


class Count(BaseModel):
    """A count. `count` is null if the number is withheld or not known. If the number is zero, `count` is 0."""

    count: int | None
    withheld: bool
    # For waits: half of them took no longer than this. Null also if that was over 56 days.
    median_days: int | None = None
    # For waits: 90 % of them took no longer than this. Null also if that was over 56 days.
    p90_days: int | None = None
    # The count of which this one is a part, if the figure has an `out_of`. Null if that count is withheld.
    out_of: int | None = None
    # For waits: the bands of days in which half and 90 % of them had ended.
    median_band: str | None = None
    p90_band: str | None = None


class Named(Count):
    """One row of a figure's table.

    `key` is a council code, a provider code or a kind. If a figure is counted by two of these, `key` joins both, such
    as `E06000009/stale`.
    """

    key: str


class FigureOfMonth(BaseModel):
    """One figure of one month. A council or provider that is missing from a table has the count zero."""

    figure: str
    # False for a stock that was not counted at the end of the month. Such a stock is not known.
    counted: bool
    total: Count
    # The names of the tables are `council`, `provider`, `kind`, `council_kind` and `provider_kind`.
    tables: dict[str, list[Named]]


class MonthOfFigures(BaseModel):
    month: str
    figures: list[FigureOfMonth]


class FigureDefinition(BaseModel):
    """The definition of a figure.

    `rule` names the source of the figure, such as a commitment of the PSTN charter.
    """

    figure: str
    title: str
    # flow: events in the month. stock: state at its end. wait: time taken.
    kind: str
    counts: str
    rule: str
    # The property that the kinds distinguish.
    kinds_are: str | None
    # Empty if the kinds are not known beforehand.
    kinds: list[str]
    # The figure of which this one counts a part.
    part_of: str | None
    # The figure whose counts stand beside those of this one as denominators.
    out_of: str | None


class Oversight(BaseModel):
    """The figures of some months, and the definitions of the figures."""

    withheld_below: int = Field(
        description="Counts from 1 to below this are withheld, and so are other counts that would reveal them."
    )
    waits_from: int = Field(description="The smallest number of waits for which a median is shown.")
    # Names of councils and providers, by their codes.
    names: dict[str, str]
    definitions: list[FigureDefinition]
    months: list[MonthOfFigures]


@router.get(
    "/v1/oversight/figures",
    summary="Figures by month",
    response_model=Oversight,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, **answers(401, 403, 404, 422)},
)
def figures(
    request: Request,
    response: Response,
    store: StoreOf,
    _caller: Regulator,
    first: Annotated[MonthText | None, Query(alias="from")] = None,
    last: Annotated[MonthText | None, Query(alias="to")] = None,
    form: Annotated[ReportFormat | None, Query(alias="format")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_MONTHS)] = USUAL_MONTHS,
    cursor: Cursor = None,
) -> Response | Oversight:
    """Return the figures of the complete months from `from` to `to`.

    Without `to`, the period ends with the last complete month. Without `from`, the period has at most `limit` months.

    The header `Link` with `rel="next"` leads to the next page. The last page has no such link.

    `format` sets the format of the answer. Without `format`, the answer is JSON, unless the `Accept` header asks for
    CSV.
    """
    with store.reading() as connection:
        page, following = _page(_chosen(complete_months(connection), first, last, limit), cursor, limit)
        months = read_months(connection, page)
        if _wants_csv(request, form):
            response = PlainTextResponse(as_csv(months), media_type=CSV)
            link_next(request, response, following)
            return response
        link_next(request, response, following)
        return _oversight(connection, months)


@router.get(
    "/metrics/oversight",
    summary="The last complete month, as metrics",
    response_class=PlainTextResponse,
    responses=answers(401, 403),
)
def metrics(store: StoreOf, _caller: Regulator) -> Response:
    """Return the figures of the last complete month, in the Prometheus text format."""
    with store.reading() as connection:
        # Empty if no month is complete yet.
        found = read_months(connection, complete_months(connection)[-1:])
    # A separate registry: a regulator must not see the metrics of the service itself.
    registry = CollectorRegistry()
    registry.register(OversightGauges(found[0] if found else None))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _chosen(complete: Sequence[Month], first: str | None, last: str | None, limit: int) -> Sequence[Month]:
    begins = read_month(first) if first else None
    ends = read_month(last) if last else None
    found = [one for one in complete if (begins is None or one >= begins) and (ends is None or one <= ends)]
    if not found:
        there = f"complete are {complete[0]} to {complete[-1]}" if complete else "none is complete yet"
        raise ProblemError(404, ProblemType.NOT_FOUND, f"there are no figures of these months: {there}")
    # Without a first month the newest months are meant.
    return found if begins else found[-limit:]


def _page(chosen: Sequence[Month], cursor: str | None, limit: int) -> tuple[Sequence[Month], str | None]:
    # A cursor is the first month of a page.
    begins = 0
    if cursor is not None:
        begins = next((place for place, one in enumerate(chosen) if str(one) == cursor), -1)
        if begins < 0:
            raise ProblemError(422, ProblemType.INVALID_REQUEST, "no page has this cursor: begin again without one")
    page = chosen[begins : begins + limit]
    return page, str(chosen[begins + limit]) if len(chosen) > begins + limit else None


def _wants_csv(request: Request, form: ReportFormat | None) -> bool:
    # The parameter wins over the header, which browsers set themselves.
    return form is ReportFormat.CSV if form else CSV in request.headers.get("accept", "")


def _oversight(connection: Connection, months: Iterable[MonthShown]) -> Oversight:
    return Oversight(
        withheld_below=SMALL,
        waits_from=SMALLEST_WAITS,
        names=dict(names(connection)),
        definitions=[_definition(one) for one in DEFINITIONS],
        months=[
            MonthOfFigures(month=str(one.month), figures=[_figure(figure, one.figures) for figure in one.figures])
            for one in months
        ],
    )


def _definition(one: Definition) -> FigureDefinition:
    return FigureDefinition(
        figure=one.figure,
        title=one.title,
        kind=one.kind,
        counts=one.counts,
        rule=one.rule,
        kinds_are=one.kinds_are or None,
        kinds=list(one.kinds),
        part_of=one.part_of,
        out_of=one.out_of,
    )


def _figure(figure: Shown, figures: Sequence[Shown]) -> FigureOfMonth:
    total, *others = cells(figure, figures)
    tables: dict[str, list[Named]] = {table.value: [] for table in figure.tables}
    for cell in others:
        tables[cell.table].append(Named(key=cell.key, **_count(cell)))
    return FigureOfMonth(
        figure=figure.definition.figure, counted=figure.counted, total=Count(**_count(total)), tables=tables
    )


def _count(cell: FigureCell) -> Mapping[str, Any]:
    return {
        "count": cell.count,
        "withheld": cell.withheld,
        "median_days": cell.median_days,
        "p90_days": cell.p90_days,
        "out_of": cell.out_of,
        "median_band": cell.median_band,
        "p90_band": cell.p90_band,
    }
