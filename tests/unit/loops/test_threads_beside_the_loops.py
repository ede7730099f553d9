from __future__ import annotations

from datetime import timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from services.runtime.embedded.runner import Loop
from services.runtime.kafka import outbox_listener as waking
from services.runtime.kafka.brokers.publishing import RelayError
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.outbox_listener import OutboxListener
from services.runtime.kafka.relay_supervisor import RelaySupervisor
from services.runtime.kafka.watchdog import Watchdog
from tests.support.deployment import Deployment
from tests.unit.loops.faults import A_FEW, EVERY, kind_of

WITHIN = 20.0


@pytest.mark.parametrize("fault", A_FEW, ids=kind_of)
def test_the_waker_listens_again_after_any_fault(fault: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "RECONNECT_SECONDS", 0.001)
    engine: Any = SimpleNamespace(url=make_url("postgresql+psycopg://nobody@db.example/pullcord"))
    faults, woken = [fault, fault], Event()
    waker = OutboxListener(engine, woken.set)

    def listen() -> None:
        if faults:
            raise faults.pop()
        waker._wake()
        waker._stop.wait(WITHIN)

    waker._listen = listen  # type: ignore[method-assign]
    waker.start()
    assert woken.wait(WITHIN)
    assert waker._thread.is_alive()
    waker.stop()
    assert not waker._thread.is_alive()


@pytest.mark.parametrize("fault", A_FEW, ids=kind_of)
@pytest.mark.parametrize("where", ["quiet", "behind", "time"])
def test_the_watch_ends_a_process_that_hangs_also_after_any_fault(where: str, fault: BaseException) -> None:
    faults, ended = [fault, fault], Event()

    def call(place: str, value: float) -> float:
        if place == where and faults:
            raise faults.pop()
        return value

    ticks = iter(range(1_000_000))
    watch = Watchdog(
        "matcher",
        lambda: call("quiet", 100.0),
        lambda: bool(call("behind", 1.0)),
        0.004,
        end=ended.set,
        time=lambda: call("time", next(ticks)),
    )
    watch.start()
    assert ended.wait(WITHIN)
    assert watch._thread.is_alive()
    watch.stop()
    watch._thread.join(WITHIN)
    assert not watch._thread.is_alive()


@pytest.mark.parametrize("fault", EVERY, ids=kind_of)
def test_a_station_lets_go_of_brokers_after_any_fault_and_its_loop_goes_on(
    deployment: Deployment, fault: BaseException
) -> None:
    station = RelaySupervisor(deployment.store, KafkaSettings(_env_file=None), timedelta(minutes=1))
    closed: list[float] = []

    class Broken:
        publisher = SimpleNamespace(close=closed.append)

        @property
        def relay(self) -> Any:
            raise fault.with_traceback(None)

    station._connected = Broken()  # type: ignore[assignment]
    loop = Loop("relay", station.run_once, 1.0)
    assert loop._survived(loop._step) is False
    assert loop.failing == 1
    # After a fault of the database, the connection to the brokers stays open.
    assert bool(closed) is not isinstance(fault, SQLAlchemyError)


def test_a_relay_says_that_publishing_failed(deployment: Deployment) -> None:
    station = RelaySupervisor(deployment.store, KafkaSettings(_env_file=None), timedelta(minutes=1))

    def refuse() -> Any:
        raise OSError("address of a broker")

    station._connect = refuse  # type: ignore[method-assign]
    with pytest.raises(RelayError, match="publishing to the brokers failed: OSError"):
        station.run_once()
