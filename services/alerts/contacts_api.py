from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from services.alerts.contact_views import ContactList, ContactView, contact_views
from services.alerts.delivery.contacts.checks import queue_code, queue_test
from services.alerts.delivery.contacts.contact_keys import contact_id, contact_key
from services.alerts.delivery.contacts.verification import verify_contact
from services.alerts.policy.contacts import Contact
from services.alerts.policy.councils import load_council
from services.core.errors import RefusedError
from services.core.texts import PersonName
from services.storage.store import Store
from services.web.auth import CouncilFeed, StoreOf
from services.web.bodies import SmallBodyRoute
from services.web.problems import ProblemError, ProblemType, answers

router = APIRouter(prefix="/v1", tags=["council"], route_class=SmallBodyRoute)

ContactId = Annotated[
    str, Path(alias="contact", pattern="^[0-9a-f]{32}$", max_length=32, examples=["9f1c2ab07d3e4f5a8b6c7d8e9f0a1b2c"])
]


class ContactCheckBody(BaseModel):
    """The person who asks for a test message or a code."""

    model_config = ConfigDict(extra="forbid")

    by: PersonName


class VerificationBody(BaseModel):
    """The code of six digits that the contact received, and the person who enters the code."""

    model_config = ConfigDict(extra="forbid")

    by: PersonName
    code: Annotated[str, Field(min_length=6, max_length=12, pattern="^[0-9 ]+$", examples=["123456"])]


@router.get("/contacts", summary="List contacts", responses=answers(401, 403))
def list_contacts(store: StoreOf, feed: CouncilFeed) -> ContactList:
    """List the council's contacts without their addresses, in the order of the policy.

    If nobody has verified a contact's address, `verified_at` is null. If a tier has only unverified contacts, the
    tier's alerts also go to other contacts or to the operator.
    """
    return ContactList(contacts=contact_views(store, feed))


@router.get("/contacts/{contact}", summary="Show a contact", responses=answers(401, 403, 404, 422))
def show_contact(store: StoreOf, feed: CouncilFeed, contact: ContactId) -> ContactView:
    """Show a contact, and the state of its last test message and code."""
    return _view(store, feed, contact)


@router.post(
    "/contacts/{contact}/test",
    status_code=202,
    summary="Test a contact",
    responses=answers(400, 401, 403, 404, 413, 415, 422, 429),
)
def check_contact(store: StoreOf, feed: CouncilFeed, contact: ContactId, body: ContactCheckBody) -> ContactView:
    """Send a test message to a contact over the same channel as an alert. The message names nobody at risk.

    The answer does not wait until the message is sent. `GET /v1/contacts/{contact}` shows the state of the message.
    """
    queue_test(store, feed, _find(store, feed, contact), body.by)
    return _view(store, feed, contact)


@router.post(
    "/contacts/{contact}/code",
    status_code=202,
    summary="Send a code to a contact",
    responses=answers(400, 401, 403, 404, 413, 415, 422, 429),
)
def send_contact_code(store: StoreOf, feed: CouncilFeed, contact: ContactId, body: ContactCheckBody) -> ContactView:
    """Send a new code of six digits to the address of a contact. The new code replaces the earlier code."""
    queue_code(store, feed, _find(store, feed, contact), body.by)
    return _view(store, feed, contact)


@router.post(
    "/contacts/{contact}/verification",
    summary="Verify a contact",
    responses=answers(400, 401, 403, 404, 413, 415, 422, 429),
)
def verify_contact_by_code(
    store: StoreOf, feed: CouncilFeed, contact: ContactId, body: VerificationBody
) -> ContactView:
    """Verify the address of a contact with the code that the contact received.

    A code works once, and only for a short time. A wrong code gives the status 422.
    """
    try:
        verify_contact(store, feed, _find(store, feed, contact), body.code, body.by)
    except RefusedError as error:
        raise ProblemError(422, ProblemType.INVALID_REQUEST, str(error)) from None
    return _view(store, feed, contact)


def _find(store: Store, feed: str, named: str) -> Contact:
    with store.reading() as connection:
        policy = load_council(connection, store, feed).policy
    for contact in policy.every_contact:
        if contact_id(contact_key(store.tokeniser, feed, contact)) == named:
            return contact
    raise _unknown()


def _view(store: Store, feed: str, named: str) -> ContactView:
    for view in contact_views(store, feed):
        if view.contact == named:
            return view
    raise _unknown()


def _unknown() -> ProblemError:
    return ProblemError(404, ProblemType.NOT_FOUND, "the council has no such contact: GET /v1/contacts lists them")
