from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from services.audit.checks.store import (
    stored_matches,
    stored_records,
    stored_submissions,
    superseded_without_a_successor,
)
from services.audit.store import recorded_actions
from services.core.audit import AuditAction
from services.core.differences import NOT_THERE, Difference

# By table: the actions that make a record live, and the actions that end it.
_LIVE = {
    "notices": (AuditAction.NOTICES_ACCEPTED, AuditAction.AREAS_CHANGED),
    "register_entries": (AuditAction.ENTRIES_ACCEPTED,),
}
_ENDED = {
    "notices": (AuditAction.NOTICES_SUPERSEDED, AuditAction.AREAS_ENDED),
    "register_entries": (AuditAction.ENTRIES_WITHDRAWN,),
}
_NAMES = {"notices": "notice", "register_entries": "register entry"}
_OF_MATCHES = (AuditAction.LINES_MATCHED, AuditAction.LINES_UNMATCHED, AuditAction.MATCH_DECIDED)


def record_differences(connection: Connection) -> Iterator[Difference]:
    for table in _LIVE:
        yield from _of_records(connection, table)
    yield from _of_matches(connection)
    accepted = recorded_actions(connection, (AuditAction.SUBMISSION_ACCEPTED,))
    told = {row.fields["submission"] for row in accepted}
    for submission in sorted(told - stored_submissions(connection)):
        yield Difference(f"submission {submission}", NOT_THERE, "there")


def _of_records(connection: Connection, table: str) -> Iterator[Difference]:
    told, name = _live_by_the_audit(connection, table), _NAMES[table]
    on_record = stored_records(connection, table)
    for pk in sorted(on_record.keys() | told.keys()):
        is_live, was_live = on_record.get(pk), told.get(pk)
        # A notice may count again without a word on the audit, when what replaced it is withdrawn.
        counts_again = table == "notices" and is_live is True and was_live is False
        if is_live is not was_live and not counts_again:
            yield Difference(f"{name} {pk}", _live(is_live), _live(was_live))
    if table == "notices":
        for pk in sorted(superseded_without_a_successor(connection)):
            # One that the audit calls live was named above.
            if told.get(pk) is False:
                yield Difference(f"{name} {pk}", "replaced", "by no other notice")


def _live_by_the_audit(connection: Connection, table: str) -> dict[int, bool]:
    told: dict[int, tuple[int, bool]] = {}
    for row in recorded_actions(connection, (*_LIVE[table], *_ENDED[table])):
        for pk, revision in row.fields["records"]:
            # The revision decides: in one transaction a notice may be replaced before its acceptance is recorded.
            told[pk] = max(told.get(pk, (0, False)), (revision, row.action in _LIVE[table]))
    return {pk: live for pk, (_, live) in told.items()}


def _of_matches(connection: Connection) -> Iterator[Difference]:
    told: dict[tuple[int, int], bool] = {}
    decided: dict[tuple[int, int], str] = {}
    for row in recorded_actions(connection, _OF_MATCHES):
        if row.action is AuditAction.MATCH_DECIDED:
            decided[row.fields["notice"], row.fields["entry"]] = row.fields["decision"]
        else:
            pairs = ((notice, entry) for notice, entry, *_ in row.fields["records"])
            told |= dict.fromkeys(pairs, row.action is AuditAction.LINES_MATCHED)
    for pair, live, decision in stored_matches(connection):
        what, said = f"match of notice {pair[0]} and register entry {pair[1]}", told.pop(pair, None)
        if live is not said:
            yield Difference(what, _live(live), _live(said))
        if decision != decided.get(pair, "undecided"):
            yield Difference(f"{what} decision", decision, decided.get(pair, "undecided"))
    for notice, entry in sorted(told):
        yield Difference(f"match of notice {notice} and register entry {entry}", NOT_THERE, _live(told[notice, entry]))


def _live(value: bool | None) -> str:
    return NOT_THERE if value is None else "live" if value else "not live"
