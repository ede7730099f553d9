"""What alerts count."""

from __future__ import annotations

from prometheus_client import Counter

ALERTS = Counter(
    "pullcord_alerts_intended_total", "Alerts decided on, by days before the harmful moment.", ("threshold",)
)
DELIVERIES = Counter("pullcord_alert_deliveries_total", "Attempts to deliver an alert, by outcome.", ("outcome",))
ACKNOWLEDGEMENTS = Counter(
    "pullcord_alert_acknowledgements_total", "Acknowledgements by a named person, by way.", ("way",)
)
