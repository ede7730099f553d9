"""Tells the story of the demonstration, step by step, on a terminal."""

from __future__ import annotations

import json
from collections import Counter
from threading import Event
from time import perf_counter
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from sqlalchemy import func, select

from services.alerts.wording import short_day
from services.core.clock import LONDON
from services.runtime.demo.mailbox import text_of
from services.runtime.demo.stage import Stage
from services.runtime.samples import SAMPLES
from services.storage.tables import cases, matches, outbox

DAYS_UNANSWERED = 7
SECONDS_A_DAY = 1.5
HURRIED = 86_400 / SECONDS_A_DAY
LONGEST_WAIT = 30.0
SHOWN_ISSUES = 6

SURE = {
    "confirmed": "the same telephone number",
    "probable": "the same UPRN, or the same postcode and address: an officer confirms or rejects",
    "possible": "an area notice that covers the address, or a near address: likewise, less urgent",
}


def tell(stage: Stage, console: Console) -> None:
    """The whole story, from the first file to the acknowledgement."""
    _begin(stage, console)
    _files_come_in(stage, console)
    _lines_are_matched(stage, console)
    _councils_are_told(stage, console)
    _nobody_answers(stage, console)
    _an_officer_answers(stage, console)


def _begin(stage: Stage, console: Console) -> None:
    console.print(
        Panel(
            "Two councils share their telecare registers, three providers post which lines they will migrate.\n"
            "All is invented; the service, its database, its HTTP door and the mail server are real.\n"
            f"The clock is simulated: it starts at {_clock(stage)} and will be hurried once.",
            title="Pullcord: the demonstration",
            title_align="left",
        )
    )


def _files_come_in(stage: Stage, console: Console) -> None:
    console.rule("1. Files come in", align="left")
    table = Table("File", "From", "Rows taken in", "With a warning", "Refused", "Seconds", box=None, pad_edge=False)
    issues: list[tuple[str, dict[str, Any]]] = []
    for sample in SAMPLES:
        started = perf_counter()
        answer = json.loads(stage.upload(sample)[1])
        counts, elapsed = answer["counts"], perf_counter() - started
        taken = counts["accepted"] + counts["accepted_with_warnings"]
        table.add_row(
            sample.file_name,
            sample.sender,
            f"{taken:,}",
            str(counts["accepted_with_warnings"]),
            str(counts["rejected"]),
            f"{elapsed:.1f}",
        )
        issues += [(sample.file_name, row) for row in answer["rows_with_issues"]]
    console.print(table)
    _show_issues(issues, console)


