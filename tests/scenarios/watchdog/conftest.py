from __future__ import annotations

import pytest

from tests.scenarios.watchdog.watching import found, run_for
from tests.support.deployment import Deployment
from tests.support.one_line import ENTRY, notice


@pytest.fixture
def alerted(deployment: Deployment) -> Deployment:
    deployment.put_entries(ENTRY)
    deployment.post_notices(notice(in_days=30))
    deployment.settle()
    run_for(deployment, hours=2)
    assert len(deployment.mails()) == 1
    assert found(deployment) == {}
    return deployment
