from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from services.audit.checks.store import missing_audit_rows, policy_versions, quarantined, stored_keys
from services.audit.store import recorded_actions
from services.core.audit import AuditAction
from services.core.differences import NOT_THERE, Difference
from services.storage.append_only import missing_triggers

_OF_QUARANTINE = (
    AuditAction.EVENT_QUARANTINED,
    AuditAction.QUARANTINE_GIVEN_BACK,
    AuditAction.QUARANTINE_DROPPED,
)


def upkeep_differences(connection: Connection) -> Iterator[Difference]:
    yield from _of_audit(connection)
    yield from _of_keys(connection)
    yield from _of_policies(connection)
    yield from _of_quarantine(connection)


def _of_audit(connection: Connection) -> Iterator[Difference]:
    for trigger in missing_triggers(connection):
        yield Difference(f"audit protection {trigger}", NOT_THERE, "there")
    missing = missing_audit_rows(connection)
    if missing:
        yield Difference("audit rows", f"{missing} fewer", "as many as were written")


def _of_keys(connection: Connection) -> Iterator[Difference]:
    made: dict[str, str] = {}
    revoked: set[str] = set()
    for row in recorded_actions(connection, (AuditAction.KEY_CREATED, AuditAction.KEY_REVOKED)):
        if row.action is AuditAction.KEY_REVOKED:
            revoked.add(row.fields["key"])
        else:
            made[row.fields["key"]] = f"{row.fields['role']} until {row.fields['expires_at']}"
    on_record = stored_keys(connection)
    for key in sorted(on_record.keys() | made.keys()):
        right, is_revoked = on_record.get(key, (NOT_THERE, key in revoked))
        if right != made.get(key, NOT_THERE):
            yield Difference(f"key {key}", right, made.get(key, NOT_THERE))
        if is_revoked is not (key in revoked):
            yield Difference(f"key {key} revoked", "yes" if is_revoked else "no", "no" if is_revoked else "yes")


def _of_policies(connection: Connection) -> Iterator[Difference]:
    told: dict[str, int] = {}
    for row in recorded_actions(connection, (AuditAction.POLICY_CHANGED,)):
        told[row.feed_id or ""] = row.fields["version"]
    for feed_id, version in sorted(policy_versions(connection).items()):
        if version != told.get(feed_id, 0):
            yield Difference(f"policy of {feed_id}", f"version {version}", f"version {told.get(feed_id, 0)}")


def _of_quarantine(connection: Connection) -> Iterator[Difference]:
    waiting: set[tuple[str, str]] = set()
    for row in recorded_actions(connection, _OF_QUARANTINE):
        one = row.fields["consumer"], row.fields["event"]
        if row.action is AuditAction.EVENT_QUARANTINED:
            waiting.add(one)
        else:
            waiting.discard(one)
    on_record = quarantined(connection)
    for consumer, event in sorted(on_record ^ waiting):
        there = (consumer, event) in on_record
        words = ("in quarantine", NOT_THERE) if there else (NOT_THERE, "in quarantine")
        yield Difference(f"event {event} for {consumer}", *words)
