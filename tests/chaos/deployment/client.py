from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread

import httpx

from tests.chaos.judging.history import Accepted, EntryVersion, History, NoticeVersion

# Seconds that a client waits for an answer.
PATIENCE = 5.0
# Seconds between two requests of a client.
BREATH = 0.1
# Seconds in which the last request must get its answer.
LAST_WORD_SECONDS = 90.0


@dataclass
class Client(ABC):
    name: str
    url: str
    key: str
    history: History
    noise: random.Random
    _stopped: Event = field(default_factory=Event)

    @abstractmethod
    def act(self, http: httpx.Client) -> None:
        """Send requests, and add each request and its answer to the history."""

    def start(self) -> None:
        self._thread = Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        # The present request is still repeated until it has an answer.
        self._stopped.set()

    def ended(self) -> bool:
        self._thread.join(LAST_WORD_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE) as http:
            while not self._stopped.is_set():
                self.act(http)
                self._stopped.wait(BREATH)

    def _answered(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        while True:
            try:
                answer = request()
            except httpx.HTTPError as error:
                self._again(type(error).__name__)
                continue
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return answer
            self._again(f"answered {answer.status_code}")

    def _again(self, reason: str) -> None:
        self.history.tried_again[reason] += 1
        Event().wait(BREATH)

    def _note(self, answer: httpx.Response, rows: Sequence[NoticeVersion | EntryVersion]) -> None:
        if answer.status_code == httpx.codes.ACCEPTED:
            receipt = answer.json()
            self.history.accepted.append(Accepted(receipt["submission"], rows, receipt["repeated"]))
        else:
            self._refused(answer)

    def _refused(self, answer: httpx.Response) -> None:
        self.history.refused.append(f"{self.name}: {answer.status_code} {answer.text[:200]}")

    def _written(self, number: str) -> str:
        forms = (number, f"{number[:5]} {number[5:]}", f"+44{number[1:]}", f"+44 (0){number[1:5]} {number[5:]}")
        return self.noise.choice(forms)
