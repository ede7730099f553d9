"""The variable `PULLCORD_TEST_INTERLEAVINGS` sets the number of pairs. A pair is a notice and a register entry."""
# `PULLCORD_TEST_SEED` repeats random choices, but not the timing of the processes.

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from random import Random, SystemRandom
from time import monotonic

import pytest
from sqlalchemy import func, select

from services.storage.store import Store
from services.storage.tables import quarantine
from tests.interleavings.afresh import NONE, differences, live_matches
from tests.interleavings.submissions.pace import CLOSE, MANY
from tests.interleavings.workers.mutants import probing, remove_share_lock
from tests.interleavings.workers.running import write, write_and_match
from tests.interleavings.workers.trouble import hold_up_at_random

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, pytest.mark.timeout(3600)]

PAIRS = int(os.environ.get("PULLCORD_TEST_INTERLEAVINGS", "10000"))
ROUND = 300
# A mistake must show within this many rounds. The first round is nearly always enough.
ROUNDS = 12

Show = Callable[[str], None]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    # The text is printed even if the test passes.
    def say(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return say


@pytest.fixture
def noise(store: Store, show: Show) -> Random:
    seed = int(os.environ.get("PULLCORD_TEST_SEED") or SystemRandom().randrange(10**6))
    show(f"PULLCORD_TEST_SEED={seed}")
    hold_up_at_random(store.engine, Random(seed), share=0.02, seconds=0.004)
    return Random(seed)


def rounds() -> Iterator[range]:
    return (range(start, start + ROUND) for start in range(0, ROUND * ROUNDS, ROUND))


def test_after_any_interleaving_the_matches_are_those_the_records_call_for(
    store: Store, noise: Random, show: Show
) -> None:
    began = monotonic()
    counts = write_and_match(store, noise, range(PAIRS), MANY)
    seconds = round(monotonic() - began)
    show(f"{PAIRS} pairs in {seconds} s: {dict(counts)}; {live_matches(store)} matches")
    assert differences(store) == NONE
    assert set_aside(store) == 0


def test_records_that_change_while_they_are_matched_leave_no_match_behind(store: Store, noise: Random) -> None:
    write_and_match(store, noise, range(ROUND), CLOSE)
    assert differences(store) == NONE
    assert live_matches(store) > 0


def test_without_the_share_lock_they_leave_stale_matches(store: Store, noise: Random) -> None:
    found = NONE
    for pairs in rounds():
        write_and_match(store, noise, pairs, CLOSE, remove_share_lock)
        found = differences(store)
        if found.stale:
            break
    assert found.stale


def test_with_the_probe_in_the_writing_transaction_matches_are_missed(store: Store, noise: Random) -> None:
    found = NONE
    for pairs in rounds():
        write(probing(store), noise, pairs, MANY)
        found = differences(store)
        if found.missed:
            break
    assert found.missed


def set_aside(store: Store) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(quarantine)) or 0
