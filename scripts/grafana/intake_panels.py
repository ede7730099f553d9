from __future__ import annotations

from scripts.grafana.boards import HERE
from scripts.grafana.panels import AMBER, PER_SECOND, RED, REQUESTS_PER_SECOND, SECONDS, SHARE, Look, PanelSpec
from scripts.grafana.queries import latest, rate_by

ERRORS_OVER = (("an hour", "1h"), ("three days", "3d"))
# Requests of people and senders. Probes and requests to unknown addresses are left out.
OURS = f'{HERE}, route!~"/livez|/readyz|/metrics.*|unknown"'


COMING_IN = (
    PanelSpec(
        "Rows taken in, by outcome",
        "Rows of notices and of register entries a second.",
        {"{{kind}}: {{outcome}}": rate_by("pullcord_ingest_rows_total", "kind, outcome")},
        PER_SECOND,
        width=6,
    ),
    PanelSpec(
        "Submissions, by channel",
        "Submissions a second, by what they held and the way they came.",
        {"{{kind}} by {{channel}}": rate_by("pullcord_ingest_submissions_total", "kind, channel")},
        PER_SECOND,
        width=6,
    ),
    PanelSpec(
        "Refused and not sent again",
        "Rows, and whole files or bodies, whose sender has sent nothing in their place for a working day.",
        {
            "rows": latest("pullcord_rows_refused_overdue"),
            "files": latest("pullcord_files_refused_overdue"),
        },
        steps=((1, RED),),
        width=6,
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
        6,
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
