"""Health and metrics over HTTP: they report faults, and hold no personal data."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from threading import Event

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from services.alerts.delivery.channels.pool import DeliveryPool, SendJob
from services.alerts.delivery.channels.port import ACCEPTED, SendResult
from services.alerts.message.message import Message
from services.runtime.bootstrap import make_parts
from services.runtime.embedded.event_dispatcher import HANDLED, LEFT_ALONE
from services.runtime.embedded.runner import EmbeddedRunner, Loop
from services.runtime.metrics_port import metrics_served
from services.runtime.server import listen
from services.runtime.settings import Settings
from tests.support.deployment import Deployment
from tests.support.http import ENTRY, NOTICE, NOTICES, Api, make_api_parts, open_api, problem_of

# Every metric of our own that a busy day shows, and its labels.
METRICS = {
    "pullcord_ingest_rows": {"kind", "outcome"},
    "pullcord_ingest_submissions": {"kind", "channel"},
    "pullcord_alert_deliveries": {"outcome"},
    "pullcord_alert_acknowledgements": {"way"},
    "pullcord_alert_oldest_unacknowledged_seconds": set(),
    "pullcord_steps_overdue": set(),
    "pullcord_cases_without_due_time": set(),
    "pullcord_outbox_oldest_seconds": set(),
    "pullcord_outbox_unpublished": set(),
    "pullcord_cases_past_date_unconfirmed": set(),
    "pullcord_first_message_seconds": {"le"},
    "pullcord_events_quarantined": set(),
    "pullcord_cases": {"state"},
    "pullcord_matches": {"level"},
    "pullcord_deliveries": {"state"},
    "pullcord_feed_silent_seconds": {"feed"},
    "pullcord_feed_silence_allowed_seconds": {"feed"},
    "pullcord_events_handled": {"consumer"},
    "pullcord_loops_ended": set(),
    "pullcord_sends_stuck": set(),
    "pullcord_destinations_open": set(),
    "pullcord_clock_jumps": set(),
    "pullcord_log_lines_dropped": set(),
    "pullcord_disk_free_bytes": set(),
    "pullcord_wal_bytes": set(),
    "pullcord_backup_age_seconds": set(),
    "pullcord_api_key_expires_in_seconds": set(),
    "pullcord_http_requests": {"route", "method", "status"},
    "pullcord_http_request_seconds": {"route", "method", "le"},
}

# Metrics that have a label only after a rare event in the process, or with brokers.
RARE = {
    "pullcord_event_conflicts": {"consumer"},
    "pullcord_events_left_alone": {"consumer"},
    "pullcord_events_republished": {"consumer"},
    "pullcord_cases_past_date_newest_seconds": set(),
    "pullcord_canary_age_seconds": {"consumer"},
    "pullcord_loop_age_seconds": {"loop"},
    "pullcord_watchdog_failures": {"kind"},
    "pullcord_watchdog_faults": {"kind"},
}

LABEL_VALUES = re.compile(
    r"[a-z_]{1,40}|-?[0-9]{1,3}|provider:[A-Z]{4}|council:[EWSN]\d{8}"
    r"|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|(?:/[a-z1-]+|/{[a-z_]+(?::path)?})+|\d+\.\d+|\+Inf"
)


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
    """Wait until the condition `what` holds. The test fails after five seconds."""
    for _ in range(500):
        if what():
            return
        Event().wait(0.01)
    pytest.fail("it did not happen in five seconds")


def test_a_whole_house_lives_and_is_ready(api: Api) -> None:
    for path in ("/livez", "/readyz"):
        answer = api.ask(None, "GET", path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "faults": []})


def test_a_database_without_this_versions_schema_is_not_ready_and_says_what_to_do(api: Api) -> None:
    with api.deployment.store.writing() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    answer = api.ask(None, "GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"
    assert "run `pullcord migrate`" in answer.json()["faults"][0]
    assert api.ask(None, "GET", "/livez").status_code == 200


def test_a_database_that_cannot_be_read_is_not_ready_and_gives_no_value_away(api: Api) -> None:
    with api.deployment.store.writing() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("CREATE TABLE alembic_version (other INTEGER)"))
    answer = api.ask(None, "GET", "/readyz")
    assert answer.status_code == 503
    assert "the database" in answer.json()["faults"][0]
    assert "SELECT" not in answer.text


def test_a_loop_that_has_ended_is_not_alive(deployment: Deployment) -> None:
    parts = make_api_parts(deployment)
    runner = EmbeddedRunner(parts)
    with open_api(deployment, runner, parts) as api:
        assert api.ask(None, "GET", "/livez").status_code == 200
        assert runner.loops[0].stop(5)
        answer = api.ask(None, "GET", "/livez")
        assert answer.status_code == 503
        assert answer.json()["faults"] == ["the dispatcher loop has ended"]


@pytest.mark.parametrize("name", ["dispatcher", "engine", "deliveries", "missed", "closing"])
def test_a_process_one_of_whose_loops_has_ended_is_not_ready_and_counts_it(deployment: Deployment, name: str) -> None:
    parts = make_api_parts(deployment)
    runner = EmbeddedRunner(parts)
    with open_api(deployment, runner, parts) as api:
        wait_for(lambda: api.ask(None, "GET", "/readyz").status_code == 200)
        assert next(loop for loop in runner.loops if loop.name == name).stop(5)
        for path in ("/readyz", "/livez"):
            answer = api.ask(None, "GET", path)
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/json")
            assert answer.json() == {"status": "failing", "faults": [f"the {name} loop has ended"]}
        assert value(api, "pullcord_loops_ended") == 1
        # Notices are still accepted. They wait in the database.
        assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202


def test_loops_that_have_yet_to_start_have_not_ended(deployment: Deployment) -> None:
    parts = make_api_parts(deployment)
    assert all(loop.alive for loop in EmbeddedRunner(parts).loops)


def test_a_loop_that_keeps_failing_is_not_ready(deployment: Deployment) -> None:
    def failing() -> int:
        raise LookupError("01632 960123")

    parts = make_api_parts(deployment)
    runner = EmbeddedRunner(parts)
    runner.loops = (*runner.loops[1:], Loop("dispatcher", failing, 0.001))
    with open_api(deployment, runner, parts) as api:
        wait_for(lambda: runner.loops[-1].failing > 1)
        answer = api.ask(None, "GET", "/readyz")
        assert answer.status_code == 503
        assert "the dispatcher loop fails" in answer.json()["faults"][0]
        assert "960123" not in answer.text


class Hanging:
    """A channel that ends no send until `release` is set."""

    def __init__(self) -> None:
        self.release = Event()

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        self.release.wait(20)
        return ACCEPTED


@pytest.mark.parametrize(("hang", "said"), [(1, "1 send has passed"), (3, "3 sends have passed")])
def test_sends_that_hang_are_said_and_take_nobody_out_of_service(deployment: Deployment, hang: int, said: str) -> None:
    channel, rings = Hanging(), list[Callable[[], None]]()

    def alarm(_: object, ring: Callable[[], None]) -> Callable[[], None]:
        rings.append(ring)
        return lambda: None

    pool = DeliveryPool(channel, alarm=alarm)
    parts = replace(make_api_parts(deployment), pool=pool)
    with open_api(deployment, EmbeddedRunner(parts), parts) as api:
        for number in range(hang):
            pool.begin(SendJob(number, f"{number}.example:25", "", Message("", "", ""), "A-1"), lambda *_: None)
            rings[number]()
        answer = api.ask(None, "GET", "/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert [one.startswith(said) for one in answer.json()["warnings"]] == [True]
        assert value(api, "pullcord_sends_stuck") == hang
        channel.release.set()
        wait_for(lambda: pool.under_way == 0)
        assert api.ask(None, "GET", "/readyz").json() == {"status": "ok", "faults": []}
        assert value(api, "pullcord_sends_stuck") == 0


def test_a_process_that_can_send_nothing_to_anybody_is_not_ready(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.alerts.delivery.channels.pool.MOST_UNDER_WAY", 1)
    channel = Hanging()
    pool = DeliveryPool(channel)
    parts = replace(make_api_parts(deployment), pool=pool)
    with open_api(deployment, EmbeddedRunner(parts), parts) as api:
        pool.begin(SendJob(1, "mail.example:25", "", Message("", "", ""), "A-1"), lambda *_: None)
        answer = api.ask(None, "GET", "/readyz")
        assert (answer.status_code, answer.json()["faults"]) == (
            503,
            ["no message can be sent: every send under way hangs"],
        )
        channel.release.set()


def test_with_a_runner_a_posted_notice_becomes_a_case_by_itself(deployment: Deployment) -> None:
    parts = make_api_parts(deployment)
    with open_api(deployment, EmbeddedRunner(parts), parts) as api:
        api.deployment.put_entries(ENTRY)
        assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202
        wait_for(lambda: bool(api.ask("blackpool", "GET", "/v1/cases").json()))


def test_every_metric_is_there_with_its_labels_and_no_label_could_name_anybody(api: Api) -> None:
    # Other tests of this process have consumers of their own.
    for counter in (HANDLED, LEFT_ALONE):
        counter.clear()
    case, alert, _ = api.alerted_case()
    api.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json={"by": "Asha Patel"})
    api.ask("raven", "POST", NOTICES, json={**NOTICE, "id": "n2", "customer_name": "Tower"})
    families = scraped(api)
    assert families.keys() >= METRICS.keys()
    for name, family in families.items():
        assert family.samples or name not in METRICS
        labels = {label for sample in family.samples for label in sample.labels}
        assert labels == METRICS.get(name, RARE.get(name, set()) & labels)
        values = {value for sample in family.samples for value in sample.labels.values()}
        assert all(LABEL_VALUES.fullmatch(value) for value in values), name
        assert case not in values


@pytest.mark.parametrize("who", [None, "raven", "harbour", "blackpool", "regulator"])
def test_nobody_but_the_operator_sees_the_metrics_on_the_port_of_the_api(api: Api, who: str | None) -> None:
    answer = api.ask(who, "GET", "/metrics")
    assert problem_of(answer) == ((401, "unauthenticated") if who is None else (403, "forbidden"))
    assert "pullcord_" not in answer.text


@pytest.mark.parametrize("given", ["Bearer", "Bearer pcd.x.y", "Basic b3BlcmF0b3I6", "bearer nonsense"])
def test_no_other_word_opens_the_metrics(api: Api, given: str) -> None:
    assert api.ask(None, "GET", "/metrics", headers={"Authorization": given}).status_code == 401


@pytest.mark.network
@pytest.mark.enable_socket
@pytest.mark.parametrize("port", [0, 1])
def test_metrics_without_a_key_are_on_a_port_of_their_own_that_the_operator_names(
    deployment: Deployment, port: int
) -> None:
    with listen("127.0.0.1", 0) as free:
        named = free.getsockname()[1] if port else 0
    settings = Settings(_env_file=None, metrics_port=named)
    parts = make_parts(settings, deployment.store, channel=deployment.channel)
    with metrics_served(parts):
        if port:
            assert "pullcord_cases" in httpx.get(f"http://127.0.0.1:{named}/metrics").text
            # The metrics port has no other pages.
            assert httpx.get(f"http://127.0.0.1:{named}/v1/cases").status_code == 404
    parts.pool.close(1)


def test_what_is_due_late_or_forgotten_is_seen(api: Api) -> None:
    api.alerted_case()
    api.deployment.clock.advance(hours=1)
    assert value(api, "pullcord_alert_oldest_unacknowledged_seconds") == 3_600
    assert value(api, "pullcord_cases", state="open") == 1
    assert value(api, "pullcord_steps_overdue") == 0
    assert value(api, "pullcord_feed_silent_seconds", feed="provider:RAVN") > 3_600
    api.deployment.clock.advance(days=30)
    assert value(api, "pullcord_steps_overdue") == 1
    assert value(api, "pullcord_cases_past_date_unconfirmed") == 1


def test_events_that_wait_are_seen(api: Api) -> None:
    assert value(api, "pullcord_outbox_unpublished") == 0
    api.deployment.put_entries(ENTRY)
    api.deployment.clock.advance(minutes=5)
    assert value(api, "pullcord_outbox_unpublished") == 1
    assert value(api, "pullcord_outbox_oldest_seconds") == 300
