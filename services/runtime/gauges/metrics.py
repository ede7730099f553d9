# A path is never a label, because it may contain a person's reference.
from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "pullcord_http_requests_total", "Requests answered, by route, method and status.", ("route", "method", "status")
)
SECONDS = Histogram(
    "pullcord_http_request_seconds",
    "Time from a request to its answer, by route and method.",
    ("route", "method"),
    # Seconds. A body of 10,000 rows may take several.
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def known_method(method: str) -> str:
    """Return the HTTP method, or `other` for an unknown method."""
    # A caller may send any text as the method.
    return method if method in METHODS else "other"


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    known = known_method(method)
    REQUESTS.labels(route, known, str(status)).inc()
    SECONDS.labels(route, known).observe(seconds)
