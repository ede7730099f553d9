from __future__ import annotations

import json

import pytest

from services.runtime.cli.commands.running.status_report import SILENT_SECONDS, UNHEARD_SECONDS
from services.storage.events.canaries import note_heard, note_published
from services.storage.events.loops import note_beat
from tests.support.command_line import Desk

WELL = "✓ Nothing is overdue."
# The loops of `serve`, each with its name in a sentence.
EMBEDDED = {
    "dispatcher": "event dispatcher",
    "engine": "engine",
    "deliveries": "delivery of alerts",
    "missed": "search for events left alone",
    "closing": "closing of months",
    "drills": "search for drills that are due",
}


def beat(desk: Desk, *names: str) -> None:
    with desk.store() as store, store.writing() as connection:
        for name in names:
            note_beat(connection, name, store.now())


def hear(desk: Desk, *consumers: str) -> None:
    partitions = [(topic, 0) for topic in ("pullcord.notices", "pullcord.entries", "pullcord.matches")]
    with desk.store() as store, store.writing() as connection:
        now = store.now()
        note_published(connection, partitions, now)
        for consumer in consumers:
            note_heard(connection, consumer, dict.fromkeys(partitions, now), now)


def faults(desk: Desk) -> list[str]:
    said: list[str] = json.loads(desk.run("status", "--json").out)["faults"]
    return said


def test_where_nothing_ever_served_no_loop_is_missed(desk: Desk) -> None:
    desk.clock.advance(days=2)
    assert WELL in desk.done("status").out


def test_loops_that_beat_are_well(desk: Desk) -> None:
    beat(desk, *EMBEDDED)
    desk.clock.advance(seconds=SILENT_SECONDS)
    assert WELL in desk.done("status").out


@pytest.mark.parametrize("silent", sorted(EMBEDDED))
def test_a_loop_that_has_ended_is_named_and_fails_the_command(desk: Desk, silent: str) -> None:
    beat(desk, *EMBEDDED)
    desk.clock.advance(seconds=SILENT_SECONDS + 60)
    beat(desk, *(EMBEDDED.keys() - {silent}))
    printed = desk.run("status")
    assert printed.code == 1
    assert WELL not in printed.out
    sentence = f"the {EMBEDDED[silent]} last looked 4 minutes ago: is `pullcord serve` running?"
    assert f"✗ {sentence}" in printed.words
    assert faults(desk) == [sentence]


def test_a_service_that_has_stopped_has_every_loop_named(desk: Desk) -> None:
    beat(desk, *EMBEDDED)
    desk.clock.advance(hours=2)
    assert len(faults(desk)) == len(EMBEDDED)
    assert all("2 hours ago" in fault for fault in faults(desk))


def test_a_loop_that_is_back_is_well(desk: Desk) -> None:
    beat(desk, *EMBEDDED)
    desk.clock.advance(hours=2)
    assert desk.run("status").code == 1
    beat(desk, *EMBEDDED)
    assert WELL in desk.done("status").out


def test_a_clock_that_was_set_back_makes_no_loop_silent(desk: Desk) -> None:
    beat(desk, *EMBEDDED)
    desk.clock.advance(hours=-2)
    assert WELL in desk.done("status").out


def test_a_silent_loop_of_a_distributed_deployment_asks_after_its_roles(desk: Desk) -> None:
    beat(desk, "relay", "engine")
    desk.clock.advance(hours=1)
    beat(desk, "relay")
    assert faults(desk) == ["the engine last looked 1 hour ago: is every role of `pullcord run` running?"]


def test_a_consumer_that_hears_no_canary_is_named(desk: Desk) -> None:
    beat(desk, "relay")
    hear(desk, "matcher", "alerts")
    assert faults(desk) == []
    desk.clock.advance(seconds=UNHEARD_SECONDS + 60)
    beat(desk, "relay")
    hear(desk, "alerts")
    assert desk.run("status").code == 1
    assert faults(desk) == ["the consumer matcher was last heard of 6 minutes ago: is `pullcord run matcher` running?"]


def test_while_the_relay_is_silent_no_consumer_is_blamed(desk: Desk) -> None:
    beat(desk, "relay")
    hear(desk, "matcher", "alerts")
    desk.clock.advance(hours=1)
    assert [fault.partition(" last")[0] for fault in faults(desk)] == ["the relay"]


def test_canaries_of_before_blame_nobody_once_all_runs_in_one_process(desk: Desk) -> None:
    beat(desk, "relay")
    hear(desk, "matcher", "alerts")
    desk.clock.advance(days=2)
    beat(desk, *EMBEDDED)
    assert WELL in desk.done("status").out
