from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ContactServices:
    # The values are secret.
    # None means that a service is not set.
    # Routes without a target.
    mail_server: str | None = field(default=None, repr=False)
    text_service: str | None = field(default=None, repr=False)

    # The API key of GOV.UK Notify, and the ids of its templates.
    notify_key: str | None = field(default=None, repr=False)
    notify_email_template: str | None = None
    notify_sms_template: str | None = None
    notify_letter_template: str | None = None

    # The channels that councils may use. If it is empty, those whose service is set, and webhooks.
    allowed: tuple[str, ...] = ()
