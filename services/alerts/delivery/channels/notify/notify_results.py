from __future__ import annotations

from dataclasses import replace
from typing import Any

from notifications_python_client.errors import APIError

from services.alerts.delivery.channels.http.http_results import result_of_fault, result_of_status
from services.alerts.delivery.channels.http.watched_session import AttemptOverHttp
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult

NOT_UNDERSTOOD = "answer_not_understood"
DAILY_LIMIT = "notify_daily_limit"
# Seconds to wait after the limit of a day. It may be raised at any time, and ends at midnight.
DAILY_LIMIT_WAIT = 300.0
_KEY_REFUSED = frozenset({401, 403})
# Errors that say more than their status. GOV.UK Notify promises that these names do not change.
NAMED: dict[str, str] = {
    "RateLimitError": "notify_rate_limit",
    "TooManyRequestsError": DAILY_LIMIT,
    "ValidationError": "notify_validation",
}
# These messages did not reach anybody and GOV.UK Notify does not try again. Its documentation asks to send them again.
FAILED_FOR_NOW = frozenset({"temporary-failure", "technical-failure"})
FAILED_FOR_GOOD = frozenset({"permanent-failure", "validation-failed", "virus-scan-failed", "cancelled"})
REJECTED = SendResult(SendOutcome.FAILED_PERMANENT, "notify_permanent_failure")


def result_of_error(error: APIError, attempt: AttemptOverHttp) -> SendResult:
    # The client reports a connection that broke as status 503, so only an answer counts as a status.
    answer = error.response
    if answer is None:
        return result_of_fault(_cause(error), attempt)
    result = result_of_status(answer.status_code, answer.headers.get("Retry-After"))
    if result == ACCEPTED:
        result = SendResult(SendOutcome.IN_DOUBT, NOT_UNDERSTOOD)
    if not attempt.posted and answer.status_code not in _KEY_REFUSED:
        # Only the search for an earlier attempt failed: nothing was sent, and nothing is known of the recipient.
        result = replace(result, outcome=SendOutcome.FAILED_TEMPORARY)
    result = replace(result, reason=NAMED.get(_name(error), result.reason))
    if result.reason != DAILY_LIMIT:
        return result
    # Mail, text messages and letters each have a limit of their own, so other messages may still go.
    wait = max(result.retry_after or 0.0, DAILY_LIMIT_WAIT)
    return replace(result, retry_after=wait, only_this_message=True, lasts_for_hours=True)


def _cause(error: APIError) -> Exception:
    return error.__cause__ if isinstance(error.__cause__, Exception) else error


def _name(error: APIError) -> str:
    listed: Any = error.message
    first = listed[0] if isinstance(listed, list) and listed else None
    return str(first.get("error")) if isinstance(first, dict) else ""


def result_of_answer(answer: Any, reference: str) -> SendResult:
    understood = isinstance(answer, dict) and answer.get("id") and answer.get("reference") == reference
    return ACCEPTED if understood else SendResult(SendOutcome.IN_DOUBT, NOT_UNDERSTOOD)


def result_of_search(answer: Any, reference: str) -> SendResult | None:
    """Return the result of an earlier attempt, or None if the message must be sent now.

    Raises TypeError if `answer` holds no list of messages.
    """
    listed = answer.get("notifications") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise TypeError(NOT_UNDERSTOOD)
    found = {one.get("status") for one in listed if isinstance(one, dict) and one.get("reference") == reference}
    if found - FAILED_FOR_NOW - FAILED_FOR_GOOD:
        return ACCEPTED
    return REJECTED if found & FAILED_FOR_GOOD else None
