from __future__ import annotations

from collections.abc import Callable, Iterator
from random import SystemRandom
from threading import Event, Thread
from time import monotonic

import structlog
from kafka.errors import KafkaError

from services.core.backoff import delay
from services.core.errors import PullcordError
from services.runtime.kafka.brokers.admin_client import BrokersError

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0

# Seconds between two checks while the brokers can be reached. Each check makes a connection of its own.
EVERY_SECONDS = 15.0

# Seconds after which a check under way counts as failed.
PATIENCE_SECONDS = 10.0

# Seconds between two looks for a request to stop.
LOOK_SECONDS = 0.1


class BrokerCheck:
    """Checks the brokers in a thread of its own, because a connection may take half a minute to fail."""

    def __init__(self, check: Callable[[], None], time: Callable[[], float] = monotonic) -> None:
        self._check, self._time = check, time
        self._began: float | None = None
        self._stop = Event()
        # A daemon thread, so that a check that hangs does not delay the end of the process.
        self._thread = Thread(target=self._run, name="broker check", daemon=True)
        self._reached = False
        self._attempt = 0
        self._refused: PullcordError | None = None
        self._fault: str | None = "the brokers have not been reached yet"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def faults(self) -> Iterator[str]:
        began = self._began
        if (fault := self._fault) is not None:
            yield fault
        elif began is not None and self._time() - began > PATIENCE_SECONDS:
            yield "the brokers cannot be used now: they do not answer"

    def reached(self, stop: Event) -> bool:
        """Wait until the brokers answer. Return False if `stop` is set first.

        Raises PullcordError if the operator must correct a fault.
        """
        while not self._reached:
            if self._refused is not None:
                raise self._refused
            if stop.wait(LOOK_SECONDS):
                return False
        return True

    def run_once(self) -> float:
        """Check the brokers. Return the seconds until the next check."""
        self._began = self._time()
        try:
            return self._checked()
        finally:
            self._began = None

    def _checked(self) -> float:
        try:
            self._check()
        # The text of a KafkaError may name hosts, so only its type is shown.
        except KafkaError as error:
            return self._failed(type(error).__name__)
        except PullcordError as error:
            # Only at the start is this the end of the role: later, the outbox and the topics keep what is there.
            if not self._reached and not isinstance(error, BrokersError):
                self._refused = error
            return self._failed(str(error))
        except BaseException as error:  # noqa: BLE001 - a check that has ended would leave the readiness as it was
            return self._failed(type(error).__name__)
        self._reached, self._fault, self._attempt = True, None, 0
        return EVERY_SECONDS

    def _failed(self, why: str) -> float:
        self._fault = f"the brokers cannot be used now: {why}"
        self._attempt += 1
        wait = delay(self._attempt, FIRST_WAIT, LONGEST_WAIT, SystemRandom().random())
        log.warning("brokers_not_reached", error=why, seconds=round(wait, 1))
        return wait

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self.run_once())
