"""An Apprise plugin for GOV.UK Notify: e-mail, text messages and letters."""

# govuknotify://{api_key}/{template}/{e-mail address or telephone number}
# govuknotify://{api_key}/{template}/{line 1}/{line 2}/{postcode}?kind=letter
#
# `api_key` is the whole key as GOV.UK Notify shows it, with or without its name.
# A template needs the placeholders `((subject))` and `((body))`. A text message needs only `((body))`.
# `register()` makes Apprise know the scheme.
from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar

from apprise import NotifyFormat, NotifyType
from apprise.manager_plugins import NotificationManager
from apprise.plugins.base import NotifyBase
from apprise.url import PrivacyMode
from apprise.utils.parse import parse_list
from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

SCHEME = "govuknotify"
API = "https://api.notifications.service.gov.uk"
SMS_LIMIT = 918  # characters; GOV.UK Notify refuses a longer text message
FEWEST_LINES, MOST_LINES = 3, 7  # of the address of a letter, with its postcode

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_KEY = re.compile(rf"(?:.*-)?(?P<service>{_UUID})-(?P<secret>{_UUID})")
_TEMPLATE = re.compile(_UUID)


class NotifyKind(StrEnum):
    # The template must be of the same kind.
    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"


class NotifyGovUkNotify(NotifyBase):
    # The address of a letter is one target with several lines.
    service_name = "GOV.UK Notify"
    service_url = "https://www.notifications.service.gov.uk/"
    setup_url = "https://docs.notifications.service.gov.uk/rest-api.html"
    secure_protocol = SCHEME
    request_rate_per_sec = 0  # 3,000 requests a minute are allowed
    notify_format = NotifyFormat.TEXT
    api = API  # never from the URL: whoever writes a URL must not choose who gets the key

    templates = ("{schema}://{apikey}/{template}/{targets}",)
    template_tokens: ClassVar[dict[str, Any]] = {
        **NotifyBase.template_tokens,
        "apikey": {"name": "API Key", "type": "string", "private": True, "required": True},
        "template": {"name": "Template ID", "type": "string", "required": True},
        "target_email": {"name": "Target Email", "type": "string", "map_to": "targets"},
        "target_phone": {"name": "Target Phone No", "type": "string", "map_to": "targets"},
        "targets": {"name": "Targets", "type": "list:string", "required": True},
    }
    template_args: ClassVar[dict[str, Any]] = {
        **NotifyBase.template_args,
        "to": {"alias_of": "targets"},
        "kind": {"name": "Kind", "type": "choice:string", "values": tuple(NotifyKind), "default": NotifyKind.EMAIL},
    }

    def __init__(
        self,
        apikey: str,
        template: str,
        targets: Sequence[str] | str | None = None,
        kind: str | None = None,
        **more: Any,
    ) -> None:
        """Raises TypeError if an argument is faulty. The error repeats no part of the route."""
        super().__init__(**more)
        key = _KEY.fullmatch(apikey or "")
        if key is None or not _TEMPLATE.fullmatch(template or ""):
            raise TypeError("The API key or the template of GOV.UK Notify is not understood")
        self.service_id, self._secret, self.template = key["service"], key["secret"], template
        given = [targets] if isinstance(targets, str) else [target for target in targets or () if target]
        self.kind = _kind(kind, given)
        if self.kind is NotifyKind.LETTER and not FEWEST_LINES <= len(given) <= MOST_LINES:
            raise TypeError("The address of a letter has from 3 to 7 lines")
        self.targets = ["\n".join(given)] if self.kind is NotifyKind.LETTER else given
        if self.kind is NotifyKind.SMS:
            self.title_maxlen, self.body_maxlen = 0, SMS_LIMIT  # Apprise then puts the title into the body

    def make_client(self, seconds: float = 30.0) -> NotificationsAPIClient:
        return NotificationsAPIClient(f"{self.service_id}-{self._secret}", base_url=self.api, timeout=seconds)

    def deliver(
        self, client: NotificationsAPIClient, target: str, title: str, body: str, reference: str | None = None
    ) -> Any:
        filled = {"subject": title, "body": body}
        if self.kind is NotifyKind.SMS:
            return client.send_sms_notification(target, self.template, filled, reference)
        if self.kind is NotifyKind.EMAIL:
            return client.send_email_notification(target, self.template, filled, reference)
        lines = {f"address_line_{number}": line for number, line in enumerate(target.split("\n"), 1)}
        return client.send_letter_notification(self.template, {**filled, **lines}, reference)

    def send(self, body: str, title: str = "", notify_type: Any = NotifyType.INFO, **_more: Any) -> bool:  # noqa: ARG002
        client, refused = self.make_client(), 0
        for target in self.targets:
            if self.is_delivered(target):
                continue
            try:
                self.deliver(client, target, title, body)
            except APIError as error:
                # The text of the error may repeat the target.
                self.logger.warning("GOV.UK Notify refused a message: error=%s.", error.status_code)
                refused += 1
            else:
                self.mark_delivered(target)
        return bool(self.targets) and not refused

    @property
    def url_identifier(self) -> tuple[str, ...]:
        return (SCHEME, self.service_id, self._secret, self.template)

    def url(self, privacy: bool = False, *given: Any, **named: Any) -> str:
        """With `privacy`, the URL does not show the key."""
        key = self.pprint(f"{self.service_id}-{self._secret}", privacy, mode=PrivacyMode.Secret, safe="")
        lines = [line for target in self.targets for line in target.split("\n")]
        options = self.urlencode({"kind": str(self.kind), **self.url_parameters(*given, privacy=privacy, **named)})
        return f"{SCHEME}://{key}/{self.template}/{'/'.join(self.quote(line, safe='') for line in lines)}/?{options}"

    def __len__(self) -> int:
        return max(1, len(self.targets))

    @staticmethod
    def parse_url(url: str, **_more: Any) -> dict[str, Any] | None:
        """Return None if the URL cannot be read."""
        results: dict[str, Any] | None = NotifyBase.parse_url(url, verify_host=False)
        if not results:
            return results
        path: list[str] = NotifyBase.split_path(results["fullpath"])
        options = results["qsd"]
        results["apikey"] = NotifyBase.unquote(results["host"])
        results["template"], results["kind"] = path[0] if path else "", options.get("kind")
        to = parse_list(NotifyBase.unquote(options["to"]), sort=False) if options.get("to") else []
        results["targets"] = [*path[1:], *to]
        return results


def _kind(given: str | None, targets: Sequence[str]) -> NotifyKind:
    if given:
        try:
            return NotifyKind(given.lower())
        except ValueError:
            raise TypeError("The kind is email, sms or letter") from None
    return NotifyKind.EMAIL if any("@" in target for target in targets) else NotifyKind.SMS


def register() -> None:
    known = NotificationManager()
    if SCHEME not in known:
        known.add(NotifyGovUkNotify)
