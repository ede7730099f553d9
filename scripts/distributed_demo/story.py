from __future__ import annotations

from scripts.distributed_demo.killing import a_worker_is_killed, show_work
from scripts.distributed_demo.passing_time import let_a_day_pass
from scripts.distributed_demo.processes import Crew
from services.runtime.demo import alerting_steps, answering_steps
from services.runtime.demo.demo_deployment import DemoDeployment
from services.runtime.demo.narrator import Narrator
from services.runtime.demo.samples import SAMPLES
from services.runtime.demo.waiting import until_delivered

DAYS_UNANSWERED = 7
# The file that is uploaded while a worker is killed.
LATER = next(sample for sample in SAMPLES if sample.file_name == "notices-harbour.csv")


def begin(narrator: Narrator) -> None:
    narrator.begin(
        "Pullcord: the demonstration, distributed",
        "Two councils share their telecare registers, three providers post which lines they will migrate. All is "
        "invented. Kafka, PostgreSQL, the HTTP API, the mail server and the processes are real, and so is the clock. "
        "One process will be killed while a file goes in.",
    )


def tell(demo: DemoDeployment, crew: Crew, narrator: Narrator) -> None:
    alerting_steps.files_come_in(demo, narrator, [sample for sample in SAMPLES if sample != LATER])
    alerting_steps.lines_are_matched(demo, narrator)
    alerting_steps.councils_are_alerted(demo, narrator)
    a_worker_is_killed(demo, crew, narrator, LATER)
    answering_steps.nobody_answers(
        demo,
        narrator,
        "Processes share the real clock, which cannot be hurried. So a day is made to pass by moving all that is "
        f"written down in the database a day into the past, {DAYS_UNANSWERED} times. Nobody acknowledges anything: "
        "reminders come on working days, and whoever comes next in the policy is asked too.",
        lambda: _let_a_week_pass(demo),
    )
    answering_steps.an_officer_answers(demo, narrator)
    narrator.say("\nWhat each process has done in all:\n")
    show_work(crew, narrator)


def show_where_to_look(demo: DemoDeployment, crew: Crew, narrator: Narrator) -> None:
    ports = ", ".join(f"{process.port} ({process.title})" for process in crew.processes if process.running)
    more = {"Metrics": f"/metrics on the ports {ports}", "Logs": str(crew.logs)}
    answering_steps.show_places(demo, narrator, more)


def _let_a_week_pass(demo: DemoDeployment) -> None:
    for _ in range(DAYS_UNANSWERED):
        let_a_day_pass(demo.store)
        until_delivered(demo)
