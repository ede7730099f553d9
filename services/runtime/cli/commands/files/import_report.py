from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.text import Text

from services.ingest.answers import ColumnAnswer
from services.ingest.reading.outcomes import Issue, Outcome, RowOutcome
from services.ingest.recording.submission import Receipt
from services.runtime.cli.support.output import cell, counted, out, plain, say, table
from services.runtime.maintenance.exports import written_whole

# The most lines of issues on the screen, besides the lines about rows that are not used. A file of issues holds all
# lines.
SHOWN: Final = 50

_MEANING: Final[dict[str, str]] = {
    Outcome.ACCEPTED: "",
    Outcome.WARNED: "kept and flagged; matched by whatever in it is sound",
    Outcome.UNCHANGED: "the same is on record already",
    Outcome.STALE: "not used: a later version is on record",
    Outcome.REJECTED: "not kept; see below what to mend",
}
# Order in the table, word and colour of rows that a sender must do something about.
_KEPT: Final[dict[Outcome, tuple[int, str, str]]] = {
    Outcome.REJECTED: (0, "not kept", "red"),
    Outcome.STALE: (1, "not used", "red"),
}
_ELSE: Final = (2, "kept", "yellow")
_STYLE: Final[dict[str, str]] = {Outcome.WARNED: "yellow", Outcome.REJECTED: "red"}


def show_heading(name: str, file: Path) -> None:
    out().print(Text.assemble((plain(name), "bold"), ", ", cell(file.name)))


def show_columns(columns: Sequence[ColumnAnswer]) -> None:
    # JSON has no columns.
    if not columns:
        return
    shown = table("Column", "is read as")
    for column in columns:
        shown.add_row(cell(column.heading or "(no heading)"), cell(column.field or "not read", _unless(column.field)))
    out().print(shown)


def show_remarks(remarks: Sequence[str]) -> None:
    for remark in remarks:
        out().print(Text.assemble(("Note: ", "yellow"), cell(remark)))


def show_counts(counts: Mapping[str, int]) -> None:
    shown = table("Outcome", "Rows", "", right=("Rows",))
    for outcome, number in counts.items():
        # The number of accepted rows is shown even if it is 0, because a reader looks for it.
        if number or outcome == Outcome.ACCEPTED:
            shown.add_row(cell(outcome.replace("_", " "), _STYLE.get(outcome, "")), f"{number:,}", _MEANING[outcome])
    out().print(shown)


def show_receipt(receipt: Receipt) -> None:
    say(f"On disk as submission {receipt.submission_id}.")


def show_dry_run(would_withdraw: int | None) -> None:
    if would_withdraw is not None:
        entries = "1 entry" if would_withdraw == 1 else f"{would_withdraw:,} entries"
        say(f"[yellow]{entries}[/] on record would be withdrawn, because the file does not hold them.")
    say("[bold]Nothing was taken in:[/] this was a dry run. It was compared with what is on record now.")


def show_issues(outcomes: Sequence[RowOutcome], whole_list: Path | None) -> None:
    # Rows that were not kept or not used come first.
    found = sorted(_issues(outcomes), key=lambda one: (_KEPT.get(one[0].outcome, _ELSE)[0], one[0].row))
    if not found:
        return
    shown = table("Row", "", "Field", "What is amiss", "What to do", right=("Row",))
    lines = _lines(found)
    for rows, outcome, issue in lines:
        _, kept, style = _KEPT.get(outcome, _ELSE)
        shown.add_row(_spans(rows), cell(kept, style), cell(issue.field), cell(issue.reason), cell(issue.remedy))
    out().print(shown)
    # One line may stand for many rows.
    left = len(found) - sum(len(rows) for rows, _, _ in lines)
    if whole_list is not None:
        out().print(Text.assemble(f"All {counted(len(found), 'issue')} are in ", cell(whole_list), "."))
    elif left:
        say(f"{counted(left, 'more issue')} not shown: [bold]--errors FILE[/] writes all of them.")


def write_issues(path: Path, outcomes: Sequence[RowOutcome]) -> None:
    # It holds row numbers and no contents: what a person wrote is never repeated.
    with written_whole(path) as file:
        writer = csv.writer(file)
        writer.writerow(["row", "outcome", "field", "code", "reason", "remedy"])
        for outcome, issue in _issues(outcomes):
            writer.writerow([outcome.row, outcome.outcome, issue.field, issue.code, issue.reason, issue.remedy])


def show_matched(before: int, after: int, feed_id: str) -> None:
    kind, _, code = feed_id.partition(":")
    council = f" --council {code}" if kind == "council" else ""
    change = after - before
    moved = f", {abs(change):,} {'more' if change > 0 else 'fewer'} than before" if change else ", as many as before"
    say(f"Matched: [bold]{counted(after, 'open case')}[/]{moved}. See them with [bold]pullcord cases{council}[/].")


def _issues(outcomes: Sequence[RowOutcome]) -> Iterator[tuple[RowOutcome, Issue]]:
    return ((outcome, issue) for outcome in outcomes for issue in outcome.issues)


def _lines(found: Sequence[tuple[RowOutcome, Issue]]) -> list[tuple[list[int], Outcome, Issue]]:
    # The lines of the table: the rows, their outcome, and their fault.
    lines: list[tuple[list[int], Outcome, Issue]] = []
    stale: dict[Issue, list[int]] = {}
    others = 0
    for one, issue in found:
        rows = [one.row]
        if one.outcome is not Outcome.STALE:
            others += 1
        # Rows that are not used for the same reason share a line: an old file may hold thousands.
        elif stale.setdefault(issue, rows) is not rows:
            stale[issue].append(one.row)
            continue
        # Every row that is not used is named. Of the other rows, only as many are named as fit on a screen.
        if one.outcome is Outcome.STALE or others <= SHOWN:
            lines.append((rows, one.outcome, issue))
    return lines


def _spans(rows: Sequence[int]) -> str:
    # For example `2-7, 9`.
    spans: list[list[int]] = []
    for row in rows:
        if spans and row <= spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _unless(field: str | None) -> str:
    return "" if field else "dim"
