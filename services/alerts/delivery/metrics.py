from __future__ import annotations

from prometheus_client import Counter, Histogram

from services.alerts.delivery.channels.port import SendOutcome

DELIVERIES = Counter("pullcord_alert_deliveries_total", "Attempts to deliver an alert, by outcome.", ("outcome",))
for outcome in SendOutcome:
    # A series that appears with its first event shows no rise, so every outcome begins at 0.
    DELIVERIES.labels(outcome.value)

ACKNOWLEDGEMENTS = Counter(
    "pullcord_alert_acknowledgements_total", "Acknowledgements by a named person, by way.", ("way",)
)
FIRST_MESSAGE = Histogram(
    "pullcord_first_message_seconds",
    "Time from when the first message about a case was due until a service accepted it.",
    # Seconds. Two minutes are the limit after which a step counts as overdue.
    buckets=(1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600),
)
