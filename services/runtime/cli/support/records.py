"""Reads what people type to record an act on a case: names, dates, times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, get_args

from rich.markup import escape

from schemas.codes import CaseEvent
from services.alerts.case.acts import PEOPLES_ACTS, read_record
from services.alerts.message.wording import case_state
from services.alerts.review.case import Case
from services.alerts.review.recording import RecordFaultyError
from services.alerts.states.machine import ENDED
from services.alerts.states.records import RECORD_FOR, HumanAct
from services.core.clock import LONDON
from services.core.errors import RefusedError
from services.ingest.files.dates import read_date, read_moment
from services.runtime.cli.support.output import local_time, say
from services.storage.store import Store

# Fields that hold a time, which may be typed as `now`, and fields that hold a day.
MOMENTS: Final = frozenset({"at", "told_provider_at"})
DAYS: Final = frozenset({"visit_on", "retest_on", "review_on", "ends_on"})


def act_of(typed: str) -> CaseEvent:
    """Return the act that a person typed. Raises RefusedError, with a list of all acts, if there is no such act."""
    for event in PEOPLES_ACTS:
        # Both `fit-solution` and `fit_solution`.
        if event.value == typed.strip().lower().replace("-", "_"):
            return event
    raise RefusedError(f"an act that people record is one of {', '.join(event.value for event in PEOPLES_ACTS)}")


def record_of(event: CaseEvent, values: dict[str, Any], options: Mapping[str, str] | None = None) -> HumanAct:
    """Return the record of a person's act, after checking its fields.

    `options` maps field names to the command's own options, for error messages. Raises RefusedError if a field is
    missing or faulty.
    """
    try:
        return read_record(event, values)
    except RecordFaultyError as error:
        # A command with its own options also has --note.
        named = {"by": "--by", "note": "--note"} if options else {"by": "--by"}
        named |= options or {}
        faults = "; ".join(_fault(*fault, named) for fault in error.faults)
        takes = "" if options else ", ".join(_fields(event))
        more = f". Beside --by, {event.value} takes {takes}" if takes else ""
        raise RefusedError(f"what must be recorded with this is missing or faulty: {faults}{more}.") from None


def fields_of(typed: Iterable[str], now: datetime) -> dict[str, str]:
    """Return the fields of a record from `KEY=VALUE` texts. Raises RefusedError if a text has another form."""
    found: dict[str, str] = {}
    for text in typed:
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise RefusedError("give each field as KEY=VALUE, such as --field method=call")
        found[name.strip()] = _read(name.strip(), value.strip(), now)
    return found


def moment_of(text: str, now: datetime) -> str:
    """Return a typed time in ISO form, or the text unchanged if it is not a time.

    `now` stands for the present time. A time without an offset is UK time. Dates are read as imports read them.
    """
    if text.lower() == "now":
        return now.isoformat()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        # Bare digits are the day number of a spreadsheet, which nobody types.
        moment = None if text.isdigit() else read_moment(text)
        return moment.isoformat() if moment else text
    return (at if at.tzinfo else at.replace(tzinfo=LONDON)).isoformat()


def day_of(text: str) -> str:
    """Return a typed day in ISO form (`30/11/2026`, `30 Nov 2026`), or the text unchanged if it is not a day."""
    day = None if text.isdigit() else read_date(text)
    return day.isoformat() if day else text


def _read(field: str, text: str, now: datetime) -> str:
    if field in MOMENTS:
        return moment_of(text, now)
    return day_of(text) if field in DAYS else text


def show_after(case: Case, store: Store) -> None:
    say(f"[bold]{case.reference}[/]: {escape(case_state(case.state))}.")
    if case.state in ENDED:
        say("Nothing more is owed, unless a new notice opens it again.")
    # The case is held or confirmed: it is still open, but nobody is alerted about it.
    elif case.clock_stopped:
        say("Alerts about it have stopped.")
    elif case.paused_until and case.paused_until > store.now():
        say(f"Alerts about it pause until {local_time(case.paused_until)}; nobody is safe by that alone.")
    else:
        say("Alerts about it go on.")


def _fields(event: CaseEvent) -> Iterator[str]:
    # Optional fields are shown in brackets. `by` and `note` belong to every act, and are left out.
    for name, field in RECORD_FOR[event].model_fields.items():
        if name in HumanAct.model_fields:
            continue
        # The type of a field may be an enum, or an enum or None.
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        words = "|".join(member for kind in kinds if issubclass(kind, StrEnum) for member in kind)
        shown = f"{name}={words}" if words else name
        yield shown if field.is_required() else f"({shown})"


def _fault(field: str, reason: str, options: Mapping[str, str]) -> str:
    # Names the option to correct. A rule for the whole record has the field's name at the start of its reason.
    named, colon, rest = reason.partition(": ")
    if colon and named.isidentifier():
        field, reason = named, rest
    # The words of pydantic are for programmers.
    if reason == "Field required":
        reason = "is missing"
    return f"{options.get(field, f'--field {field}=…')} {reason[:1].lower()}{reason[1:]}"


def _help(acts: Mapping[CaseEvent, str]) -> str:
    title = "[bold]Acts, and the fields they take[/] (in brackets: may be left out; every act takes note)"
    return "\n\n".join(
        [title, *(f"• [bold]{event.value}[/] {escape(takes)}".rstrip() for event, takes in acts.items())]
    )


# The acts of people with their fields, for `--help`.
ACTS_HELP: Final = _help({event: ", ".join(_fields(event)) for event in PEOPLES_ACTS})
