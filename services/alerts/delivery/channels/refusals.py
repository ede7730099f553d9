from collections.abc import Mapping
from typing import Final

from services.alerts.delivery.channels.port import SendOutcome, SendResult

NOT_UNDERSTOOD: Final = "route_not_understood"
OPTION: Final = "option_not_understood"
SEVERAL: Final = "several_targets"
NO_RECIPIENT: Final = "recipient_missing"
RECIPIENT: Final = "recipient_not_understood"
SENDER: Final = "sender_not_understood"
REPLY: Final = "reply_not_understood"
HEADER: Final = "header_not_allowed"
ENCRYPTED: Final = "encrypted_mail_not_supported"
LEFT_OUT: Final = "target_left_out"
NOTIFY_KEY: Final = "notify_key_not_understood"
NOTIFY_RECIPIENT: Final = "notify_recipient_not_understood"
WEBHOOK_KEY: Final = "webhook_secret_not_understood"
HOST_NOT_PUBLIC: Final = "host_not_public"

# The fault and its remedy, by code. No text repeats a part of the route, because a route may hold a password.
REMEDIES: Final[Mapping[str, str]] = {
    NOT_UNDERSTOOD: "it is no address of a service that Apprise knows, with a target; "
    "write @ : / ? # and blanks within a user name or a password as %40 %3A %2F %3F %23 %20",
    OPTION: "an option is unknown, given twice or cannot be read; write & ; and % within a value as %26 %3B %25",
    SEVERAL: "it has several targets: give each contact one; copies (cc, bcc) are targets too",
    NO_RECIPIENT: "it names nobody who is told: give one with to=",
    RECIPIENT: "the recipient is not exactly one e-mail address: give to= one plain address such as "
    "duty@council.example, without accented letters, quotes or remarks before the @",
    SENDER: "the sender is not exactly one e-mail address: give it with from=, and a name for it with name=",
    REPLY: "the address for answers (reply=) is not exactly one e-mail address",
    HEADER: "a header of the route would name a sender or a recipient, or is no header: leave it out",
    ENCRYPTED: "leave out the PGP options; the message holds nothing secret",
    LEFT_OUT: "the service understands another target than the one written, or leaves a part out: "
    "write one target, whole, as the service asks for it",
    NOTIFY_KEY: "the API key or the id of the template is not whole: write "
    "govuknotify://{API key}/{id of the template}/{recipient}",
    NOTIFY_RECIPIENT: "the recipient is not exactly one e-mail address or UK telephone number, or, with kind=letter, "
    "a postal address of 3 to 7 lines with a slash between two lines",
    WEBHOOK_KEY: "the secret is missing or is none of Standard Webhooks: give secret=whsec_ with 24 to 64 bytes in "
    "Base64, whole",
    HOST_NOT_PUBLIC: "the host of the webhook has an address that is not on the public internet",
}


class RouteRefusedError(ValueError):
    """A route cannot be used. The error's text is a key of REMEDIES."""

    @property
    def result(self) -> SendResult:
        return SendResult(SendOutcome.FAILED_PERMANENT, str(self))

    @property
    def remedy(self) -> str:
        return REMEDIES[str(self)]
