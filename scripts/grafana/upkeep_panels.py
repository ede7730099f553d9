from __future__ import annotations

from scripts.grafana.boards import HERE
from scripts.grafana.panels import AMBER, BYTES, GREEN, RED, SECONDS, SHARE, Look, PanelSpec
from scripts.grafana.queries import DAY, latest

UPKEEP = (
    PanelSpec(
        "Newest backup",
        "Its age; where there is none on record, the age of the first record.",
        {"age": latest("pullcord_backup_age_seconds")},
        SECONDS,
        Look.STAT,
        ((26 * 3600, RED),),
        12,
    ),
    PanelSpec(
        "First API key to end",
        "How long the first key to end, of those not revoked, still opens the API. Below 0 it has ended.",
        {"left": f"min(pullcord_api_key_expires_in_seconds{{{HERE}}})"},
        SECONDS,
        Look.STAT,
        ((0, AMBER), (30 * DAY, GREEN)),
        12,
        below=RED,
    ),
    PanelSpec(
        "Room on the disk",
        "Bytes free on the disk of the SQLite database, and bytes in its write-ahead log.",
        {
            "free": f"min(pullcord_disk_free_bytes{{{HERE}}})",
            "log": f"max(pullcord_wal_bytes{{{HERE}}})",
        },
        BYTES,
        width=6,
        nothing="not SQLite",
    ),
    PanelSpec(
        "Memory",
        "Resident memory of each process.",
        {"{{instance}}": f"process_resident_memory_bytes{{{HERE}}}"},
        BYTES,
        width=6,
    ),
    PanelSpec(
        "Processor",
        "Share of one core that each process uses.",
        {"{{instance}}": f"rate(process_cpu_seconds_total{{{HERE}}}[$__rate_interval])"},
        SHARE,
        width=6,
    ),
    PanelSpec(
        "Open files",
        "The share of the files it may open that each process has open.",
        {"{{instance}}": f"process_open_fds{{{HERE}}} / process_max_fds{{{HERE}}}"},
        SHARE,
        width=6,
    ),
)
