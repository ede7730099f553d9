"""Measures the delay of messages when many are due at once.

    python -m benchmarks.delivery [hosts] [councils] [one] [--postgres] [--councils 150] [--cases 20000]

Without a name, all three benchmarks run:

- hosts: some mail servers fail.
- councils: many councils share one mail server.
- one: a council has 10,000 cases and three people.
"""

from __future__ import annotations

import argparse
import os
import smtplib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

import httpx
from rich.console import Console
from rich.table import Table as RichTable
from sqlalchemy import func, select

from benchmarks.delivery.councils import PATIENCE, Spent, Trial, code_of, due_at_once, send_all
from benchmarks.delivery.mail_servers import ServerKind, mail_servers
from benchmarks.distributed.environment.processes import until
from services.alerts.delivery.channels.port import ACCEPTED, SendResult
from services.alerts.message.message import Message
from services.runtime.app import make_app
from services.runtime.bootstrap import Parts
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.gauges.collector import calm
from services.runtime.server import listen, served
from services.storage import tables
from services.storage.secrets.keys import Role, create_key

PEOPLE, STAFF = 3, 20
GOOD = 7
PROBES = 20
MAIL = b"From: a@pullcord.example\r\nTo: b@council.example\r\nSubject: Act\r\n\r\n" + b"line of a message\r\n" * 400


def hosts() -> RichTable:
    faulty = (ServerKind.STUTTERING, ServerKind.DEAD, ServerKind.LATE)
    with mail_servers(*[ServerKind.WELL] * GOOD, *faulty) as ports, due_at_once(Trial(ports, 5, STAFF)) as parts:
        runner, began = EmbeddedRunner(parts), datetime.now(UTC)
        runner.start()
        until(lambda: all(len(times) == STAFF for times in _sent(parts)[:GOOD]), PATIENCE, "the good servers' messages")
        sent = _sent(parts)
        runner.stop()
        parts.pool.close(1)
    table = RichTable("mail server", "messages", "first after, s", "last after, s", "load")
    for number, times in enumerate(sent):
        kind = "well" if number < GOOD else faulty[number - GOOD].value
        seconds = [f"{(one - began).total_seconds():.1f}" for one in (min(times), max(times))] if times else ["-", "-"]
        table.add_row(f"{number + 1}: {kind}", f"{len(times)} of {STAFF}", *seconds, _load())
    return table


def _sent(parts: Parts) -> list[list[datetime]]:
    row = tables.deliveries.c
    query = (
        select(tables.alerts.c.feed_id, row.settled_at)
        .join_from(tables.deliveries, tables.alerts, tables.alerts.c.pk == row.alert_pk)
        .where(row.state == "sent", tables.alerts.c.cases > 0)
    )
    found: dict[str, list[datetime]] = {f"council:{code_of(number)}": [] for number in range(GOOD + 3)}
    with parts.store.reading() as connection:
        for feed, at in connection.execute(query):
            found[feed].append(at)
    return list(found.values())


def councils(number: int, cases: int, *, postgres: bool) -> RichTable:
    table = RichTable("", "messages", "cases", "seconds", "processor seconds", "ms of processor a case", "load")
    with mail_servers(ServerKind.WELL) as (port,):
        with due_at_once(Trial([port] * number, cases // number, PEOPLE), postgres=postgres) as parts:
            spent = send_all(parts)
            with parts.store.reading() as connection:
                sent = connection.scalar(select(func.count()).where(tables.deliveries.c.state == "sent")) or 0
        for name, many, one in (
            ("PostgreSQL" if postgres else "SQLite", sent, spent),
            ("floor: SMTP alone", sent, _floor(port, sent)),
        ):
            total = cases // number * number
            each = 1000 * one.processor / total
            table.add_row(
                name, f"{many:,}", f"{total:,}", f"{one.seconds:.1f}", f"{one.processor:.1f}", f"{each:.2f}", _load()
            )
    return table


def _floor(port: int, mails: int) -> Spent:
    began, worked = time.monotonic(), time.process_time()
    for _ in range(mails):
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail("a@pullcord.example", "b@council.example", MAIL)
    return Spent(time.monotonic() - began, time.process_time() - worked)


@dataclass
class Noted:
    """A channel that counts the messages to each recipient, and keeps the link of the newest message."""

    sent: Counter[str] = field(default_factory=Counter)
    link: str = ""

    def send(self, route: str, message: Message, _reference: str) -> SendResult:
        self.sent[route] += 1
        self.link = next(word for word in message.text.split() if "/a/" in word)
        return ACCEPTED


def one_council(cases: int, *, postgres: bool) -> RichTable:
    noted = Noted()
    with due_at_once(Trial([25], cases, PEOPLE), postgres=postgres, channel=noted) as parts:
        spent = send_all(parts)
        key = create_key(parts.store, Role.COUNCIL, f"council:{code_of(0)}", "benchmark")
        with served(make_app(parts), listen("127.0.0.1", 0)) as url:
            page = _median_ms(url, noted.link[noted.link.index("/a/") :], {})
            listed = _median_ms(url, "/v1/cases", {"Authorization": f"Bearer {key}"})
    table = RichTable("one council", "")
    table.add_row("cases", f"{cases:,}")
    table.add_row("people, and messages to each", f"{len(noted.sent)}: {sorted(noted.sent.values())}")
    table.add_row("seconds until all are out", f"{spent.seconds:.1f}")
    table.add_row("processor seconds", f"{spent.processor:.1f}")
    table.add_row("page of a link, median ms", page)
    table.add_row("100 cases over the API, median ms", listed)
    table.add_row("load", _load())
    return table


def _median_ms(url: str, path: str, headers: dict[str, str]) -> str:
    spent = []
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        for _ in range(PROBES):
            began = time.perf_counter()
            answer = client.get(path).raise_for_status()
            spent.append(1000 * (time.perf_counter() - began))
    return f"{median(spent):.0f} ({len(answer.content) / 1024:,.0f} KiB)"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", nargs="*", choices=["hosts", "councils", "one"], metavar="hosts | councils | one")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--councils", type=int, default=150)
    parser.add_argument("--cases", type=int, default=20_000)
    asked = parser.parse_args()
    trials: dict[str, Callable[[], RichTable]] = {
        "hosts": hosts,
        "councils": lambda: councils(asked.councils, asked.cases, postgres=asked.postgres),
        "one": lambda: one_council(10_000, postgres=asked.postgres),
    }
    # As in the service.
    calm()
    for name in asked.trials or trials:
        Console(width=120).print(trials[name]())


if __name__ == "__main__":
    main()
