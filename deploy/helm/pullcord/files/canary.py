"""Sends a test line through a running Pullcord, from notice to case, and then withdraws the line (`helm test`).

The line has one of Ofcom's fictional numbers. Its migration lies so far ahead that nobody is alerted. The script needs
only Python.

CANARY_URL is the address of the ingest API. CANARY_COUNCIL is the council's code. CANARY_KEYS is a folder with two
files of keys, `council` and `provider`. Without CANARY_KEYS, the script only waits until the ingest API is ready.
"""  # noqa: INP001 - a script of the chart, in no package

from __future__ import annotations

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_lowercase
from typing import Any

NUMBER = "01632 960999"
DAYS_AHEAD = 300
"""Further away than any threshold at which somebody is told."""
ANSWER_SECONDS = 10
BETWEEN_LOOKS_SECONDS = 1.0


class CanaryError(Exception):
    """The line did not arrive in time, or a request failed."""


@dataclass(frozen=True)
class Canary:
    """A test line that belongs to nobody. Each run has a new `name` for it."""

    url: str
    council: str
    keys: Path | None
    patience: float
    name: str

    def fly(self) -> None:
        """Send the line, wait for its case, withdraw the line, and wait until the case has ended.

        Raises CanaryError if a step fails or takes too long.
        """
        self._until(self._ready, "the ingest API is ready")
        if self.keys is None:
            say("no keys were given: no line was sent through")
            return
        try:
            self._send_in()
            self._until(self._has_case, "the line has its case")
        except CanaryError:
            with suppress(CanaryError):
                self._take_away()
            raise
        self._take_away()
        self._until(lambda: not self._has_case(), "the case has ended")

    def _ready(self) -> bool:
        self._ask("GET", "/readyz")
        return True

    def _send_in(self) -> None:
        day = datetime.now(UTC).date() + timedelta(days=DAYS_AHEAD)
        self._ask("PUT", self._entries, "council", {"entry_id": self.name, "cli": NUMBER})
        self._ask("POST", "/v1/migration-notices", "provider", {**self._notice(), "planned_migration_date": str(day)})

    def _take_away(self) -> None:
        self._ask("POST", "/v1/migration-notices", "provider", {**self._notice(), "status": "withdrawn"})
        self._ask("DELETE", f"{self._entries}/{self.name}", "council")

    def _has_case(self) -> bool:
        return any(case["entry_id"] == self.name for case in self._ask("GET", "/v1/cases?limit=1000", "council"))

    def _notice(self) -> dict[str, Any]:
        return {"id": self.name, "cli": NUMBER, "issued_at": datetime.now(UTC).isoformat()}

    @property
    def _entries(self) -> str:
        return f"/v1/telecare-registers/{self.council}/entries"

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until the condition holds, trying again after a failed request.

        Raises CanaryError if this takes too long.
        """
        started, refused = time.monotonic(), ""
        while time.monotonic() - started < self.patience:
            try:
                if holds():
                    say(f"{what}: after {time.monotonic() - started:.1f} s")
                    return
            except CanaryError as error:
                refused = f" ({error})"
            time.sleep(BETWEEN_LOOKS_SECONDS)
        raise CanaryError(f"not in {self.patience:.0f} s: {what}{refused}")

    def _ask(self, method: str, path: str, who: str = "", body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if who and self.keys:
            headers["Authorization"] = f"Bearer {(self.keys / who).read_text().strip()}"
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", sent, headers, method=method)  # noqa: S310 - our own ingest API
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - likewise
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise CanaryError(f"{method} {path.partition('?')[0]} answers {error.code}") from None
        except OSError as error:
            raise CanaryError(f"{method} {path.partition('?')[0]} cannot be asked: {type(error).__name__}") from None
        return _accepted(json.loads(text)) if text else None


def _accepted(answer: Any) -> Any:
    """Return the answer. Raises CanaryError if the answer says that a row was rejected."""
    if isinstance(answer, dict) and answer.get("counts", {}).get("rejected"):
        codes = [issue["code"] for row in answer["rows_with_issues"] for issue in row["issues"]]
        raise CanaryError(f"the row was rejected: {', '.join(codes)}")
    return answer


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> int:
    keys = os.environ.get("CANARY_KEYS")
    canary = Canary(
        url=os.environ["CANARY_URL"].rstrip("/"),
        council=os.environ.get("CANARY_COUNCIL", ""),
        keys=Path(keys) if keys else None,
        patience=float(os.environ.get("CANARY_PATIENCE_SECONDS", "60")),
        # Letters alone: a reference that could be taken for a telephone number is not shown.
        name="canary-" + "".join(secrets.choice(ascii_lowercase) for _ in range(8)),
    )
    try:
        canary.fly()
    except CanaryError as error:
        say(f"the canary did not come through: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
