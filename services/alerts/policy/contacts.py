from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, SecretStr, SerializationInfo, field_serializer, field_validator

from services.core.texts import Closed, Label

# With this context, addresses are written in full. It is used only to store a policy.
REVEAL: Final = {"addresses": "reveal"}


class ContactChannel(StrEnum):
    # Every other channel is the scheme of an Apprise service, such as `slack`.
    EMAIL = "email"  # through the mail server of the deployment
    SMS = "sms"  # through the text message service of the deployment
    NOTIFY_EMAIL = "notify_email"  # the three kinds of GOV.UK Notify
    NOTIFY_SMS = "notify_sms"
    NOTIFY_LETTER = "notify_letter"
    WEBHOOK = "webhook"
    ROUTE = "route"  # a whole Apprise address; only the operator of Pullcord gives one


class Contact(Closed):
    # Only `CouncilPolicy.stored` reveals the address.
    person: Label
    channel: Annotated[str, Field(max_length=30, pattern=r"^[a-z][a-z0-9_+-]*$")]
    address: Annotated[SecretStr, Field(max_length=2000)]

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: SecretStr) -> SecretStr:
        if not address.get_secret_value().strip() or set(address.get_secret_value()) == {"*"}:
            raise ValueError("address: is empty or masked; give the address at which the channel reaches the person")
        return address

    @field_serializer("address", when_used="json")
    def _masked_unless_stored(self, address: SecretStr, info: SerializationInfo) -> str:
        return address.get_secret_value() if info.context == REVEAL else str(address)
