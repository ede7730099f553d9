from __future__ import annotations

import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from services.runtime.embedded import supervisor as module
from services.runtime.embedded.link import ProcessLink
from services.runtime.embedded.supervisor import ServiceEndedError, Supervisor
from services.runtime.gauges.merging import added_metrics


class Runner:
    def __init__(self, *, alive: bool = True) -> None:
        self.loops = [SimpleNamespace(name="engine", alive=alive, failing=0)]
        self.stopped = False

    def start(self) -> None:
        return

    def stop(self) -> None:
        self.stopped = True


def made(runner: Runner, code: str, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Return a supervisor that runs the Python text `code` instead of the HTTP process."""
    parts = SimpleNamespace(settings=None, pool=SimpleNamespace(full=False, stuck=0))
    monkeypatch.setattr(module, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.001)
    monkeypatch.setattr(module, "STATE_SECONDS", 0.05)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    supervisor = Supervisor(cast("Any", parts), cast("Any", runner), cast("Any", None), pretty=False)

    def start() -> subprocess.Popen[bytes]:
        supervisor._child = subprocess.Popen([sys.executable, "-c", code])
        return supervisor._child

    monkeypatch.setattr(supervisor, "_start_child", start)
    return supervisor


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import os; os.abort()", "pass"])
def test_an_http_process_that_never_starts_well_ends_both_with_a_sentence(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner()
    with pytest.raises(ServiceEndedError, match="ended 5 times soon after its start"):
        made(runner, code, monkeypatch).run()
    assert runner.stopped


def test_a_loop_that_has_ended_ends_both_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(alive=False)
    supervisor = made(runner, "import signal; signal.pause()", monkeypatch)
    with pytest.raises(ServiceEndedError, match="the engine loop has ended"):
        supervisor.run()
    assert runner.stopped
    assert supervisor._child is not None
    assert supervisor._child.poll() is not None


def test_a_message_cut_off_by_a_crash_is_dropped_and_the_reader_ends() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b'{"wake": null}\n{"state": {"lo')
    theirs.close()
    link = ProcessLink(ours)
    assert list(link.messages()) == [{"wake": None}]
    link.close()


COUNTS = st.dictionaries(st.sampled_from(["GET", "POST", "PUT"]), st.integers(1, 50))


def exposed(counts: dict[str, int]) -> bytes:
    registry = CollectorRegistry()
    counter = Counter("pullcord_things", "Things.", ("method",), registry=registry)
    histogram = Histogram("pullcord_seconds", "Seconds.", ("method",), registry=registry, buckets=(1, 5))
    for method, count in counts.items():
        counter.labels(method).inc(count)
        for _ in range(count):
            histogram.labels(method).observe(2)
    return generate_latest(registry)


@given(COUNTS, COUNTS)
def test_the_counts_of_two_processes_are_added_up(ours: dict[str, int], theirs: dict[str, int]) -> None:
    text = added_metrics(exposed(ours), exposed(theirs).decode()).decode()
    found = {
        (sample.name, sample.labels["method"], sample.labels.get("le")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    for method in ours.keys() | theirs.keys():
        both = ours.get(method, 0) + theirs.get(method, 0)
        assert found["pullcord_things_total", method, None] == both
        assert found["pullcord_seconds_bucket", method, "1.0"] == 0
        assert found["pullcord_seconds_bucket", method, "+Inf"] == both
        assert found["pullcord_seconds_sum", method, None] == 2 * both


def test_what_the_library_says_of_one_process_is_not_added_up() -> None:
    one = "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 5.0\n"
    assert "process_start_time_seconds 5.0" in added_metrics(one.encode(), one).decode()
