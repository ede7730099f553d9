from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from services.alerts.delivery.channels.pool import (
    TIMED_OUT,
    DeliveryPool,
    SendJob,
)
from services.alerts.delivery.channels.port import ACCEPTED, Channel, SendOutcome, SendResult
from services.alerts.message.message import Message

MESSAGE = Message("subject", "text", "<p>html</p>")
PATIENCE = 20
HERE, THERE = "mail.example:25", "other.example:25"


class Alarms:
    def __init__(self) -> None:
        self.armed: list[tuple[float, Callable[[], None]]] = []
        self.called_off: list[int] = []

    def __call__(self, seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
        self.armed.append((seconds, ring))
        number = len(self.armed) - 1
        return lambda: self.called_off.append(number)

    def ring(self, number: int) -> None:
        self.armed[number][1]()


class Script:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.threads: list[threading.Thread] = []
        self.under_way = threading.Semaphore(0)
        self.release = threading.Event()
        self.all_arrived = threading.Barrier(3)

    def send(self, route: str, message: Message, reference: str) -> SendResult:
        self.sent.append((route, reference))
        self.threads.append(threading.current_thread())
        self.under_way.release()
        answer: Callable[[], SendResult] = getattr(self, route)
        return answer()

    def ok(self) -> SendResult:
        return ACCEPTED

    def no(self) -> SendResult:
        return SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")

    def busy(self) -> SendResult:
        return SendResult(SendOutcome.FAILED_TEMPORARY, "connection_refused")

    def fault(self) -> SendResult:
        raise RuntimeError

    def stuck(self) -> SendResult:
        assert self.release.wait(PATIENCE)
        return ACCEPTED

    def together(self) -> SendResult:
        self.all_arrived.wait(PATIENCE)
        return ACCEPTED


class Sending:
    def __init__(self, channel: Channel, **more: Any) -> None:
        self.now = 0.0
        self.alarms = Alarms()
        self.results: SimpleQueue[tuple[int, SendResult]] = SimpleQueue()
        self.begun = 0
        self.pool = DeliveryPool(channel, alarm=self.alarms, time=lambda: self.now, random=lambda: 0.0, **more)

    def begin(self, *routes: str, to: str = HERE) -> None:
        for route in routes:
            self.begun += 1
            job = SendJob(self.begun, to, route, MESSAGE, f"A-{self.begun}")
            self.pool.begin(job, lambda job, result: self.results.put((job.delivery, result)))

    def result(self) -> SendResult:
        return self.results.get(timeout=PATIENCE)[1]

    def sent(self, *routes: str, to: str = HERE) -> list[SendResult]:
        found = []
        for route in routes:
            self.begin(route, to=to)
            found.append(self.result())
        return found

    def stick(self, channel: Script, count: int, to: str = HERE) -> None:
        # The sends hang until their deadlines pass.
        first = len(self.alarms.armed)
        self.begin(*["stuck"] * count, to=to)
        for number in range(count):
            assert channel.under_way.acquire(timeout=PATIENCE)
            self.alarms.ring(first + number)
            assert self.result() == TIMED_OUT