def _show_issues(issues: list[tuple[str, dict[str, Any]]], console: Console) -> None:
    rejected = [issue for issue in issues if issue[1]["outcome"] == "rejected"][: SHOWN_ISSUES // 2]
    warned = [issue for issue in issues if issue[1]["outcome"] != "rejected"][: SHOWN_ISSUES // 2]
    console.print("\nEvery row that was amiss is answered by its number, never with its content. Some of them:")
    for file_name, row in (*warned, *rejected):
        kept = "refused" if row["outcome"] == "rejected" else "kept"
        for issue in row["issues"][:1]:
            where = f"{file_name}, row {row['row']}, {issue['field']} ({kept})"
            console.print(f"  {where}: {issue['reason']} {issue['remedy']}")


def _lines_are_matched(stage: Stage, console: Console) -> None:
    console.rule("2. Lines are matched", align="left")
    _wait_until_told(stage)
    with stage.store.reading() as connection:
        query = select(matches.c.level, func.count()).where(matches.c.live).group_by(matches.c.level)
        levels: dict[str, int] = {row.level: row[1] for row in connection.execute(query)}
        open_cases = connection.scalar(select(func.count()).select_from(cases))
    table = Table("Level", "Matches", "Because", box=None, pad_edge=False)
    for level, because in SURE.items():
        table.add_row(level, str(levels.get(level, 0)), because)
    console.print(table)
    console.print(f"\nThey make {open_cases} cases: one for each home whose line is at risk.")


def _councils_are_told(stage: Stage, console: Console) -> None:
    console.rule("3. The councils are told", align="left")
    stage.mailbox.wait_for(1, LONGEST_WAIT)
    _wait_for_quiet(stage)
    _mail_table(stage, console, 0)
    first = next(mail for mail in stage.mailbox.mails if "duty" in str(mail["To"]))
    title = f"One of them, as it arrived: {first['Subject']}"
    console.print(Panel(Text(text_of(first, "plain").rstrip()), title=Text(title), title_align="left"))


def _nobody_answers(stage: Stage, console: Console) -> None:
    console.rule("4. Nobody answers", align="left")
    before = len(stage.mailbox.mails)
    console.print(
        f"The clock now runs at a day every {SECONDS_A_DAY} seconds for {DAYS_UNANSWERED} days. Nobody acknowledges "
        "anything: messages are repeated, more often as a day comes nearer, and more people are told.\n"
    )
    stage.clock.run_at(HURRIED)
    Event().wait(DAYS_UNANSWERED * SECONDS_A_DAY)
    stage.clock.run_at(1.0)
    _wait_for_quiet(stage)
    told = Counter(str(mail["To"]).strip() for mail in stage.mailbox.mails[before:])
    table = Table("Told", "Messages in a week", box=None, pad_edge=False)
    for address, count in sorted(told.items()):
        table.add_row(address, str(count))
    console.print(table)
    console.print(f"\nIt is now {_clock(stage)} on the simulated clock.")


def _an_officer_answers(stage: Stage, console: Console) -> None:
    console.rule("5. An officer answers", align="left")
    mail = next(mail for mail in reversed(stage.mailbox.mails) if str(mail["To"]).strip().startswith("duty@"))
    link = next(word for word in text_of(mail, "plain").split() if word.startswith(stage.base_url))
    before = _paused(stage)
    page = _open(link)
    console.print(f"Opening the link of “{mail['Subject']}”")
    console.print(f"shows a page and changes nothing: {_paused(stage) - before} cases acknowledged.")
    references = [part.split('"')[0] for part in page.split('value="')[1:] if part.startswith("C-")]
    _open(link, urlencode([("name", "Asha Patel"), *(("case", reference) for reference in references)]).encode())
    now = _paused(stage) - before
    console.print(
        f"Giving a name and pressing the button acknowledges: {now} cases, by Asha Patel. Their messages pause; the "
        "clock of each goes on until somebody confirms that the alarm works, the provider confirms a hold, or the "
        "notice is withdrawn.\n"
    )


def show_where_to_look(stage: Stage, console: Console) -> None:
    """What can be done while it serves on."""
    mail = stage.mailbox.mails[-1]
    link = next(word for word in text_of(mail, "plain").split() if word.startswith(stage.base_url))
    where = Table(box=None, show_header=False, pad_edge=False)
    where.add_row("The mailbox", f"{stage.base_url}/mailbox")
    where.add_row("Acknowledge an alert", link)
    where.add_row("The API, described", f"{stage.base_url}/docs")
    where.add_row("Metrics", f"{stage.base_url}/metrics")
    where.add_row("The command line", f"export PULLCORD_DATA_DIR={stage.data_dir}")
    where.add_row("", ".venv/bin/pullcord cases --limit 10      (then: case show, confirm, match reject, status)")
    console.rule("It serves on: look around", align="left")
    console.print(where, soft_wrap=True)
    console.print("\nStop it with Ctrl-C.")


def _mail_table(stage: Stage, console: Console, start: int) -> None:
    table = Table("To", "Subject", box=None, pad_edge=False)
    for mail in sorted(stage.mailbox.mails[start:], key=lambda mail: str(mail["To"])):
        table.add_row(str(mail["To"]).strip(), Text(str(mail["Subject"])))
    console.print(table)


def _wait_until_told(stage: Stage) -> None:
    deadline = perf_counter() + LONGEST_WAIT
    while perf_counter() < deadline:
        with stage.store.reading() as connection:
            if not connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))):
                return
        Event().wait(0.1)


def _wait_for_quiet(stage: Stage) -> None:
    """Until no mail has arrived for a moment."""
    count = -1
    while count != len(stage.mailbox.mails):
        count = len(stage.mailbox.mails)
        stage.mailbox.wait_for(count + 1, 1.5)


def _paused(stage: Stage) -> int:
    with stage.store.reading() as connection:
        paused = cases.c.paused_until > stage.store.now()
        return connection.scalar(select(func.count()).select_from(cases).where(paused)) or 0


def _open(link: str, form: bytes | None = None) -> str:
    with urlopen(Request(link, data=form), timeout=30) as answer:  # noqa: S310 - our own loopback address
        page: str = answer.read().decode()
        return page


def _clock(stage: Stage) -> str:
    now = stage.clock.now().astimezone(LONDON)
    return f"{short_day(now.date())} {now:%H:%M}"
