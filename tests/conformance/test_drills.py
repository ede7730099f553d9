"""Runs scenarios of drills on SQLite, on PostgreSQL and distributed."""

from __future__ import annotations

import pytest

from tests.scenarios.drills.test_drills_of_the_month import (
    test_two_processes_at_the_same_time_begin_one_drill as test_two_processes_begin_one,
)
from tests.scenarios.drills.test_unanswered_drills import (
    council,
    test_a_person_starts_one_beside_that_of_the_month,
    test_an_alert_goes_before_the_drills_that_wait,
)

__all__ = [
    "council",
    "test_a_person_starts_one_beside_that_of_the_month",
    "test_an_alert_goes_before_the_drills_that_wait",
    "test_two_processes_begin_one",
]

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]
