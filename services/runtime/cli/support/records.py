from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, get_args

from rich.markup import escape

from schemas.codes import CaseEvent
from services.alerts.case.acts import PEOPLES_ACTS, read_record
from services.alerts.message.wording import case_state, short_day
from services.alerts.review.case import Case
from services.alerts.review.recording import RecordFaultyError
from services.alerts.states.machine import ENDED
from services.alerts.states.records import RECORD_FOR, HumanAct
from services.core.errors import RefusedError
from services.ingest.files.dates import read_date, read_moment
from services.runtime.cli.support.act_values import read_value
from services.runtime.cli.support.output import escaped, local_time, say
from services.storage.store import Store

_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CODE: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def act_of(typed: str) -> CaseEvent:
    """Raises RefusedError if there is no such act."""
    for event in PEOPLES_ACTS:
        # Both `fit-solution` and `fit_solution`.
        if event.value == typed.strip().lower().replace("-", "_"):
            return event
    raise RefusedError(f"an act that people record is one of {', '.join(event.value for event in PEOPLES_ACTS)}")


def record_of(event: CaseEvent, values: dict[str, Any], options: Mapping[str, str] | None = None) -> HumanAct:
    """Raises RefusedError if a field is missing or faulty."""
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


def fields_of(event: CaseEvent, typed: Iterable[str], now: datetime) -> dict[str, str]:
    """Read texts of the form `KEY=VALUE`. Raises RefusedError if a text cannot be read."""
    found: dict[str, str] = {}
    for text in typed:
        name, equals, value = text.partition("=")
        if not equals or not name.strip().replace("-", "_").isidentifier():
            raise RefusedError("give each field as KEY=VALUE, such as --field method=call")
        field = name.strip().lower().replace("-", "_")
        found[field] = read_value(event, field, value.strip(), now)
    return found


def typed_person(typed: str | None) -> str:
    """Raises RefusedError if the text is missing or names no person."""
    if not typed:
        raise RefusedError("say with --by who sees it: it is kept on the audit")
    return record_of(CaseEvent.ACKNOWLEDGE, {"by": typed}).by


def show_kept(record: HumanAct) -> None:
    # The person can notice a date or a word that was misread.
    kept = record.model_dump(mode="json", exclude={"by"}, exclude_none=True, exclude_defaults=True)
    if kept:
        say(f"Kept: {escaped(shown_record(kept))}.")


def shown_record(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {shown_value(value)}" for name, value in values.items())


def shown_value(value: object) -> str:
    text = str(value)
    if _MOMENT.match(text) and (moment := read_moment(text)):
        return local_time(moment)
    if _DAY.fullmatch(text) and (day := read_date(text)):
        return short_day(day)
    # A code such as `telecare_company`, but never a person's own words.
    return text.replace("_", " ") if _CODE.fullmatch(text) else text


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
