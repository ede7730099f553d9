from __future__ import annotations

from scripts.grafana.boards import HERE
from scripts.grafana.panels import RED, SECONDS, Look, PanelSpec

WATCHDOG = (
    PanelSpec(
        "Faults found",
        "Messages that were owed and not sent, and records that no longer lead to a case, by the last look.",
        {"faults": f"sum(pullcord_watchdog_faults{{{HERE}}})"},
        look=Look.STAT,
        steps=((1, RED),),
        width=6,
        nothing="no watchdog",
    ),
    PanelSpec(
        "Last complete look",
        "Time since the watchdog last read the whole record.",
        {"age": f"time() - max(pullcord_watchdog_looked_timestamp_seconds{{{HERE}}})"},
        SECONDS,
        Look.STAT,
        ((1800, RED),),
        6,
        nothing="no watchdog",
    ),
    PanelSpec(
        "Time of a look",
        "Seconds that the last look took. It must stay under the interval between two looks.",
        {"look": f"max(pullcord_watchdog_look_seconds{{{HERE}}})"},
        SECONDS,
        width=6,
        nothing="no watchdog",
    ),
    PanelSpec(
        "Heartbeats and failures",
        "Pings that were accepted elsewhere, and looks, messages and pings that failed, in the last hour.",
        {
            "pings": f"sum(increase(pullcord_watchdog_heartbeats_total{{{HERE}}}[1h]))",
            "{{kind}} failed": f"sum by (kind) (increase(pullcord_watchdog_failures_total{{{HERE}}}[1h]))",
        },
        width=6,
        nothing="no watchdog",
    ),
)
