from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.support.http import Api


def scraped(api: Api) -> dict[str, Metric]:
    answer = api.ask("operator", "GET", "/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    ours = (family for family in families if family.name.startswith("pullcord_"))
    return {family.name: family for family in ours if not family.name.endswith("_created")}


def value(api: Api, name: str, **labels: str) -> float:
    samples = scraped(api)[name].samples
    return float(sum(sample.value for sample in samples if labels.items() <= sample.labels.items()))


def wait_for(what: Callable[[], bool]) -> None:
    for _ in range(500):
        if what():
            return
        Event().wait(0.01)
    pytest.fail("it did not happen in five seconds")
