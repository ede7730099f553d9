from __future__ import annotations

import json
from time import perf_counter

from sqlalchemy import func, select

from scripts.distributed_demo.deployment import ROLES, SILENCE_SECONDS
from scripts.distributed_demo.processes import Crew, Process
from services.runtime.consumers import CONSUMERS
from services.runtime.demo import alerting_steps
from services.runtime.demo.demo_deployment import DemoDeployment
from services.runtime.demo.narrator import Narrator, plain_table
from services.runtime.demo.samples import Sample
from services.runtime.demo.store import count_cases, count_unhandled, matches_by_level
from services.runtime.demo.waiting import until, until_delivered, until_handled
from services.storage.tables import outbox, quarantine


def a_worker_is_killed(demo: DemoDeployment, crew: Crew, narrator: Narrator, sample: Sample) -> None:
    narrator.step("A worker is killed")
    narrator.say("What each process has done so far:\n")
    show_work(crew, narrator)
    mails = len(demo.mailbox.mails)
    answer = json.loads(demo.upload(sample))
    victim = next(process for process in crew.processes if ROLES[process.title][0] == CONSUMERS[0].name)
    # The rows are on disk and most events are not yet handled. This is the worst moment to lose a worker.
    victim.kill()
    killed = perf_counter()
    counts = answer["counts"]
    narrator.say(
        f"\n{sample.sender}'s file goes in: {counts['accepted'] + counts['accepted_with_warnings']:,} more notices are "
        f"on disk. At the same moment: kill -9 {victim.pid}, which was {victim.title}.\n"
    )
    _watch(demo, narrator, killed)
    until_handled(demo)
    _report(demo, narrator, victim)
    until_delivered(demo)
    _prove(demo, crew, narrator, len(demo.mailbox.mails) - mails)


def show_work(crew: Crew, narrator: Narrator) -> None:
    table = plain_table("Process", "pid", "What it has done")
    for process in crew.processes:
        table.add_row(process.title, str(process.pid), _work(crew, process) if process.running else "killed")
    narrator.say(table)


def _work(crew: Crew, process: Process) -> str:
    match ROLES[process.title][0]:
        case "ingest":
            return f"{process.count('pullcord_ingest_rows_total'):,.0f} rows read"
        case "relay":
            return f"{process.count('pullcord_relay_events_total'):,.0f} events published to Kafka"
        case "alerts":
            return f"{process.count('pullcord_alert_deliveries_total', outcome='sent'):,.0f} messages sent"
        case _:
            return f"{crew.computing(process):.1f} seconds of computing"


def _watch(demo: DemoDeployment, narrator: Narrator, since: float) -> None:
    matcher = demo.consumers[0]
    seen: list[int] = []

    def done() -> bool:
        # until() asks many times a second, so only a change is printed.
        with demo.store.reading() as connection:
            left = count_unhandled(connection, matcher)
            found = sum(matches_by_level(connection).values())
        if left not in seen[-1:]:
            narrator.say(
                f"  after {perf_counter() - since:4.1f} s: {left:2} events wait for a matcher, {found} matches"
            )
            seen.append(left)
        return not left

    until(done, "the other matcher has ended the work")


def _report(demo: DemoDeployment, narrator: Narrator, victim: Process) -> None:
    narrator.say(
        f"\nThe share of {victim.title} waited until Kafka gave it to the other: nothing had been heard of its owner "
        f"for {SILENCE_SECONDS} seconds (as set for this demonstration; the default is 15). Now there are:\n"
    )
    alerting_steps.show_matches(demo, narrator)


def _prove(demo: DemoDeployment, crew: Crew, narrator: Narrator, mails: int) -> None:
    before = _standing(demo)
    crew.command("rebuild")
    until_handled(demo)
    after = _standing(demo)
    with demo.store.reading() as connection:
        events = connection.scalar(select(func.count()).where(outbox.c.topic.in_(demo.consumers[0].topics)))
        poison = connection.scalar(select(func.count()).select_from(quarantine))
    sent = [str(mail["X-Pullcord-Alert"]) for mail in demo.mailbox.mails]
    table = plain_table("Was anything lost?", "")
    table.add_row("Events for the matchers", f"{events}, each handled once; in quarantine as unreadable: {poison}")
    table.add_row("Matches and cases found", f"{before[0]} and {before[1]}")
    table.add_row("The same, worked out afresh", f"{after[0]} and {after[1]} (pullcord rebuild, from the records)")
    table.add_row("Messages about the new lines", f"{mails}; of {len(sent)} in all, {len(sent) - len(set(sent))} twice")
    narrator.say("")
    narrator.say(table)


def _standing(demo: DemoDeployment) -> tuple[int, int]:
    with demo.store.reading() as connection:
        return sum(matches_by_level(connection).values()), count_cases(connection)
