from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.chaos.deployment.client import Client
from tests.chaos.judging.history import WITHDRAWN, Acknowledged, EntryVersion, NoticeVersion
from tests.support.servers.killing import Mailbox

COUNCIL = "E06000009"
# Nobody has these numbers: Ofcom keeps the ranges free for fiction.
NUMBERS = [f"01632960{last:03}" for last in range(1000)] + [f"07700900{last:03}" for last in range(1000)]

# The time until a line moves, and the shorter time after a change of its date. The two are within different thresholds.
PLANNED_IN, SOONER_IN = timedelta(days=10), timedelta(days=5)

ROWS = 4


@dataclass
class Provider(Client):
    feed: str = ""
    _known: dict[str, NoticeVersion] = field(default_factory=dict)
    _batches: int = 0

    def act(self, http: httpx.Client) -> None:
        self._batches += 1
        rows = list({row.reference: row for row in (self._row(place) for place in range(ROWS))}.values())
        body, key = [self._sent(row) for row in rows], f"{self.name}-{self._batches}"
        self._note(
            self._answered(lambda: http.post("/v1/migration-notices", json=body, headers={"Idempotency-Key": key})),
            rows,
        )
        self._known.update({row.reference: row for row in rows})

    def _row(self, place: int) -> NoticeVersion:
        now = datetime.now(UTC)
        if not self._known or self.noise.random() < 0.75:
            reference, number = f"{self.name}-{self._batches}-{place}", self.noise.choice(NUMBERS)
            return NoticeVersion(self.feed, reference, number, "planned", (now + PLANNED_IN).date(), now)
        known = self._known[self.noise.choice(sorted(self._known))]
        if known.status == WITHDRAWN or self.noise.random() < 0.5:
            sooner = (now + SOONER_IN).date()
            return replace(known, status="rescheduled", planned_on=sooner, issued_at=now)
        return replace(known, status=WITHDRAWN, issued_at=now)

    def _sent(self, row: NoticeVersion) -> dict[str, Any]:
        return {
            "id": f"{row.reference}-{row.issued_at.timestamp()}",
            "provider_reference": row.reference,
            "cli": self._written(row.number),
            "status": row.status,
            "planned_migration_date": str(row.planned_on),
            "issued_at": row.issued_at.isoformat(),
        }


@dataclass
class Council(Client):
    feed: str = f"council:{COUNCIL}"
    _live: dict[str, EntryVersion] = field(default_factory=dict)
    _free: list[str] = field(default_factory=lambda: list(NUMBERS))
    _batches: int = 0

    def __post_init__(self) -> None:
        self.noise.shuffle(self._free)

    def act(self, http: httpx.Client) -> None:
        if self._live and self.noise.random() < 0.15:
            self._withdraw(http, self.noise.choice(sorted(self._live)))
        else:
            self.put(http, ROWS)

    def put(self, http: httpx.Client, count: int) -> None:
        # Most entries are new. The others get a new telephone number.
        self._batches += 1
        rows = list({row.reference: row for row in (self._row(place) for place in range(count))}.values())
        body = [
            {"entry_id": row.reference, "cli": self._written(row.number), "updated_at": row.updated_at.isoformat()}
            for row in rows
        ]
        headers = {"Idempotency-Key": f"{self.name}-{self._batches}"}
        path = f"/v1/telecare-registers/{COUNCIL}/entries"
        self._note(self._answered(lambda: http.put(path, json=body, headers=headers)), rows)
        self._live.update({row.reference: row for row in rows})

    def _row(self, place: int) -> EntryVersion:
        now = datetime.now(UTC)
        if self._live and (not self._free or self.noise.random() < 0.1):
            moved = self._live[self.noise.choice(sorted(self._live))]
            return replace(moved, number=self.noise.choice(NUMBERS), updated_at=now)
        return EntryVersion(self.feed, f"e{self._batches}-{place}", self._free.pop(), now)

    def _withdraw(self, http: httpx.Client, reference: str) -> None:
        path = f"/v1/telecare-registers/{COUNCIL}/entries/{reference}"
        answer = self._answered(lambda: http.delete(path))
        if answer.status_code == httpx.codes.NO_CONTENT:
            self.history.withdrawn.append(reference)
            del self._live[reference]
        else:
            self._refused(answer)


@dataclass
class Person(Client):
    mailbox: Mailbox = field(default_factory=Mailbox)
    _read: set[str] = field(default_factory=set)

    def act(self, http: httpx.Client) -> None:
        arrived = {reference.partition(".")[0] for reference in list(self.mailbox.taken)}
        for alert in sorted(arrived - self._read)[:1]:
            self._read.add(alert)
            if self.noise.random() < 0.5:
                self._acknowledge(http, alert)

    def _acknowledge(self, http: httpx.Client, alert: str) -> None:
        path = f"/v1/alerts/{alert}/acknowledgement"
        answer = self._answered(lambda: http.post(path, json={"by": "Asha Patel"}))
        if answer.status_code == httpx.codes.OK:
            self.history.acknowledged.append(Acknowledged(alert, answer.json()["cases"]))
        else:
            self._refused(answer)
