"""The dashboard for people who operate Pullcord."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from scripts.grafana.boards import HERE, NONE, Rows, board
from scripts.grafana.panels import (
    AMBER,
    BYTES,
    GREEN,
    PER_SECOND,
    RED,
    REQUESTS_PER_SECOND,
    SECONDS,
    SHARE,
    Look,
    PanelSpec,
)

DAY = 86_400
ERRORS_OVER = (("an hour", "1h"), ("three days", "3d"))
# Requests of people and senders. Probes and requests to unknown addresses are left out.
OURS = f'{HERE}, route!~"/livez|/readyz|/metrics.*|unknown"'


def _latest(metric: str) -> str:
    return f"max({metric}{{{HERE}}})"


def _rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{HERE}}}[$__rate_interval]))"


def _in_an_hour(metric: str, by: str) -> str:
    return f"sum by ({by}) (increase({metric}{{{HERE}}}[1h]))"


FORGOTTEN = (
    PanelSpec(
        "Steps overdue",
        "Cases and deliveries whose time has passed by more than two minutes. Above 0 for five minutes is an alert.",
        {"overdue": _latest("pullcord_steps_overdue")},
        look=Look.STAT,
        steps=((1, RED),),
        width=4,
        nothing="nobody answers",
    ),
    PanelSpec(
        "Past the date, unconfirmed",
        "Open cases whose harmful day has passed without a confirmation, a confirmed hold or a withdrawal.",
        {"cases": _latest("pullcord_cases_past_date_unconfirmed")},
        look=Look.STAT,
        steps=((1, RED),),
        width=4,
    ),
    PanelSpec(
        "Oldest alert not answered",
        "Age of the oldest alert over an open case that still waits for a named person.",
        {"age": _latest("pullcord_alert_oldest_unacknowledged_seconds")},
        SECONDS,
        Look.STAT,
        ((DAY / 2, AMBER), (DAY, RED)),
        4,
    ),
    PanelSpec(
        "Deliveries waiting",
        "Deliveries that failed and wait to be tried again.",
        {"waiting": f'max(pullcord_deliveries{{{HERE}, state="waiting"}}) or {NONE}'},
        look=Look.STAT,
        steps=((1, AMBER),),
        width=4,
    ),
    PanelSpec(
        "Events in quarantine",
        "Events that can never be handled as they are: what they tell of is not matched or not alerted.",
        {"events": _latest("pullcord_events_quarantined")},
        look=Look.STAT,
        steps=((1, RED),),
        width=4,
    ),
    PanelSpec(
        "Processes that answer",
        "How many processes of this deployment Prometheus can reach.",
        {"processes": f"count(up{{{HERE}}} == 1) or vector(0)"},
        look=Look.STAT,
        steps=(),
        width=4,
    ),
    PanelSpec(
        "Alerts that fire",
        "The alerts on the service itself. What each means and what to do stands in the runbook.",
        {"alert": 'ALERTS{alertname=~"Pullcord.*", alertname!="PullcordHeartbeat", alertstate="firing"}'},
        look=Look.TABLE,
        width=24,
        nothing="none fires",
    ),
)

TELLING = (
    PanelSpec(
        "Attempts to deliver, by outcome",
        "Attempts a second. In doubt: it is not known whether the message went out, so it is looked up or sent again.",
        {"{{outcome}}": _rate("pullcord_alert_deliveries_total", "outcome")},
        PER_SECOND,
    ),
    PanelSpec(
        "Deliveries, by state",
        "Every delivery on record. Given up: an address is wrong, or its channel was away for a day.",
        {"{{state}}": f"max by (state) (pullcord_deliveries{{{HERE}}})"},
    ),
    PanelSpec(
        "First message, from due to accepted",
        "Half and nineteen of twenty of the first messages about a case were accepted within this time, of an hour's.",
        {
            name: f"histogram_quantile({share}, {_in_an_hour('pullcord_first_message_seconds_bucket', 'le')})"
            for name, share in (("half", 0.5), ("nineteen of twenty", 0.95))
        },
        SECONDS,
        nothing="no first message",
    ),
    PanelSpec(
        "Acknowledgements",
        "Acknowledgements by a named person in the hour before, by the way they came.",
        {"{{way}}": _in_an_hour("pullcord_alert_acknowledgements_total", "way")},
    ),
)

COMING_IN = (
    PanelSpec(
        "Rows taken in, by outcome",
        "Rows of notices and of register entries a second.",
        {"{{kind}}: {{outcome}}": _rate("pullcord_ingest_rows_total", "kind, outcome")},
        PER_SECOND,
    ),
    PanelSpec(
        "Submissions, by channel",
        "Submissions a second, by what they held and the way they came.",
        {"{{kind}} by {{channel}}": _rate("pullcord_ingest_submissions_total", "kind, channel")},
        PER_SECOND,
    ),
    PanelSpec(
        "Silence, by feed",
        "Time since each council and provider was last heard, as a share of what its own rhythm allows.",
        {
            "{{feed}}": f"sort_desc(max by (feed) (pullcord_feed_silent_seconds{{{HERE}}}) "
            f"/ max by (feed) (pullcord_feed_silence_allowed_seconds{{{HERE}}}))"
        },
        SHARE,
        Look.BARS,
        ((0.7, AMBER), (1, RED)),
    ),
    PanelSpec(
        "Requests, by status",
        "Requests a second of people and senders; what only watches the service is left out.",
        {"{{status}}": f"sum by (status) (rate(pullcord_http_requests_total{{{OURS}}}[$__rate_interval]))"},
        REQUESTS_PER_SECOND,
    ),
    PanelSpec(
        "Time to answer, slowest of twenty",
        "Nineteen of twenty requests were answered within this time, by route.",
        {
            "{{route}}": "histogram_quantile(0.95, sum by (le, route) "
            f"(rate(pullcord_http_request_seconds_bucket{{{OURS}}}[$__rate_interval])))"
        },
        SECONDS,
    ),
    PanelSpec(
        "Requests that failed on our side",
        "Their share, over an hour and over three days. The budget is one in a thousand.",
        {f"of {words}": f"max(pullcord:http_errors:ratio_rate{short}{{{HERE}}})" for words, short in ERRORS_OVER},
        SHARE,
        steps=((0.001, RED),),
    ),
)

EVENTS = (
    PanelSpec(
        "Oldest event that waits",
        "Age of the oldest event not yet published. It grows while the relay or the brokers are away.",
        {"age": _latest("pullcord_outbox_oldest_seconds")},
        SECONDS,
    ),
    PanelSpec(
        "Events that wait",
        "Events not yet published; each holds up to 500 records.",
        {"events": _latest("pullcord_outbox_unpublished")},
    ),
    PanelSpec(
        "Records not matched to the end",
        "Notices and register entries whose possible matches are not all found yet. It should fall again.",
        {"records": _latest("pullcord_matching_unfinished")},
    ),
    PanelSpec(
        "Changes that wait for a person",
        "Cases that a provider or council would end or delay in too great a number at once. They stay as they were.",
        {"cases": _latest("pullcord_cases_changes_waiting")},
    ),
    PanelSpec(
        "Lag, by consumer",
        "Age of the last canary each consumer has heard: how far it is behind. Only where there are brokers.",
        {"{{consumer}}": f"max by (consumer) (pullcord_canary_age_seconds{{{HERE}}})"},
        SECONDS,
        nothing="no brokers",
    ),
    PanelSpec(
        "Events handled, by consumer",
        "Events a second that were handled for the first time.",
        {"{{consumer}}": _rate("pullcord_events_handled_total", "consumer")},
        PER_SECOND,
    ),
    PanelSpec(
        "Told to the brokers",
        "Events published a second, and times that publishing failed.",
        {
            "published": f"sum(rate(pullcord_relay_events_total{{{HERE}}}[$__rate_interval]))",
            "failed": f"sum(rate(pullcord_relay_failures_total{{{HERE}}}[$__rate_interval]))",
        },
        PER_SECOND,
        nothing="no brokers",
    ),
    PanelSpec(
        "Published again, left alone, done in halves",
        "In the hour before: events published again since nobody handled them, those that only a newer version knows, "
        "and batches that met another worker at the same rows.",
        {
            "published again to {{consumer}}": _in_an_hour("pullcord_events_republished_total", "consumer"),
            "left alone by {{consumer}}": _in_an_hour("pullcord_events_left_alone_total", "consumer"),
            "done in halves by {{consumer}}": _in_an_hour("pullcord_event_conflicts_total", "consumer"),
        },
        nothing="none",
    ),
)

UPKEEP = (
    PanelSpec(
        "Newest backup",
        "Its age; where there is none on record, the age of the first record.",
        {"age": _latest("pullcord_backup_age_seconds")},
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

ROWS: Rows = {
    "Is anybody being forgotten?": FORGOTTEN,
    "Telling councils": TELLING,
    "What comes in": COMING_IN,
    "The way of events": EVENTS,
    "Upkeep": UPKEEP,
}


def operations() -> Dashboard:
    text = "For whoever keeps Pullcord running: is anybody being forgotten, and is anything about to break."
    return board("pullcord-operations", "Pullcord: operations", text, ROWS).time("now-24h", "now").refresh("30s")
