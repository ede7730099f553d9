from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter, Gauge

from services.watchdog.findings import FaultKind, Findings

FAULTS = Gauge("pullcord_watchdog_faults", "Faults that the last look of the watchdog found.", ("kind",))
LOOK = Gauge("pullcord_watchdog_look_seconds", "Time that the last look of the watchdog took.")
LOOKED = Gauge("pullcord_watchdog_looked_timestamp_seconds", "Time of the last complete look of the watchdog.")
FAILED = Counter(
    "pullcord_watchdog_failures_total", "Looks, messages and heartbeats of the watchdog that failed.", ("kind",)
)
PINGS = Counter("pullcord_watchdog_heartbeats_total", "Pings of the external heartbeat that were accepted.")


def show(found: Findings, at: datetime, seconds: float) -> None:
    counts = found.by_kind()
    # Every kind has a value, so that a rule sees a fault that has gone.
    for kind in FaultKind:
        FAULTS.labels(kind.value).set(counts.get(kind, 0))
    LOOK.set(seconds)
    LOOKED.set(at.timestamp())
