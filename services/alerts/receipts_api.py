from __future__ import annotations

from datetime import datetime
from hmac import compare_digest
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.alerts.delivery.channels.notify.notify_receipts import receipt_of
from services.alerts.delivery.receipts.noting import note_receipt
from services.web.auth import StoreOf
from services.web.bodies import SmallBodyRoute
from services.web.problems import ProblemError, ProblemType, answers
from services.web.rates import rates_of

router = APIRouter(prefix="/v1/receipts", tags=["receipts"], route_class=SmallBodyRoute)

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="NotifyCallback",
    description="The token that is set as PULLCORD_NOTIFY_CALLBACK_TOKEN, and in GOV.UK Notify.",
)


class NotifyReceipt(BaseModel):
    """A delivery receipt of GOV.UK Notify. Other fields of the receipt, such as `to`, are not read."""

    # GOV.UK Notify may add fields. The recipient is among those that are passed over, so nothing can keep it.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    id: UUID
    reference: Annotated[str, Field(max_length=1_000)] | None = None
    status: Annotated[str, Field(max_length=50, examples=["delivered"])]
    created_at: datetime
    completed_at: datetime | None = None
    sent_at: datetime | None = None


def notify(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> None:
    """Check that the receipt comes from GOV.UK Notify.

    Raises ProblemError 401 for a wrong token, and 429 for too many requests.
    """
    token: SecretStr | None = request.app.state.notify_callback_token
    given = credentials.credentials.encode() if credentials else b""
    # Without a token in the settings nobody may send receipts.
    if token is None or not compare_digest(given, token.get_secret_value().encode()):
        rates_of(request).count_failure(request)
        detail = "send the token of the callback: `Authorization: Bearer …`"
        raise ProblemError(401, ProblemType.UNAUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"})
    rates_of(request).count_key("receipts of GOV.UK Notify")


@router.post(
    "/notify",
    status_code=204,
    summary="Take a receipt of GOV.UK Notify",
    dependencies=[Depends(notify)],
    responses=answers(400, 401, 403, 413, 415, 422, 429),
)
def take_notify_receipt(store: StoreOf, body: NotifyReceipt) -> None:
    """Record the delivery status of a message.

    Receipts may come in any order and several times. A receipt for an unknown message changes nothing. The answer does
    not show if the message is known.
    """
    if body.reference:
        at = body.completed_at or body.sent_at or body.created_at
        note_receipt(store, body.reference, receipt_of(body.status, at))
