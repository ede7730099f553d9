from __future__ import annotations
from collections.abc import Iterator
import pytest, schemathesis
from hypothesis import HealthCheck, settings
from tests.support.house import House, sqlite_engine
from tests.support.http import served_door

@pytest.fixture(scope="module")
def served(tmp_path_factory):
    engine = sqlite_engine(tmp_path_factory.mktemp("house"))
    with served_door(House(engine).with_officers()) as door:
        yield door
    engine.dispose()

@pytest.fixture(scope="module")
def api(served):
    url, _ = served
    return schemathesis.openapi.from_url(f"{url}/openapi.json")

schema = schemathesis.pytest.from_fixture("api")

@pytest.mark.network
@pytest.mark.enable_socket
@schema.parametrize()
@settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_api(case, served):
    _, keys = served
    who = "raven" if "migration" in case.path or "submissions" in case.path else "blackpool"
    case.call_and_validate(headers={"Authorization": f"Bearer {keys[who]}"})
