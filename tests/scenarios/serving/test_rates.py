from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace

import pytest
from httpx import Response

from services.web import rates
from tests.support.deployment import Deployment
from tests.support.http import NOTICE, NOTICES, Api, make_api_parts, open_api, problem_of

RATE = 5


class Now:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def time(self) -> float:
        return self.seconds


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    made = Now()
    clock = SimpleNamespace(time=made.time)
    for module in ("limits.storage.memory", "limits.strategies", "services.web.rates"):
        monkeypatch.setattr(f"{module}.time", clock)
    return made


@contextmanager
def limited(deployment: Deployment) -> Iterator[Api]:
    with open_api(
        deployment, parts=make_api_parts(deployment, key_rate=RATE, link_rate=RATE, failure_rate=RATE)
    ) as api:
        yield api


def refused(answer: Response) -> int:
    """Check that the request was refused. Return the seconds until the caller may ask again."""
    assert problem_of(answer) == (429, "too-many-requests")
    return int(answer.headers["Retry-After"])


def test_a_key_that_asks_too_often_is_told_to_wait_and_another_is_answered(deployment: Deployment, now: Now) -> None:
    with limited(deployment) as api:
        answers = [api.ask("raven", "POST", NOTICES, json=NOTICE) for _ in range(RATE + 2)]
        assert [answer.status_code for answer in answers[:RATE]] == [202] * RATE
        assert all(1 <= refused(answer) <= 120 for answer in answers[RATE:])
        assert api.ask("harbour", "POST", NOTICES, json={**NOTICE, "id": "h"}).status_code == 202
        assert api.ask("blackpool", "GET", "/v1/cases").status_code == 200


@pytest.mark.parametrize("seed", range(4))
def test_after_the_time_that_was_named_the_key_is_answered_again(deployment: Deployment, now: Now, seed: int) -> None:
    random = Random(seed)
    with limited(deployment) as api:
        for _ in range(3):
            while (answer := api.ask("raven", "POST", NOTICES, json=NOTICE)).status_code == 202:
                now.seconds += random.random()
            now.seconds += refused(answer)
            assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202


WRONG: dict[str, Callable[[Api], Response]] = {
    "no key": lambda api: api.ask(None, "GET", "/v1/cases"),
    "an unknown key": lambda api: api.ask(
        None, "GET", "/v1/cases", headers={"Authorization": "Bearer pcd.0123456789ab.wrong"}
    ),
    "a right id and a wrong secret": lambda api: api.ask(
        None, "GET", "/v1/cases", headers={"Authorization": f"Bearer {api.keys['raven'].rpartition('.')[0]}.guess"}
    ),
    "a wrong link": lambda api: api.ask(None, "GET", "/a/A-2222-2222.guess"),
    "a wrong code that is sent": lambda api: api.ask(None, "POST", "/a/A-2222-2222.guess", data={"name": "Asha Patel"}),
    "the metrics without a key": lambda api: api.ask(None, "GET", "/metrics"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_keys_links_and_codes_are_refused_after_a_few(deployment: Deployment, now: Now, wrong: str) -> None:
    with limited(deployment) as api:
        answers = [WRONG[wrong](api) for _ in range(RATE + 1)]
        assert {answer.status_code for answer in answers[:RATE]} <= {401, 404}
        now.seconds += refused(answers[RATE])
        assert WRONG[wrong](api).status_code in {401, 404}


@pytest.mark.parametrize("seed", range(4))
def test_failures_of_every_kind_are_counted_together_and_stop_nobody_with_a_right_key(
    deployment: Deployment, now: Now, seed: int
) -> None:
    random = Random(seed)
    with limited(deployment) as api:
        answers = [WRONG[random.choice(list(WRONG))](api) for _ in range(3 * RATE)]
        assert [answer.status_code == 429 for answer in answers] == [False] * RATE + [True] * 2 * RATE
        assert api.ask("blackpool", "GET", "/v1/cases").status_code == 200
        _, _, link = api.alerted_case()
        assert api.ask(None, "GET", link).status_code == 200


def test_a_page_that_is_asked_for_too_often_is_refused_and_another_is_shown(deployment: Deployment, now: Now) -> None:
    with limited(deployment) as api:
        _, _, link = api.alerted_case()
        answers = [api.ask(None, "GET", link) for _ in range(RATE + 1)]
        assert [answer.status_code for answer in answers[:RATE]] == [200] * RATE
        assert refused(answers[RATE]) >= 1


def test_health_is_never_refused(deployment: Deployment, now: Now) -> None:
    with limited(deployment) as api:
        assert {api.ask(None, "GET", "/livez").status_code for _ in range(10 * RATE)} == {200}


def test_the_rates_of_a_deployment_are_those_of_its_settings() -> None:
    assert rates.Rates() == rates.Rates(key=3_000, link=120, failures=60)
