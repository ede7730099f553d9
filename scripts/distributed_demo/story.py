"""Tells the story of the demonstration on several processes."""

from __future__ import annotations

from scripts.distributed_demo.killing import a_worker_is_killed, show_work
from scripts.distributed_demo.passing_time import let_a_day_pass
from scripts.distributed_demo.processes import Crew
from services.runtime.demo import acts, answers
from services.runtime.demo.samples import SAMPLES
from services.runtime.demo.stage import Stage
from services.runtime.demo.telling import Teller
from services.runtime.demo.waiting import until_delivered

DAYS_UNANSWERED = 7
LATER = next(sample for sample in SAMPLES if sample.file_name == "notices-harbour.csv")
"""The file that goes in while a worker is being killed."""


def begin(teller: Teller) -> None:
    """What will be seen."""
    teller.begin(
        "Pullcord: the demonstration, distributed",
        "Two councils share their telecare registers, three providers post which lines they will migrate. All is "
        "invented. Kafka, PostgreSQL, the HTTP API, the mail server and the processes are real, and so is the clock. "
        "One process will be killed while a file goes in.",
    )


def tell(stage: Stage, crew: Crew, teller: Teller) -> None:
    """The story, from the first file to the acknowledgement."""
    acts.files_come_in(stage, teller, [sample for sample in SAMPLES if sample != LATER])
    acts.lines_are_matched(stage, teller)
    acts.councils_are_alerted(stage, teller)
    a_worker_is_killed(stage, crew, teller, LATER)
    answers.nobody_answers(
        stage,
        teller,
        "Processes share the real clock, which cannot be hurried. So a day is made to pass by moving all that is "
        f"written down in the database a day into the past, {DAYS_UNANSWERED} times. Nobody acknowledges anything: "
        "messages are repeated and, as a day comes nearer, more people are told. (Each case is told of once a day "
        "here; by a running clock the most urgent are repeated every four hours.)",
        lambda: _let_a_week_pass(stage),
    )
    answers.an_officer_answers(stage, teller)
    teller.say("\nWhat each process has done in all:\n")
    show_work(crew, teller)


def show_where_to_look(stage: Stage, crew: Crew, teller: Teller) -> None:
    """What can be done while it serves on."""
    ports = ", ".join(f"{process.port} ({process.title})" for process in crew.processes if process.running)
    more = {"Metrics": f"/metrics on the ports {ports}", "Logs": str(crew.logs)}
    answers.show_where_to_look(stage, teller, more)


def _let_a_week_pass(stage: Stage) -> None:
    for _ in range(DAYS_UNANSWERED):
        let_a_day_pass(stage.store)
        until_delivered(stage)
