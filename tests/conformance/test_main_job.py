from __future__ import annotations

import pytest

from tests.scenarios.cases.test_a_persons_word import *  # noqa: F403
from tests.scenarios.cases.test_case_life import *  # noqa: F403
from tests.scenarios.cases.test_withdrawn_notices_are_told import *  # noqa: F403
from tests.scenarios.delivery.test_alerting import *  # noqa: F403
from tests.scenarios.delivery.test_deliveries import *  # noqa: F403
from tests.scenarios.operation.test_what_is_set_aside import *  # noqa: F403
from tests.scenarios.records.test_a_line_at_risk import *  # noqa: F403
from tests.scenarios.records.test_matches_to_check import *  # noqa: F403
from tests.scenarios.records.test_matching import *  # noqa: F403
from tests.scenarios.records.test_replacing_a_register import *  # noqa: F403
from tests.scenarios.records.test_superseded_notices import *  # noqa: F403
from tests.scenarios.records.test_waiting_matches import *  # noqa: F403
from tests.scenarios.submissions.test_posting_records import *  # noqa: F403
from tests.scenarios.submissions.test_reading_addresses_again import *  # noqa: F403

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]
