from __future__ import annotations

import threading

import pytest

from services.alerts.delivery.channels.pool import NO_THREAD, timer
from services.alerts.delivery.channels.port import ACCEPTED
from tests.unit.alerts.channels.pools import Script, Sending


@pytest.mark.parametrize("threads", [0, 1])
def test_a_send_for_which_there_is_no_thread_is_tried_again_and_keeps_no_place(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    sending, left = Sending(Script()), iter([None] * threads)
    sending.pool._alarm = timer
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if next(left, "none") == "none":
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        sending.begin("ok")
    assert (sending.result(), sending.pool.under_way) == (NO_THREAD, 0)
    assert sending.sent("ok") == [ACCEPTED]
