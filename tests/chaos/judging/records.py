from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

from tests.chaos.judging.history import History

# Returns the stored hash of a reference. The arguments are the feed and the reference.
RecordKey = Callable[[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    submission: str
    rows: int


@dataclass(frozen=True, slots=True)
class Match:
    notice: str
    entry: str
    # True if the match was made from an older version of the notice or of the entry.
    stale: bool


@dataclass(frozen=True, slots=True)
class Case:
    entry: str
    reference: str
    state: str
    harm_on: date | None
    # The messages to the person who had most.
    alerts: int
    # The messages about an end to this person.
    ends: int
    # The reason of the last alert that reached a contact, or may have reached one. A message names no case that was
    # over when the message was composed.
    last_told: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    # The reference that is in the mail.
    reference: str
    state: str
    # The attempts whose outcome was unknown at some time.
    doubts: int


@dataclass(frozen=True, slots=True)
class Word:
    alert: str
    cases: Sequence[str]


@dataclass(frozen=True)
class Records:
    kept: Sequence[Kept]
    # The status of every notice on record, by the provider's own reference.
    notices: Mapping[str, str]
    # True for each entry that is live, by the council's own reference.
    entries: Mapping[str, bool]
    matches: Sequence[Match]
    cases: Sequence[Case]
    deliveries: Sequence[Delivery]
    acknowledged: Sequence[Word]
    quarantined: int


KEPT = """
    SELECT submission_id AS submission, (SELECT sum(value::int) FROM json_each_text(counts)) AS rows FROM submissions
"""
MATCHES = """
    SELECT n.record_key AS notice, e.record_key AS entry,
           (m.notice_revision, m.entry_revision) <> (n.revision, e.revision) AS stale
      FROM matches m JOIN notices n ON n.pk = m.notice_pk JOIN register_entries e ON e.pk = m.entry_pk
     WHERE m.live
"""
CASES = """
    SELECT e.record_key AS entry, c.reference, c.state, c.harm_on,
           (SELECT coalesce(max(s.sent), 0) FROM (
               SELECT count(*) AS sent FROM alert_cases x JOIN deliveries d ON d.alert_pk = x.alert_pk
                WHERE x.case_pk = c.pk AND x.reason <> 'notice_withdrawn' AND d.state = 'sent'
                GROUP BY d.contact) s) AS alerts,
           (SELECT coalesce(max(s.sent), 0) FROM (
               SELECT count(*) AS sent FROM alert_cases x JOIN deliveries d ON d.alert_pk = x.alert_pk
                WHERE x.case_pk = c.pk AND x.reason = 'notice_withdrawn' AND d.state = 'sent'
                GROUP BY d.contact) s) AS ends,
           (array_agg(t.reason ORDER BY t.alert_pk DESC) FILTER (WHERE EXISTS (
               SELECT FROM deliveries d JOIN delivery_attempts a ON a.delivery_pk = d.pk
                WHERE d.alert_pk = t.alert_pk AND a.outcome IN ('sent', 'in_doubt')
                  AND (t.reason = 'notice_withdrawn' OR NOT coalesce((
                      SELECT w.fields ->> 'to' IN ('notice_withdrawn', 'service_ended') FROM audit w
                       WHERE w.action = 'case_moved' AND w.subject = c.reference AND w.at < a.started_at
                       ORDER BY w.pk DESC LIMIT 1), false)))))[1]
               AS last_told
      FROM cases c JOIN register_entries e ON e.pk = c.entry_pk LEFT JOIN alert_cases t ON t.case_pk = c.pk
     GROUP BY c.pk, e.record_key, c.reference, c.state, c.harm_on
"""
DELIVERIES = """
    SELECT a.reference || '.' || d.pk AS reference, d.state,
           (SELECT count(DISTINCT w.fields ->> 'number') FROM audit w
             WHERE w.action = 'delivery_in_doubt' AND (w.fields ->> 'delivery')::bigint = d.pk) AS doubts
      FROM deliveries d JOIN alerts a ON a.pk = d.alert_pk
"""
ACKNOWLEDGED = """
    SELECT fields ->> 'alert' AS alert, ARRAY(SELECT json_array_elements_text(fields -> 'cases')) AS cases
      FROM audit WHERE action = 'alert_acknowledged'
"""


def read_records(connection: psycopg.Connection[Any], history: History, key: RecordKey) -> Records:
    # The database holds a keyed hash in place of each reference, so the references of `history` are hashed.
    names = {key(row.feed, row.reference): row.reference for one in history.accepted for row in one.rows}

    def name(found: bytes) -> str:
        return names.get(bytes(found), f"unknown {bytes(found).hex()}")

    return Records(
        kept=_all(connection, Kept, KEPT),
        notices={name(key): status for key, status in connection.execute("SELECT record_key, status FROM notices")},
        entries={name(key): live for key, live in connection.execute("SELECT record_key, live FROM register_entries")},
        matches=[Match(name(one), name(other), stale) for one, other, stale in connection.execute(MATCHES)],
        cases=[Case(name(row[0]), *row[1:]) for row in connection.execute(CASES)],
        deliveries=_all(connection, Delivery, DELIVERIES),
        acknowledged=_all(connection, Word, ACKNOWLEDGED),
        quarantined=connection.execute("SELECT count(*) FROM quarantine").fetchall()[0][0],
    )


def _all(connection: psycopg.Connection[Any], kind: Any, query: str) -> list[Any]:
    return connection.cursor(row_factory=class_row(kind)).execute(query).fetchall()
