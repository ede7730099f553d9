from __future__ import annotations

from threading import Event

from rich.console import Console

from services.alerts.message.wording import short_day
from services.core.clock import LONDON
from services.runtime.demo import alerting_steps, answering_steps
from services.runtime.demo.demo_deployment import AcceleratedDemo
from services.runtime.demo.narrator import Narrator
from services.runtime.demo.samples import SAMPLES

DAYS_UNANSWERED = 7
SECONDS_A_DAY = 1.5
HURRIED = 86_400 / SECONDS_A_DAY


def tell(demo: AcceleratedDemo, console: Console) -> None:
    narrator = Narrator(console)
    narrator.begin(
        "Pullcord: the demonstration",
        "Two councils share their telecare registers, three providers post which lines they will migrate.\n"
        "All is invented; the service, its database, its HTTP API and the mail server are real.\n"
        f"The clock is simulated: it starts at {_clock(demo)} and will be hurried once.",
    )
    alerting_steps.files_come_in(demo, narrator, SAMPLES)
    alerting_steps.lines_are_matched(demo, narrator)
    alerting_steps.councils_are_alerted(demo, narrator)
    answering_steps.nobody_answers(
        demo,
        narrator,
        f"The clock now runs at a day every {SECONDS_A_DAY} seconds for {DAYS_UNANSWERED} days. Nobody acknowledges "
        "anything: reminders come on working days, and whoever comes next in the policy is asked too.",
        lambda: _hurry(demo),
    )
    narrator.say(f"\nIt is now {_clock(demo)} on the simulated clock.")
    answering_steps.an_officer_answers(demo, narrator)


def show_where_to_look(demo: AcceleratedDemo, console: Console) -> None:
    answering_steps.show_places(demo, Narrator(console), {})


def _hurry(demo: AcceleratedDemo) -> None:
    demo.clock.run_at(HURRIED)
    Event().wait(DAYS_UNANSWERED * SECONDS_A_DAY)
    # Back to the pace of a real clock, so that the officer who answers is in time.
    demo.clock.run_at(1.0)


def _clock(demo: AcceleratedDemo) -> str:
    now = demo.clock.now().astimezone(LONDON)
    return f"{short_day(now.date())} {now:%H:%M}"
