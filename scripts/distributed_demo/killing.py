"""Kills a worker while a file goes in, and looks whether anything was lost."""

from __future__ import annotations

import json
from time import perf_counter

from sqlalchemy import func, select

from scripts.distributed_demo.processes import Crew, Process
from scripts.distributed_demo.stage import ROLES, SILENCE_SECONDS
from services.runtime.demo import acts
from services.runtime.demo.samples import Sample
from services.runtime.demo.stage import Stage
from services.runtime.demo.telling import Teller, plain_table
from services.runtime.demo.waiting import unhandled, until, until_delivered, until_handled
from services.storage.tables import outbox, quarantine


def a_worker_is_killed(stage: Stage, crew: Crew, teller: Teller, sample: Sample) -> None:
    """A file goes in, a matcher is killed before it has done its share, and the other does it."""
    teller.act("A worker is killed")
    teller.say("What each process has done so far:\n")
    show_work(crew, teller)
    mails = len(stage.mailbox.mails)
    answer = json.loads(stage.upload(sample))
    victim = next(process for process in crew.processes if ROLES[process.title][0] == "matcher")
    victim.kill()
    killed = perf_counter()
    counts = answer["counts"]
    teller.say(
        f"\n{sample.sender}'s file goes in: {counts['accepted'] + counts['accepted_with_warnings']:,} more notices are "
        f"on disk. At the same moment: kill -9 {victim.pid}, which was {victim.title}.\n"
    )
    _watch(stage, teller, killed)
    until_handled(stage)
    _report(stage, teller, victim)
    until_delivered(stage)
    _prove(stage, crew, teller, len(stage.mailbox.mails) - mails)


def show_work(crew: Crew, teller: Teller) -> None:
    """What each process that runs has done, by its own metrics."""
    table = plain_table("Process", "pid", "What it has done")
    for process in crew.processes:
        table.add_row(process.title, str(process.pid), _work(crew, process) if process.running else "killed")
    teller.say(table)


def _work(crew: Crew, process: Process) -> str:
    match ROLES[process.title][0]:
        case "ingest":
            return f"{process.count('pullcord_ingest_rows_total'):,.0f} rows read"
        case "relay":
            return f"{process.count('pullcord_relay_events_total'):,.0f} events told to Kafka"
        case "alerts":
            return f"{process.count('pullcord_alert_deliveries_total', outcome='sent'):,.0f} messages sent"
        case _:
            return f"{crew.computing(process):.1f} seconds of computing"


def _watch(stage: Stage, teller: Teller, since: float) -> None:
    """Say how the matchers get on, whenever something has changed."""
    matcher = stage.consumers[0]
    seen: list[int] = []

    def done() -> bool:
        left = unhandled(stage, matcher)
        if left not in seen[-1:]:
            found = sum(acts.count_matches(stage).values())
            teller.say(f"  after {perf_counter() - since:4.1f} s: {left:2} events wait for a matcher, {found} matches")
            seen.append(left)
        return not left

    until(done, "the other matcher has ended the work")


def _report(stage: Stage, teller: Teller, victim: Process) -> None:
    teller.say(
        f"\nThe share of {victim.title} waited until Kafka gave it to the other: nothing had been heard of its owner "
        f"for {SILENCE_SECONDS} seconds (as set for this demonstration; the default is 15). Now there are:\n"
    )
    acts.show_matches(stage, teller)


def _prove(stage: Stage, crew: Crew, teller: Teller, mails: int) -> None:
    before = _standing(stage)
    crew.command("rebuild")
    until_handled(stage)
    after = _standing(stage)
    with stage.store.reading() as connection:
        events = connection.scalar(select(func.count()).where(outbox.c.topic.in_(stage.consumers[0].topics)))
        poison = connection.scalar(select(func.count()).select_from(quarantine))
    sent = [str(mail["X-Pullcord-Alert"]) for mail in stage.mailbox.mails]
    table = plain_table("Was anything lost?", "")
    table.add_row("Events for the matchers", f"{events}, each handled once; in quarantine as unreadable: {poison}")
    table.add_row("Matches and cases found", f"{before[0]} and {before[1]}")
    table.add_row("The same, worked out afresh", f"{after[0]} and {after[1]} (pullcord rebuild, from the records)")
    table.add_row("Messages about the new lines", f"{mails}; of {len(sent)} in all, {len(sent) - len(set(sent))} twice")
    teller.say("")
    teller.say(table)


def _standing(stage: Stage) -> tuple[int, int]:
    return sum(acts.count_matches(stage).values()), acts.count_cases(stage)
