from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.alerts.policy.rota.cover import CoverGap, CoverPolicy, FilledBy
from services.alerts.policy.rota.shifts import Shift, next_shifts, on_duty
from services.alerts.policy.rota.spans import TimeSpan, days_of
from services.core.clock import LONDON
from services.runtime.cli.support.output import cell, counted, local_time, out, say, table


def print_duty(policy: CoverPolicy, now: datetime, within: TimeSpan) -> None:
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


def print_gaps(found: Sequence[CoverGap], within: TimeSpan) -> None:
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
