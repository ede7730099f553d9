from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.text import Text
from sqlalchemy import Connection

from schemas.codes import Connection as AlarmConnection
from schemas.codes import MatchDecision
from services.alerts.case.acts import PEOPLES_ACTS
from services.alerts.delivery.digest import case_lines
from services.alerts.match_views import MatchView
from services.alerts.message.advice import doubtful
from services.alerts.message.case_line import notes
from services.alerts.message.wording import case_state, distance, short_day, shown_name
from services.alerts.policy.councils import load_council
from services.alerts.review.case import Case
from services.alerts.states.machine import Refuse, decide
from services.alerts.views import CaseView, EventView
from services.core.clock import london_day
from services.runtime.cli.support.labels import reasons, transition
from services.runtime.cli.support.output import ago, cell, local_time, out, pairs, table
from services.runtime.cli.support.records import shown_record
from services.runtime.cli.support.store import alerts_of_case, deciders
from services.storage.store import Store

DECIDED: Final = (MatchDecision.CONFIRMED, MatchDecision.REJECTED)


def print_case(
    connection: Connection, store: Store, case: Case, view: CaseView, numbers: Mapping[str, list[str]] | None = None
) -> None:
    console = out()
    council = load_council(connection, store, case.feed_id).name
    console.print(Text.assemble((case.reference, "bold"), "  ", (case_state(case.state), "bold"), "  ", cell(council)))
    console.print(pairs([*_dates(case, store), *_place(view), *_device(view)]))
    _show_doubts(console, connection, case)
    _show_matches(console, connection, store, view)
    _show_notices(console, view, numbers)
    _show_alerts(console, connection, case)
    _show_history(console, view.history)
    # Only the acts that the state of the case allows now.
    acts = [event.value for event in PEOPLES_ACTS if not isinstance(decide(case.state, event), Refuse)]
    if acts:
        console.print(Text.assemble(("Can be recorded: ", "bold"), ", ".join(acts)))


def _show_doubts(console: Console, connection: Connection, case: Case) -> None:
    for line in case_lines(connection, [case]):
        # For example: only one provider says so, or two versions of a notice differ.
        for note in notes(line):
            console.print(Text.assemble(("Note: ", "yellow"), cell(note), "."))
        for sentence in doubtful([line]):
            console.print(cell(sentence))


def _dates(case: Case, store: Store) -> list[tuple[str, object]]:
    now = store.now()
    today = london_day(now)
    rows: list[tuple[str, object]] = [("Match", case.level or "none is left")]
    if case.harm_on is None:
        # A notice may give no date.
        rows.append(("Harmful day", "not known"))
    else:
        rows.append(("Harmful day", f"{short_day(case.harm_on)}, {distance(case.harm_on, today)}"))
    named = [("Calls restricted", case.restriction_on), ("Move planned", case.planned_on)]
    rows += [(name, short_day(day)) for name, day in [*named, ("Hold until", case.hold_until)] if day]
    rows += [("Look at it again", short_day(case.review_on))] if case.review_on else []
    rows += [("Judged by", f"{', '.join(case.rulesets)}; {policy_words(case.policy_version)}")]
    rows += [("Open since", local_time(case.opened_at)), ("Last alert", ago(case.last_alert_at, now, never="not yet"))]
    # A pause that is over is of no use to a reader.
    if case.paused_until and case.paused_until > now:
        rows.append(("Alerts pause until", local_time(case.paused_until)))
    return rows


def _place(view: CaseView) -> list[tuple[str, object]]:
    place = view.place
    address = ", ".join(part for part in (*place.address_lines, place.post_town, place.postcode) if part)
    rows = [
        ("Your reference", view.summary.entry_id),
        ("Telephone", " or ".join(place.telephone_numbers)),
        ("Address", address),
        ("UPRN", place.uprn),
        ("Supported journey", ", ".join(view.supported_journey_codes)),
        ("Communication", ", ".join(view.communication_needs)),
    ]
    # Rows without a value are left out, as they would look like lost data.
    return [(name, value) for name, value in rows if value]


def _device(view: CaseView) -> list[tuple[str, object]]:
    device = view.device
    alarm = ", ".join(words(part) for part in (device.device_kind, device.make_model, device.protocol) if part)
    connection = "" if device.connection == AlarmConnection.UNKNOWN else words(device.connection)
    rows = [("Alarm", alarm), ("Connected by", connection), ("Alarm receiving centre", device.arc_name or "")]
    return [(name, value) for name, value in rows if value]


def policy_words(version: int) -> str:
    # Version 0 means that the council had no policy of its own.
    return f"version {version} of the policy" if version else "the default policy"


def words(code: str) -> str:
    return code.replace("_", " ")


def _show_notices(console: Console, view: CaseView, numbers: Mapping[str, list[str]] | None) -> None:
    # The facts that a person needs to ring the provider about a line.
    for one in view.matches:
        rows: list[tuple[str, object]] = [(f"Notice of {one.match}", shown_name(one.provider))]
        rows += [("Area", one.area)] if one.area else []
        rows += [("Provider's order", _orders(one))]
        rows += [("Provider's contact", one.provider_contact or "not known: `pullcord providers contact` enters it")]
        hidden = "not shown: --reveal --by NAME shows it, and the audit keeps that"
        shown = hidden if numbers is None else " or ".join(numbers.get(one.match, ())) or "none on the notice"
        console.print(pairs([*rows, ("Number on it", shown)]))


def _orders(match: MatchView) -> str:
    if not match.provider_references:
        return "not known"
    more = f" and {match.more_references:,} more" if match.more_references else ""
    return ", ".join(match.provider_references) + more


def _show_matches(console: Console, connection: Connection, store: Store, view: CaseView) -> None:
    who = deciders(connection, store, [one.match for one in view.matches])
    shown = table("Match", "Level", "Why", "Provider", "Notice", "Moves", "Decision", whole=("Match",))
    for one in view.matches:
        day = short_day(one.planned_on) if one.planned_on else "not known"
        decision = _decision(one, who)
        shown.add_row(
            one.match,
            one.level,
            reasons(one.reasons),
            cell(shown_name(one.provider)),
            one.status,
            day,
            cell(decision),
        )
    if view.matches:
        console.print(shown)


def _decision(match: MatchView, who: Mapping[str, str]) -> str:
    if match.decision in DECIDED:
        return f"{match.decision} by {who.get(match.match, 'a person')}"
    if match.waits:
        return "waits: another match shows whose line it is"
    return "please check" if match.to_check else "none yet"


def _show_alerts(console: Console, connection: Connection, case: Case) -> None:
    shown = table("Alert", "Made", "To", "Delivery", "Acknowledged", whole=("Alert",))
    for row in alerts_of_case(connection, case):
        # An alert without a contact reached nobody, so it is shown in red.
        told = cell(row.contact or "nobody: no contact", "" if row.contact else "red")
        acknowledged = local_time(row.acknowledged_at) if row.acknowledged_at else "no"
        shown.add_row(
            row.reference, local_time(row.created_at), told, (row.state or "").replace("_", " "), acknowledged
        )
    if shown.row_count:
        console.print(shown)


def _show_history(console: Console, history: list[EventView]) -> None:
    shown = table("When", "What", "Who", "Recorded with it", whole=("When",))
    for event in history:
        record = shown_record(event.record)
        shown.add_row(local_time(event.at), transition(event.action, event.fields), cell(event.by or ""), cell(record))
    console.print(shown)
