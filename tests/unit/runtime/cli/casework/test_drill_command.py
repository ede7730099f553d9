from __future__ import annotations

import json

import pytest

from services.alerts.delivery.drills.running import DrillRunner
from services.runtime.settings import Settings
from tests.support.command_line import BLACKPOOL, Desk

BY = ("--by", "Asha Patel")


def started(desk: Desk) -> str:
    desk.done("policy", "contact", "add", BLACKPOOL, "desk@council.example")
    said = desk.done("drill", "start", BLACKPOOL, *BY).words
    return next(word for word in said.split() if word.startswith("D-"))


def test_without_a_drill_it_says_so(desk: Desk) -> None:
    assert "There was no drill yet." in desk.done("drill", "list").words


def test_a_drill_is_started_listed_and_answered(desk: Desk) -> None:
    drill = started(desk)
    assert "waits for an answer" in desk.done("drill", "list", "--council", BLACKPOOL).words
    assert f"Drill {drill} is answered." in desk.done("drill", "answer", drill.lower(), *BY).words
    shown = desk.done("drill", "list").words
    assert f"{drill} Blackpool" in shown
    assert "answered 23 Nov 2026 10:00" in shown


def test_a_second_drill_and_a_second_answer_are_refused(desk: Desk) -> None:
    drill = started(desk)
    again = desk.run("drill", "start", BLACKPOOL, *BY)
    assert (again.code, "is running" in again.complaint) == (2, True)
    desk.done("drill", "answer", drill, *BY)
    twice = desk.run("drill", "answer", drill, *BY)
    assert (twice.code, "already" in twice.complaint) == (2, True)


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (("answer", "D-2222-2222", *BY), "no drill with this reference"),
        (("answer", "D-2222-2222", "--by", "system"), "give the name of the person"),
        (("start", "E06000010", *BY), "no council with this code"),
        (("start", BLACKPOOL, "--by", "01632 960123"), "give the name of the person"),
        (("list", "--council", "nowhere"), "GSS code"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(desk: Desk, typed: tuple[str, ...], complaint: str) -> None:
    refused = desk.run("drill", *typed)
    assert (refused.code, complaint in refused.complaint) == (2, True)


def test_none_is_started_at_night(desk: Desk) -> None:
    desk.clock.advance(hours=13)
    assert "working hours" in desk.run("drill", "start", BLACKPOOL, *BY).complaint


def test_the_status_tells_of_a_drill_that_nobody_answered(desk: Desk) -> None:
    started(desk)
    desk.clock.advance(days=1)
    with desk.store() as store:
        while DrillRunner(store, Settings().links_last).run_once():
            pass
    fault = "1 council did not answer the last drill: see `pullcord drill list`"
    assert fault in json.loads(desk.run("status", "--json").out)["faults"]
    assert "not answered: the operator was told" in desk.done("drill", "list").words
