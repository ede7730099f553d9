from __future__ import annotations

from scripts.grafana.boards import HERE
from scripts.grafana.panels import PER_SECOND, SECONDS, PanelSpec
from scripts.grafana.queries import in_an_hour, latest, rate_by

EVENTS = (
    PanelSpec(
        "Oldest event that waits",
        "Age of the oldest event not yet published. It grows while the relay or the brokers are away.",
        {"age": latest("pullcord_outbox_oldest_seconds")},
        SECONDS,
    ),
    PanelSpec(
        "Events that wait",
        "Events not yet published; each holds up to 500 records.",
        {"events": latest("pullcord_outbox_unpublished")},
    ),
    PanelSpec(
        "Records not matched to the end",
        "Notices and register entries whose possible matches are not all found yet. It should fall again.",
        {"records": latest("pullcord_matching_unfinished")},
    ),
    PanelSpec(
        "Changes that wait for a person",
        "Cases that a provider or council would end or delay in too great a number at once. They stay as they were.",
        {"cases": latest("pullcord_cases_changes_waiting")},
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
        {"{{consumer}}": rate_by("pullcord_events_handled_total", "consumer")},
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
            "published again to {{consumer}}": in_an_hour("pullcord_events_republished_total", "consumer"),
            "left alone by {{consumer}}": in_an_hour("pullcord_events_left_alone_total", "consumer"),
            "done in halves by {{consumer}}": in_an_hour("pullcord_event_conflicts_total", "consumer"),
        },
        nothing="none",
    ),
)
