"""Simulates `PULLCORD_TEST_MONTHS` months. Without this variable, the test is skipped."""
# `PULLCORD_TEST_SEED` repeats the months of an earlier run.

from __future__ import annotations

import os
import sys

import pytest

from tests.simulation.many import Totals, new_seed, seeds, simulated

MONTHS = int(os.environ.get("PULLCORD_TEST_MONTHS", "40"))
pytestmark = [
    pytest.mark.timeout(3_600),
    # New months in each run: a rare fault would fail the run of somebody else's change.
    pytest.mark.skipif(
        "PULLCORD_TEST_MONTHS" not in os.environ,
        reason="a rare month may break a promise (docs/testing.md): set PULLCORD_TEST_MONTHS",
    ),
]


def test_every_promise_holds_in_every_month_and_every_class_of_fault_comes(capsys: pytest.CaptureFixture[str]) -> None:
    totals = Totals(int(os.environ.get("PULLCORD_TEST_SEED") or new_seed()))
    with capsys.disabled():
        sys.stdout.write(f"\nPULLCORD_TEST_SEED={totals.seed}\n")
    for seed, found in simulated(seeds(totals.seed, MONTHS)):
        totals.add(seed, found)
    # `python -m tests.simulation --month SEED --shorten` shows the shortest history that still breaks the promise.
    assert totals.broken == {}
    assert totals.too_rare == {}
