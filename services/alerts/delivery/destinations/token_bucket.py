"""Limits the number of messages a minute. The caller supplies the current time."""

from __future__ import annotations

from dataclasses import dataclass, field

# Seconds of the rate that may go at once [P]. They must be longer than the wait between two looks for due deliveries.
# So in any minute go at most 65 seconds of the rate, and one message.
BURST_SECONDS = 5.0
MINUTE = 60.0


@dataclass(slots=True)
class TokenBucket:
    # Times are in seconds of a monotonic clock.
    a_minute: int
    _tokens: float = field(init=False)
    _filled_at: float | None = None

    def __post_init__(self) -> None:
        self._tokens = self._most

    def left(self, now: float) -> int:
        self._fill(now)
        return max(0, int(self._tokens))

    def take(self, now: float) -> None:
        # A message that goes without a place, such as a test message, is taken from those that come later.
        self._fill(now)
        self._tokens -= 1

    @property
    def _most(self) -> float:
        # With one token more, a rate below one a look loses nothing between two looks.
        return 1 + self.a_minute * BURST_SECONDS / MINUTE

    def _fill(self, now: float) -> None:
        since = 0.0 if self._filled_at is None else max(0.0, now - self._filled_at)
        self._tokens = min(self._most, self._tokens + since * self.a_minute / MINUTE)
        self._filled_at = now
