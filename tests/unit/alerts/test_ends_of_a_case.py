from __future__ import annotations

from services.alerts.states.machine import ENDED
from services.storage.tables.cases import ENDS


def test_the_database_and_the_state_table_name_the_same_ends() -> None:
    assert set(ENDS) == {state.value for state in ENDED}
