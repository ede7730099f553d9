from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

# File descriptors kept for the database, the log, deliveries and what the libraries open.
KEPT_DESCRIPTORS: Final = 256
FEWEST_CONNECTIONS: Final = 16


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The limits are our own choice: no source prescribes them."""

    connections: int = 512
    # Seconds within which the head of a request must arrive.
    head_seconds: float = 10.0
    # Seconds for which a caller may stop reading its answer.
    answer_seconds: float = 30.0


@dataclass(slots=True)
class ConnectionPlaces:
    # The connections are in the order of their start.
    limits: ConnectionLimits
    taken: dict[GuardedProtocol, None] = field(default_factory=dict)

    def take(self, connection: GuardedProtocol) -> None:
        """Give the connection a place. If no place is free, cut off an older connection or this one."""
        if len(self.taken) >= self.limits.connections:
            self._make_room(connection)
        else:
            self.taken[connection] = None

    def _make_room(self, connection: GuardedProtocol) -> None:
        # A connection with a complete request keeps its place until the answer is sent.
        oldest = next((one for one in self.taken if not one.at_work), None)
        if oldest is None:
            connection.cut_off()
            return
        del self.taken[oldest]
        oldest.cut_off()
        self.taken[connection] = None


class GuardedProtocol(H11Protocol):
    def __init__(self, *given: Any, places: ConnectionPlaces, **named: Any) -> None:
        super().__init__(*given, **named)
        self._places = places
        self._head_due: asyncio.TimerHandle | None = None
        self._taking_due: asyncio.TimerHandle | None = None

    @property
    def at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._places.take(self)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._places.taken.pop(self, None)
        self._forget(self._head_due)
        self._forget(self._taking_due)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            # More bytes do not move the deadline: a head that trickles in would never end.
            self._expect_head()
        else:
            self._forget(self._head_due)
            self._head_due = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking_due = self.loop.call_later(self._places.limits.answer_seconds, self.cut_off)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget(self._taking_due)

    def cut_off(self) -> None:
        # No answer is sent, because the caller might not take it either.
        self.transport.abort()

    def _expect_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(self._places.limits.head_seconds, self.cut_off)

    @staticmethod
    def _forget(due: asyncio.TimerHandle | None) -> None:
        if due is not None:
            due.cancel()


def protocol_within(limits: ConnectionLimits) -> Callable[..., GuardedProtocol]:
    """Return a factory for connections. All connections of one factory share `limits`."""
    # A process that may open only few files gets a lower limit on the number of connections.
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = limits.connections if soft == resource.RLIM_INFINITY else min(limits.connections, soft - KEPT_DESCRIPTORS)
    within = ConnectionLimits(max(most, FEWEST_CONNECTIONS), limits.head_seconds, limits.answer_seconds)
    places = ConnectionPlaces(within)

    def connect(*given: Any, **named: Any) -> GuardedProtocol:
        return GuardedProtocol(*given, places=places, **named)

    return connect


def allow_descriptors() -> None:
    # Many systems start with 1,024.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
