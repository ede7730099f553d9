"""Looks for faults in the database, and sends messages about faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from time import monotonic
from typing import Final, Protocol

import structlog
from sqlalchemy import Engine

from services.core.clock import Clock
from services.storage.database.engine import reading
from services.watchdog import metrics
from services.watchdog.channels.http import ExternalHeartbeat
from services.watchdog.findings import FaultGroup, Findings
from services.watchdog.look import look
from services.watchdog.message import WatchdogMessage, cannot_look, message_of
from services.watchdog.news import has_news
from services.watchdog.store.raised import forget_raised, raised_findings, replace_raised

log = structlog.get_logger()

# After this number of looks in a row that failed, somebody is told [P].
FAILED_LOOKS: Final = 3


class OwnChannel(Protocol):
    """A channel that is separate from the channels of alerts."""

    @property
    def name(self) -> str: ...

    def send(self, message: WatchdogMessage) -> None: ...


@dataclass
class RecordWatch:
    """All methods must be called on the same thread."""

    engine: Engine
    clock: Clock
    deployment: str
    channels: Sequence[OwnChannel]
    heartbeat: ExternalHeartbeat | None
    # The same findings are raised again after this time.
    repeat: timedelta
    timer: Callable[[], float] = monotonic
    _failed: int = 0
    _told_failed_at: datetime | None = None

    def run_once(self) -> Findings:
        """Look for faults once, and send a message if a message is due.

        Raises the database's error if the database cannot be read or written.
        """
        now, began = self.clock.now(), self.timer()
        try:
            found = look(self.engine, now)
            metrics.show(found, now, self.timer() - began)
            self._raise(list(found), now)
        except Exception:
            self.note_failed(now)
            raise
        self._failed, self._told_failed_at = 0, None
        # A clock that stands or a slow look is no reason to keep the heartbeat back: only a fault is.
        if not found:
            self._ping()
        return found

    def _raise(self, groups: Sequence[FaultGroup], now: datetime) -> None:
        with reading(self.engine).begin() as connection:
            raised = raised_findings(connection)
        # With nothing found and something raised before, the message says that all is well again.
        if not (has_news(groups, raised, now, self.repeat) if groups else raised):
            if gone := raised.keys() - {(one.kind, one.feed_id) for one in groups}:
                with self.engine.begin() as connection:
                    forget_raised(connection, gone)
            return
        # Written only after somebody accepted it. A crash between the two sends it once more.
        if self._send(message_of(groups, self.deployment, now)):
            with self.engine.begin() as connection:
                replace_raised(connection, groups, now)

    def _send(self, message: WatchdogMessage) -> bool:
        # Every channel is tried: one that is dead must not keep the message from another.
        accepted = [self._sent_by(channel, message) for channel in self.channels]
        return any(accepted)

    def _sent_by(self, channel: OwnChannel, message: WatchdogMessage) -> bool:
        try:
            channel.send(message)
        except (OSError, SMTPException, ValueError) as error:
            # Never the text: it may hold the address of a recipient, or a secret URL.
            log.error("watchdog_message_failed", channel=channel.name, error=type(error).__name__)
            metrics.FAILED.labels("message").inc()
            return False
        log.warning("watchdog_message_sent", channel=channel.name)
        return True

    def _ping(self) -> None:
        if self.heartbeat is None:
            return
        try:
            self.heartbeat.ping()
        except (OSError, ValueError) as error:
            log.error("heartbeat_failed", error=type(error).__name__)
            metrics.FAILED.labels("heartbeat").inc()
        else:
            metrics.PINGS.inc()

    def note_failed(self, now: datetime) -> None:
        """Count a failed look. Send a message after `FAILED_LOOKS` failed looks in a row."""
        metrics.FAILED.labels("look").inc()
        self._failed += 1
        told = self._told_failed_at
        if self._failed < FAILED_LOOKS or (told is not None and now < told + self.repeat):
            return
        if self._send(cannot_look(self.deployment, self._failed, now)):
            self._told_failed_at = now
