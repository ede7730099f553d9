"""Tells the story of the demonstration in one process, whose clock is simulated."""

from __future__ import annotations

from threading import Event

from rich.console import Console

from services.alerts.message.wording import short_day
from services.core.clock import LONDON
from services.runtime.demo import acts, answers
from services.runtime.demo.samples import SAMPLES
from services.runtime.demo.stage import HurriedStage
from services.runtime.demo.telling import Teller

DAYS_UNANSWERED = 7
SECONDS_A_DAY = 1.5
HURRIED = 86_400 / SECONDS_A_DAY


def tell(stage: HurriedStage, console: Console) -> None:
    """The whole story, from the first file to the acknowledgement."""
    teller = Teller(console)
    teller.begin(
        "Pullcord: the demonstration",
        "Two councils share their telecare registers, three providers post which lines they will migrate.\n"
        "All is invented; the service, its database, its HTTP API and the mail server are real.\n"
        f"The clock is simulated: it starts at {_clock(stage)} and will be hurried once.",
    )
    acts.files_come_in(stage, teller, SAMPLES)
    acts.lines_are_matched(stage, teller)
    acts.councils_are_alerted(stage, teller)
    answers.nobody_answers(
        stage,
        teller,
        f"The clock now runs at a day every {SECONDS_A_DAY} seconds for {DAYS_UNANSWERED} days. Nobody acknowledges "
        "anything: messages are repeated, more often as a day comes nearer, and more people are told.",
        lambda: _hurry(stage),
    )
    teller.say(f"\nIt is now {_clock(stage)} on the simulated clock.")
    answers.an_officer_answers(stage, teller)


def show_where_to_look(stage: HurriedStage, console: Console) -> None:
    """What can be done while it serves on."""
    answers.show_where_to_look(stage, Teller(console), {})


def _hurry(stage: HurriedStage) -> None:
    stage.clock.run_at(HURRIED)
    Event().wait(DAYS_UNANSWERED * SECONDS_A_DAY)
    stage.clock.run_at(1.0)


def _clock(stage: HurriedStage) -> str:
    now = stage.clock.now().astimezone(LONDON)
    return f"{short_day(now.date())} {now:%H:%M}"
