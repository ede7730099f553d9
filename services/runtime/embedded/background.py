from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Condition, Thread
from time import monotonic
from typing import Any

from services.runtime.embedded.link import ProcessLink, TaskState, handle_messages

# Seconds without a word after which the other process counts as stuck. It sends its state every second.
SILENT_SECONDS = 15.0

# Seconds to wait for the metrics of the other process.
METRICS_SECONDS = 2.0

# The exit code of the HTTP process when the other process is gone.
LEFT_ALONE = 70


class RemoteSends:
    def __init__(self) -> None:
        self.full = False
        self.stuck = 0
        self.open = 0


class RemoteTasks:
    def __init__(self, background: Background) -> None:
        self._background = background

    def __iter__(self) -> Iterator[TaskState]:
        return iter(self._background.loops)


class Background:
    def __init__(self, link: ProcessLink) -> None:
        self._link = link
        self._states: tuple[TaskState, ...] = ()
        self._heard_at = monotonic()
        self._metrics: str | None = None
        self._came = Condition()
        self._started = False
        self.sends = RemoteSends()
        self.tasks = RemoteTasks(self)

    def start(self) -> None:
        if self._started:
            return
        self._started = True
        Thread(target=self._listen, name="link", daemon=True).start()

    def stop(self) -> None:
        # The link ends with the process.
        return

    def wake(self) -> None:
        self._link.send({"wake": None})

    @property
    def loops(self) -> tuple[TaskState, ...]:
        if monotonic() - self._heard_at > SILENT_SECONDS:
            return (TaskState("background", alive=True, failing=1),)
        return self._states

    def metrics(self) -> str:
        """Return the metrics of the other process, or an empty text if that process does not answer in time."""
        with self._came:
            self._metrics = None
            self._link.send({"metrics": None})
            self._came.wait_for(lambda: self._metrics is not None, METRICS_SECONDS)
            return self._metrics or ""

    def _listen(self) -> None:
        handle_messages(self._link, {"state": self._take_state, "metrics": self._take_metrics})
        # An API must not go on if it takes notices in, but nobody is alerted.
        os._exit(LEFT_ALONE)

    def _take_state(self, state: dict[str, Any]) -> None:
        self._heard_at = monotonic()
        self._states = tuple(TaskState(**one) for one in state["loops"])
        self.sends.full, self.sends.stuck, self.sends.open = state["full"], state["stuck"], state["open"]

    def _take_metrics(self, text: str) -> None:
        with self._came:
            self._metrics = text
            self._came.notify_all()
