from __future__ import annotations

from scripts.grafana.boards import HERE, NONE
from scripts.grafana.panels import AMBER, PER_SECOND, RED, SECONDS, Look, PanelSpec
from scripts.grafana.queries import DAY, in_an_hour, latest, rate_by

FORGOTTEN = (
    PanelSpec(
        "Steps overdue",
        "Cases and deliveries whose time has passed by more than two minutes. Above 0 for five minutes is an alert.",
        {"overdue": latest("pullcord_steps_overdue")},
        look=Look.STAT,
        steps=((1, RED),),
        width=4,
        nothing="nobody answers",
    ),
    PanelSpec(
        "Past the date, unconfirmed",
        "Open cases whose harmful day has passed without a confirmation, a confirmed hold or a withdrawal.",
        {"cases": latest("pullcord_cases_past_date_unconfirmed")},
        look=Look.STAT,
        steps=((1, RED),),
        width=4,
    ),
    PanelSpec(
        "Oldest alert not answered",
        "Age of the oldest alert over an open case that still waits for a named person.",
        {"age": latest("pullcord_alert_oldest_unacknowledged_seconds")},
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
        {"events": latest("pullcord_events_quarantined")},
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
        {"{{outcome}}": rate_by("pullcord_alert_deliveries_total", "outcome")},
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
            name: f"histogram_quantile({share}, {in_an_hour('pullcord_first_message_seconds_bucket', 'le')})"
            for name, share in (("half", 0.5), ("nineteen of twenty", 0.95))
        },
        SECONDS,
        nothing="no first message",
    ),
    PanelSpec(
        "Acknowledgements",
        "Acknowledgements by a named person in the hour before, by the way they came.",
        {"{{way}}": in_an_hour("pullcord_alert_acknowledgements_total", "way")},
    ),
    PanelSpec(
        "Answers to drills",
        "Answers of a named person to a drill in the hour before, by the way they came.",
        {"{{way}}": in_an_hour("pullcord_drill_answers_total", "way")},
    ),
    PanelSpec(
        "Last drills",
        "Councils by the state of their last drill. Where it failed or ended, nobody answered in time.",
        {"{{state}}": f"max by (state) (pullcord_council_drills{{{HERE}}})"},
    ),
)
