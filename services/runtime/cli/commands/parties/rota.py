"""`pullcord rota`: shows who is on duty by the rota of a policy, and the hours in which nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from services.alerts.policy.rota.calendar_export import as_calendar
from services.alerts.policy.rota.calendar_import import read_overrides
from services.alerts.policy.rota.cover import CoverGap, CoverPolicy, FilledBy, gaps
from services.alerts.policy.rota.cover_file import read_cover
from services.alerts.policy.rota.rota_settings import MOST_OVERRIDES
from services.alerts.policy.rota.shifts import Shift, next_shifts, on_duty, shifts
from services.alerts.policy.rota.spans import TimeSpan, days_of
from services.core.clock import LONDON
from services.core.days.working_days import Nation
from services.core.errors import RefusedError
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import time_of_machine
from services.runtime.cli.support.output import cell, counted, escaped, local_time, note, out, say, table
from services.runtime.maintenance.exports import written_whole

app = group("Who is on duty by the rota in a policy. It is checked before use: alerts do not follow a rota yet.")


@app.callback()
def rota() -> None:
    """Who is on duty by the rota in a policy. It is checked before use: alerts do not follow a rota yet."""


@app.command(
    epilog=examples(
        "pullcord rota show blackpool.json",
        "pullcord rota show blackpool.json --ical rota.ics",
        "pullcord rota show blackpool.json --overrides christmas.ics --days 30",
    )
)
def show(
    file: Annotated[Path, typer.Argument(help="A policy as JSON with a member `rota`.", metavar="FILE")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Look so many days ahead.")] = 90,
    nation: Annotated[Nation, typer.Option(help="The nation whose bank holidays count.")] = Nation.ENGLAND,
    overrides: Annotated[
        Path | None, typer.Option(help="A calendar (.ics) of overrides to add before looking.", metavar="FILE")
    ] = None,
    ical: Annotated[
        Path | None, typer.Option(help="Also write the shifts of these days as a calendar (.ics).", metavar="FILE")
    ] = None,
) -> None:
    """Show who is on duty now and next, and the hours in which nobody is on duty.

    For these hours, also show who gets messages then. Nothing is stored. A gap in cover is a warning; the exit code
    stays 0.
    """
    now = time_of_machine()
    within = TimeSpan(now, now + timedelta(days=days))
    policy = read_cover(file.read_bytes())
    if overrides is not None:
        policy = _with_overrides(policy, overrides.read_bytes(), within)
    _print_duty(policy, now, within)
    calendar = policy.days(nation)
    say(f"The next working day of the council starts on {local_time(calendar.next_start(now))}.", "")
    _print_gaps(gaps(policy, calendar, within), within)
    if ical is not None:
        _write(ical, shifts(policy.rota, within), now)


def _with_overrides(policy: CoverPolicy, data: bytes, within: TimeSpan) -> CoverPolicy:
    read = read_overrides(data, policy.rota, policy.labels(), within)
    note(f"{counted(len(read), 'override')} of the calendar added.")
    # Those of the calendar come last, so they count where both name the same time.
    every = (*policy.rota.overrides, *read)
    if len(every) > MOST_OVERRIDES:
        raise RefusedError(f"the policy and the calendar have more than {MOST_OVERRIDES} overrides: delete past ones")
    return policy.model_copy(update={"rota": policy.rota.model_copy(update={"overrides": every})})


def _print_duty(policy: CoverPolicy, now: datetime, within: TimeSpan) -> None:
    out().print(cell(f"On duty at {local_time(now)}", "bold"))
    present = on_duty(policy.rota, now)
    if present:
        _print_shifts(present)
    else:
        say("[yellow]Nobody is on duty now.[/]", "")
    following = next_shifts(policy.rota, now, within.end)
    if following:
        out().print(cell("Next", "bold"))
        _print_shifts(following)


def _print_shifts(found: Sequence[Shift]) -> None:
    shown = table("Layer", "Tier", "Contact", "From", "Until")
    for one in found:
        person = f"{one.person} (override)" if one.by_override else one.person
        times = (local_time(one.span.start), local_time(one.span.end))
        shown.add_row(cell(one.layer), cell(one.tier), cell(person), *map(cell, times))
    out().print(shown)


def _print_gaps(found: Sequence[CoverGap], within: TimeSpan) -> None:
    if not found:
        say(f"[green]No gap in cover until {local_time(within.end)}.[/]")
        return
    touched = counted(len(days_of([gap.span for gap in found])), "day")
    out().print(
        cell(f"{counted(len(found), 'gap')} in cover on {touched} until {local_time(within.end)}", "bold yellow")
    )
    shown = table("From", "Until", "Tier", "Messages go to")
    for gap in found:
        times = (f"{gap.span.start.astimezone(LONDON):%a} {local_time(gap.span.start)}", local_time(gap.span.end))
        shown.add_row(*map(cell, times), cell(gap.tier), cell(_filler(gap)))
    out().print(shown)


def _filler(gap: CoverGap) -> str:
    if gap.filled_by == FilledBy.OPERATOR:
        return "the operator of Pullcord"
    kind = "other contacts of the tier" if gap.filled_by == FilledBy.OTHER_CONTACTS else "out-of-hours contact"
    return f"{', '.join(gap.recipients)} ({kind})"


def _write(path: Path, found: Sequence[Shift], now: datetime) -> None:
    with written_whole(path) as file:
        file.write(as_calendar(found, now).decode())
    say(f"{counted(len(found), 'shift')} written to {escaped(path)}.")
