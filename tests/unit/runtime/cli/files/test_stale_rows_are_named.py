from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import count

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.clock import LONDON
from services.ingest.answers import SHOWN, receipt_answer
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.outcomes import Issue, Outcome, RowOutcome
from services.ingest.recording.submission import Receipt
from tests.support.command_line import RAVEN, Desk
from tests.support.http import Api
from tests.support.ways_in import WAYS, NamedRow, Way, way_of

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
HEADS = {
    "notices": ("Order ref", "CLI", "Migration date", "Issue date"),
    "register": ("Client ref", "Tel No", "Post Code", "Last updated"),
}
VERB = {"notices": "issued", "register": "changed"}


@pytest.fixture
def ways(desk: Desk, api: Api) -> dict[str, Way]:
    desk.clock.set(NOW)
    api.deployment.clock.set(NOW)
    return {name: way_of(name, lambda: desk, lambda: api) for name in WAYS}


def written(kind: str, rows: list[tuple[str, str, str, str]], *, workbook: bool) -> bytes:
    lines = [HEADS[kind], *rows]
    if not workbook:
        return "\r\n".join(map(",".join, lines)).encode()
    book, saved = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.worksheets[0].append(list(line))
    book.save(saved)
    return saved.getvalue()


def stamp(at: datetime, *, day_only: bool) -> tuple[str, str]:
    # A stamp is the text in the file, and the text that Pullcord shows.
    local = at.astimezone(LONDON)
    day = f"{local.day} {local:%B %Y}"
    if day_only:
        return f"{local:%d/%m/%Y}", day
    # Programs write midnight for a day without a time.
    said = f"{day} at {local:%H:%M}" if local.hour or local.minute else day
    return f"{local:%d/%m/%Y %H:%M}", said


MINUTES = st.integers(1, 14 * 1440 - 1)


@st.composite
def two_stamps(draw: st.DrawFn) -> tuple[tuple[str, str], tuple[str, str]]:
    """Draw two stamps, the earlier first."""
    later = NOW - timedelta(minutes=draw(MINUTES))
    earlier = later - timedelta(days=1, minutes=draw(MINUTES))
    days = draw(st.booleans()), draw(st.booleans())
    return stamp(earlier, day_only=days[0]), stamp(later, day_only=days[1])


references = count()


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stamps=two_stamps(),
    kind=st.sampled_from(("notices", "register")),
    name=st.sampled_from(WAYS),
    rows=st.integers(1, 3),
    workbook=st.booleans(),
    on_the_register=st.booleans(),
)
def test_by_every_way_in_each_stale_row_is_named_with_both_stamps(
    ways: dict[str, Way],
    stamps: tuple[tuple[str, str], tuple[str, str]],
    kind: str,
    name: str,
    rows: int,
    workbook: bool,
    on_the_register: bool,
) -> None:
    way, (earlier, later) = ways[name], stamps
    ours = [f"S{next(references)}" for _ in range(rows)]

    def version(what: str, number: int, other: str, said: str) -> bytes:
        lines = [(one, f"01632 96{number + int(one[1:]) % 400:04}", other, said) for one in ours]
        return written(what, lines, workbook=workbook)

    if kind == "notices" and on_the_register:
        way.send("register", version("register", 0, "FY3 8AB", later[0]))
    where = ("11/01/2027", "01/06/2027") if kind == "notices" else ("FY3 8AB", "FY3 8AC")
    way.send(kind, version(kind, 0, where[0], later[0]))
    expected = [
        NamedRow(
            row,
            "stale",
            "stale",
            f"A later version is on record, {VERB[kind]} {later[1]}. This one was {VERB[kind]} {earlier[1]}.",
        )
        for row in range(2, rows + 2)
    ]
    old = version(kind, 400, where[1], earlier[0])
    if name != "post":
        assert _stale(way.send(kind, old, dry=True)) == expected
    assert _stale(way.send(kind, old)) == expected


def test_an_answer_names_every_stale_row_beside_the_first_of_the_others() -> None:
    receipt = Receipt("sub_1", "provider:RAVN", RecordKind.NOTICE, NOW, {})
    amiss = (Issue("field", "code", "Reason.", "Remedy."),)
    outcomes = [RowOutcome(row, Outcome.STALE if row % 2 else Outcome.WARNED, amiss) for row in range(1, 6 * SHOWN + 1)]
    shown = [row.outcome for row in receipt_answer(receipt, outcomes).rows_with_issues]
    assert (shown.count(Outcome.STALE), shown.count(Outcome.WARNED)) == (3 * SHOWN, SHOWN // 2)


def test_rows_not_used_for_the_same_reason_share_a_line_on_the_screen(desk: Desk) -> None:
    desk.clock.set(NOW)

    def sheet(issued: str, planned: str) -> str:
        rows = [(f"n{one}", "01632 960123", planned, issued) for one in range(120)]
        return desk.file("n.csv", written("notices", rows, workbook=False))

    desk.done("import", "notices", sheet("20/11/2026", "11/01/2027"), "--provider", RAVEN, "--no-match")
    shown = desk.done("import", "notices", sheet("19/11/2026", "01/06/2027"), "--provider", RAVEN, "--dry-run")
    assert "2-121 not used issued_at A later version is on record, issued 20 November 2026." in shown.words
    assert "not shown" not in shown.words


def _stale(named: list[NamedRow]) -> list[NamedRow]:
    return [one for one in named if one.code == "stale"]
