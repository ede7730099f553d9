from __future__ import annotations

import pytest

from tests.scenarios.oversight.test_audit_check import *  # noqa: F403
from tests.scenarios.oversight.test_oversight import *  # noqa: F403

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]
