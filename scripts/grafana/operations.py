from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from scripts.grafana.alert_panels import FORGOTTEN, TELLING
from scripts.grafana.boards import Rows, board
from scripts.grafana.event_panels import EVENTS
from scripts.grafana.intake_panels import COMING_IN
from scripts.grafana.upkeep_panels import UPKEEP
from scripts.grafana.watchdog_panels import WATCHDOG

ROWS: Rows = {
    "Is anybody being forgotten?": FORGOTTEN,
    "Telling councils": TELLING,
    "What the watchdog finds": WATCHDOG,
    "What comes in": COMING_IN,
    "The way of events": EVENTS,
    "Upkeep": UPKEEP,
}


def operations() -> Dashboard:
    text = "For whoever keeps Pullcord running: is anybody being forgotten, and is anything about to break."
    return board("pullcord-operations", "Pullcord: operations", text, ROWS).time("now-24h", "now").refresh("30s")
