"""Prometheus counters of deliveries and acknowledgements."""

from __future__ import annotations

from prometheus_client import Counter

DELIVERIES = Counter("pullcord_alert_deliveries_total", "Attempts to deliver an alert, by outcome.", ("outcome",))
ACKNOWLEDGEMENTS = Counter(
    "pullcord_alert_acknowledgements_total", "Acknowledgements by a named person, by way.", ("way",)
)
