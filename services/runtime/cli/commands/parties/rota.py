from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from services.alerts.policy.rota.calendar_export import as_calendar
from services.alerts.policy.rota.calendar_import import read_overrides
from services.alerts.policy.rota.cover import CoverPolicy, gaps
from services.alerts.policy.rota.cover_file import read_cover
from services.alerts.policy.rota.rota_settings import MOST_OVERRIDES, Rota
from services.alerts.policy.rota.shifts import Shift, shifts
from services.alerts.policy.rota.spans import TimeSpan
from services.core.days.council_days import CouncilDays
from services.core.days.working_days import Nation
from services.core.errors import RefusedError
from services.runtime.cli.commands.parties.council_policy import (
    By,
    ConfirmLater,
    CouncilCode,
    find_council_of,
    name_of,
    saved,
    show_warnings,
)
from services.runtime.cli.commands.parties.rota_page import print_duty, print_gaps
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened, time_of_machine
from services.runtime.cli.support.output import counted, escaped, local_time, note, say
from services.runtime.maintenance.exports import written_whole

app = group("Who is on duty by the rota of a council's policy, and shifts that are taken over.")

Ahead = Annotated[int, typer.Option(min=1, max=366, help="Look so many days ahead.")]

NO_ROTA = (
    "the policy of this council has no rota: add a member `rota` to the file of `pullcord policy show --json`, and "
    "give the file to `pullcord policy set`; docs/operations.md shows one"
)


class _Looked(NamedTuple):
    cover: CoverPolicy
    days: CouncilDays
    now: datetime


@app.callback()
def rota() -> None:
    """The commands for the rota of a council's policy."""


@app.command(
    epilog=examples(
        "pullcord rota show E06000009",
        "pullcord rota show E06000009 --ical rota.ics",
        "pullcord rota show blackpool.json --overrides christmas.ics --days 30",
    )
)
def show(
    policy: Annotated[
        str,
        typer.Argument(
            help="The council's GSS code, or a file with a policy as JSON that is not stored yet.", metavar="COUNCIL"
        ),
    ],
    days: Ahead = 90,
    nation: Annotated[
        Nation | None, typer.Option(help="The nation whose bank holidays count; that of the policy if absent.")
    ] = None,
    overrides: Annotated[
        Path | None, typer.Option(help="A calendar (.ics) of overrides to add before looking.", metavar="FILE")
    ] = None,
    ical: Annotated[
        Path | None, typer.Option(help="Also write the shifts of these days as a calendar (.ics).", metavar="FILE")
    ] = None,
) -> None:
    """Show who is on duty now and next, and the hours without anybody on duty.

    The output also shows who gets messages in these hours. Nothing is stored. The exit code is 0 even if the rota has
    gaps.
    """
    looked = _of_file(Path(policy), nation) if _is_file(policy) else _of_council(policy, nation)
    now, within = looked.now, TimeSpan(looked.now, looked.now + timedelta(days=days))
    cover = looked.cover
    if overrides is not None:
        more = _with_overrides(cover.rota, cover.labels(), overrides.read_bytes(), within)
        cover = cover.model_copy(update={"rota": more})
    print_duty(cover, now, within)
    say(f"The next working day of the council starts on {local_time(looked.days.next_start(now))}.", "")
    print_gaps(gaps(cover, looked.days, within), within)
    if ical is not None:
        _write(ical, shifts(cover.rota, within), now)


@app.command(
    "import",
    epilog=examples(
        "pullcord rota import E06000009 christmas.ics",
        note="An event is a shift that somebody takes over: its summary is the person of a contact, and a category is "
        "the label of a layer. `pullcord rota show COUNCIL --overrides FILE` shows what would come of it.",
    ),
)
def import_(
    council: CouncilCode,
    file: Annotated[Path, typer.Argument(help="A calendar (.ics) of overrides.", metavar="FILE")],
    days: Ahead = 90,
    confirm_later: ConfirmLater = None,
    by: By = None,
) -> None:
    """Add the shifts of a calendar to the rota of a council's policy, as overrides.

    A shift that the rota already has is not added again.
    """
    with opened() as store:
        found = find_council_of(store, council)
        cover, now = found.policy.cover, store.now()
        if cover is None:
            raise RefusedError(NO_ROTA)
        more = _with_overrides(cover.rota, cover.labels(), file.read_bytes(), TimeSpan(now, now + timedelta(days=days)))
        # A calendar that adds nothing makes no new version.
        if more == cover.rota:
            return
        made = found.policy.model_copy(update={"rota": more})
        done = saved(store, found, made, by, confirm_later)
        show_warnings(store, found, made)
    say(f"{name_of(found)} now has version {done.version} of its policy. {done.touched}")


def _is_file(named: str) -> bool:
    # A code has neither a dot nor a slash.
    return "." in named or "/" in named or Path(named).is_file()


def _of_file(file: Path, nation: Nation | None) -> _Looked:
    cover = read_cover(file.read_bytes())
    return _Looked(cover, cover.days(nation or Nation.ENGLAND), time_of_machine())


def _of_council(council: str, nation: Nation | None) -> _Looked:
    with opened() as store:
        policy, now = find_council_of(store, council).policy, store.now()
    if policy.cover is None:
        raise RefusedError(NO_ROTA)
    return _Looked(policy.cover, policy.days if nation is None else policy.cover.days(nation), now)


def _with_overrides(before: Rota, labels: frozenset[str], data: bytes, within: TimeSpan) -> Rota:
    read = [one for one in read_overrides(data, before, labels, within) if one not in before.overrides]
    note(f"{counted(len(read), 'override')} of the calendar added.")
    # Those of the calendar come last, so they count where both name the same time.
    every = (*before.overrides, *read)
    if len(every) > MOST_OVERRIDES:
        raise RefusedError(f"the policy and the calendar have more than {MOST_OVERRIDES} overrides: delete past ones")
    return before.model_copy(update={"overrides": every})


def _write(path: Path, found: Sequence[Shift], now: datetime) -> None:
    with written_whole(path) as file:
        file.write(as_calendar(found, now).decode())
    say(f"{counted(len(found), 'shift')} written to {escaped(path)}.")
