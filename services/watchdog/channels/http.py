from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests

from services.core.errors import RefusedError
from services.watchdog.message import WatchdogMessage

# Seconds for the connection, and between two pieces of the answer.
SECONDS = (5.0, 15.0)


class HttpRefusedError(OSError):
    """The server answered, but did not accept the request."""


@dataclass(frozen=True, slots=True)
class WatchdogWebhook:
    """`send` raises OSError if the server does not accept the message."""

    url: str

    @property
    def name(self) -> str:
        return "webhook"

    def send(self, message: WatchdogMessage) -> None:
        _asked("POST", self.url, json=message.data)


@dataclass(frozen=True, slots=True)
class ExternalHeartbeat:
    """`ping` raises OSError if a ping fails."""

    url: str

    def ping(self) -> None:
        _asked("GET", self.url)


def checked_url(setting: str, url: str) -> str:
    if not url.startswith(("https://", "http://")) or not url.partition("://")[2].strip("/ "):
        raise RefusedError(f"{setting} is no URL: write it as https://…")
    return url


def _asked(method: str, url: str, **more: Any) -> None:
    # The body of the answer is never read: it may be endless. A redirect could lead the message elsewhere.
    with requests.request(method, url, timeout=SECONDS, allow_redirects=False, stream=True, **more) as answer:
        if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise HttpRefusedError(f"answered {answer.status_code}")
