from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from services.alerts.delivery.digest import Presentation
from services.core.match_reference import match_reference
from services.core.tokens import Tokeniser
from services.runtime.app import make_app
from services.runtime.bootstrap import Parts, make_parts
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.server import listen, served
from services.runtime.settings import Settings
from services.storage.feeds import add_feed
from services.storage.secrets.keys import Role, create_key
from tests.support.deployment import BLACKPOOL, RAVEN, Deployment

CARDIFF = "council:W06000015"
HARBOUR = "provider:HBRT"
# The callers, by the names that tests use.
KEYS = {
    "raven": (Role.PROVIDER, RAVEN),
    "harbour": (Role.PROVIDER, HARBOUR),
    "blackpool": (Role.COUNCIL, BLACKPOOL),
    "cardiff": (Role.COUNCIL, CARDIFF),
    "regulator": (Role.REGULATOR, None),
    "operator": (Role.OPERATOR, None),
}

MOST_ROWS = 50
# Tests ask more often than anybody else.
NO_RATES = {"key_rate": 1_000_000, "link_rate": 1_000_000, "failure_rate": 1_000_000}
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NDJSON = "application/x-ndjson"
PROBLEM = "application/problem+json"
ENTRIES = "/v1/telecare-registers/E06000009/entries"
REGISTER_UPLOADS = "/v1/telecare-registers/E06000009/uploads"
NOTICES = "/v1/migration-notices"
NOTICE_UPLOADS = "/v1/migration-notices/uploads"

# The first notice and the first entry of a deployment of a test, and two that no deployment has.
MATCH = match_reference(Tokeniser(b"t" * 32), 1, 1)
NO_MATCH = match_reference(Tokeniser(b"t" * 32), 8, 9)

ENTRY = {"entry_id": "e1", "cli": "01632 960123", "postcode": "FY3 8AB", "address_lines": ["12 Tower Road"]}
NOTICE = {
    "id": "n1",
    "cli": "+44 1632 960123",
    "planned_migration_date": "2026-12-03",
    "issued_at": "2026-11-20T09:00:00Z",
}


@dataclass
class Api:
    deployment: Deployment
    parts: Parts
    app: FastAPI
    keys: dict[str, str]
    portal: BlockingPortal
    client: AsyncClient

    def ask(self, who: str | None, method: str, path: str, **sent: Any) -> Response:
        headers = {**self.header(who), **sent.pop("headers", {})}
        return self.portal.call(lambda: self.client.request(method, path, headers=headers, **sent))

    def send_form(self, link: str, **fields: Any) -> Response:
        """Send a form, follow the redirect, and return the page."""
        return self.ask(None, "POST", link, data=fields, follow_redirects=True)

    def header(self, who: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"} if who else {}

    def put_at_risk(self) -> None:
        self.deployment.put_entries(ENTRY)
        self.deployment.post_notices(NOTICE)
        # Alerts are gathered for 30 seconds before they are sent.
        self.deployment.tick(seconds=31)

    def alerted_case(self) -> tuple[str, str, str]:
        """Return the references of a new case and its alert, and the path of the link in the mail."""
        self.put_at_risk()
        alert = self.deployment.mails()[-1].reference.split(".")[0]
        return self.deployment.cases()[0].reference, alert, newest_link(self)

    def alerted_cases(self, number: int) -> tuple[list[str], str]:
        """Open `number` cases and send alerts. Return the references of the cases, and the path of the newest link."""
        for own in range(1, number + 1):
            self.deployment.put_entries({**ENTRY, "entry_id": f"e{own}", "cli": f"01632 96012{own}"})
            self.deployment.post_notices({**NOTICE, "id": f"n{own}", "cli": f"01632 96012{own}"})
        self.deployment.tick(seconds=31)
        return [case.reference for case in self.deployment.cases()], newest_link(self)


def links_of(text: str) -> list[str]:
    paths = (word.removeprefix("https://pullcord.example") for word in text.split())
    return [path for path in paths if path.startswith("/a/")]


def newest_link(api: Api, route: str | None = None) -> str:
    mails = (mail for mail in reversed(api.deployment.mails()) if route in (None, mail.route))
    return next(filter(None, (links_of(mail.message.text) for mail in mails)))[0]


def problem_of(response: Response) -> tuple[int, str]:
    assert response.headers["content-type"] == PROBLEM
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == f"urn:pullcord:request:{body['request_id']}"
    assert response.headers["X-Request-Id"] == body["request_id"]
    prefix, _, kind = body["type"].rpartition(":")
    assert prefix == "urn:pullcord:problem"
    return response.status_code, kind


def make_api_parts(deployment: Deployment, **rates: int) -> Parts:
    # The limits are small enough for a test to reach. `rates` are settings of the rate limits.
    limits = {"max_body_mib": 1, "max_rows": MOST_ROWS, "poll_seconds": 0.05, **NO_RATES, **rates}
    settings = Settings(_env_file=None).model_copy(update=limits)
    return make_parts(
        settings, deployment.store, Presentation("https://pullcord.example", settings.links_last), deployment.channel
    )


def make_keys(deployment: Deployment) -> dict[str, str]:
    # A key belongs to a feed, so the second provider and the second council are added before their keys.
    add_feed(deployment.store, "council", "W06000015", "Cardiff")
    add_feed(deployment.store, "provider", "HBRT", "Harbour Telecom")
    return {name: create_key(deployment.store, role, feed, name) for name, (role, feed) in KEYS.items()}


@contextmanager
def open_api(deployment: Deployment, runner: EmbeddedRunner | None = None, parts: Parts | None = None) -> Iterator[Api]:
    parts = parts or make_api_parts(deployment)
    keys = make_keys(deployment)
    app = make_app(parts, runner)
    client = AsyncClient(transport=ASGITransport(app), base_url="https://pullcord.example")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        yield Api(deployment, parts, app, keys, portal, client)
        # The client is closed inside the portal, because the portal's event loop ends with the block.
        portal.call(client.aclose)
    parts.pool.close(1)


@pytest.fixture
def api(deployment: Deployment) -> Iterator[Api]:
    with open_api(deployment) as opened:
        yield opened


@contextmanager
def served_api(deployment: Deployment) -> Iterator[tuple[str, dict[str, str]]]:
    parts, keys = make_api_parts(deployment), make_keys(deployment)
    with served(make_app(parts), listen("127.0.0.1", 0)) as url:
        yield url, keys
    parts.pool.close(1)
