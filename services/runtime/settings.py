from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, SecretStr, TypeAdapter, model_validator
from pydantic_settings import SettingsConfigDict

from services.runtime.env_file import EnvironmentSettings

PREFIX: Final = "PULLCORD_"
# The settings that `pullcord init` asks for, and the file beside the keys in which it keeps the answers.
ASKED: Final = ("public_url", "mail_server", "text_service")
ANSWERS: Final = "settings.json"
_OBJECT: Final = TypeAdapter(dict[str, Any])


def read_answers(data_dir: Path) -> dict[str, str]:
    """Return the answers stored by `pullcord init`. Raises ValueError if the file is not a JSON object."""
    path = data_dir / ANSWERS
    try:
        # The file may have been written by hand.
        kept = _OBJECT.validate_json(path.read_bytes()) if path.is_file() else {}
    except ValueError:
        raise ValueError(
            f"{path.absolute()} is no JSON object: mend it, or delete it and run `pullcord init`"
        ) from None
    return {name: str(kept[key]) for name in ASKED if kept.get(key := PREFIX + name.upper()) is not None}


class Settings(EnvironmentSettings):
    model_config = SettingsConfigDict(
        env_prefix="PULLCORD_",
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
        frozen=True,
    )

    data_dir: Path = Path("var")
    """The folder of the database and the keys, unless `database_url` or `keys_file` names another place."""
    database_url: str | None = None
    """SQLAlchemy URL of the database; a SQLite file in the data directory if absent."""
    keys_file: Path | None = None
    """The file with the vault keys and the token key; `keys.json` in the data directory if absent."""
    keys: SecretStr | None = None
    """The content of the keys file, for deployments that pass secrets in the environment."""
    host: str = "127.0.0.1"
    """The address `serve` listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port `serve` listens on; 0 picks a free one."""
    public_url: str | None = None
    """The base URL under which people reach the pages, for links in alerts; the listening address if absent."""
    link_hours: Annotated[int, Field(ge=1, le=744)] = 72
    """Hours after which the links in a message end [P]. The next message to the same contact ends them too."""
    link_pause_days: Annotated[int, Field(ge=1, le=5)] = 1
    """Working days for which an acknowledgement by link pauses messages at most [P]."""
    mail_server: SecretStr | None = None
    """Apprise address of the mail server without a recipient, for contacts that are given as a mail address."""
    text_service: SecretStr | None = None
    """Apprise address of a text message service without a number, for contacts that are given as a number."""
    notify_key: SecretStr | None = None
    """API key of GOV.UK Notify, whole, for contacts that are reached through it."""
    notify_email_template: str = ""
    """The id of the template of GOV.UK Notify for mail."""
    notify_sms_template: str = ""
    """The id of the template of GOV.UK Notify for text messages."""
    notify_letter_template: str = ""
    """The id of the template of GOV.UK Notify for letters."""
    notify_callback_token: Annotated[SecretStr, Field(min_length=10)] | None = None
    """The token with which GOV.UK Notify sends receipts to `/v1/receipts/notify`; without it only polls are made."""
    contact_channels: tuple[str, ...] = ()
    """The channels that contacts of councils may use (JSON list) [P]; those that are set and webhooks if absent."""
    contact_code_minutes: Annotated[int, Field(ge=5, le=1440)] = 15
    """Minutes for which the code that verifies a contact works [P]."""
    contact_code_tries: Annotated[int, Field(ge=1, le=10)] = 5
    """Wrong tries after which such a code ends [P]."""
    contact_messages_an_hour: Annotated[int, Field(ge=1, le=100)] = 10
    """The most codes and the most test messages that one contact gets in an hour [P]."""
    fallback_routes: tuple[SecretStr, ...] = ()
    """Apprise addresses of the operator (JSON list), used for alerts when no contact of a council can be reached."""
    deployment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")] = "pullcord"
    """The name of this deployment. It begins the names of its topics and consumer groups; the database keeps it."""
    ruleset: str = "pstn-2026"
    """The rules that say which lines are at risk."""
    max_body_mib: Annotated[int, Field(ge=1, le=512)] = 32
    """The largest allowed body of a request, in MiB."""
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    """The largest allowed number of rows in one API request."""
    max_connections: Annotated[int, Field(ge=16, le=100_000)] = 512
    """The most connections at once [P]; fewer where the process may not open as many files."""
    head_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds within which the head of a request must arrive [P]."""
    body_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds within which the body of a request must arrive [P]."""
    max_requests: Annotated[int, Field(ge=1, le=40)] = 32
    """The most requests that are worked on at once [P]; more wait."""
    key_rate: Annotated[int, Field(ge=1)] = 3_000
    """The most requests of one key in a minute [P]."""
    link_rate: Annotated[int, Field(ge=1)] = 120
    """The most requests for the page of one link in a minute [P]."""
    failure_rate: Annotated[int, Field(ge=1)] = 60
    """The most wrong keys, links and codes of one address in a minute [P]."""
    refusals_an_hour: Annotated[int, Field(ge=10)] = 1_000
    """The most refused, repeated and dry requests of one sender that are recorded in an hour [P]."""
    repeats_a_day: Annotated[int, Field(ge=1)] = 100
    """The most acts on one case or alert that change nothing and are recorded in a day [P]."""
    silence_without_rhythm_days: Annotated[float, Field(gt=0, le=366)] = 8.0
    """Days after which a feed counts as silent while its own rhythm is not yet known [P]."""
    silence_patience: Annotated[float, Field(ge=1, le=100)] = 1.5
    """A feed counts as silent after this many of its own typical gaps between submissions [P]."""
    silence_shortest_days: Annotated[float, Field(gt=0, le=366)] = 2.0
    """Days within which no feed counts as silent, however quick its rhythm is [P]."""
    withdrawal_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """A full replacement that withdraws more than this share of a register's live entries must be confirmed."""
    file_workers: Annotated[int, Field(ge=1, le=32)] = 2
    """The number of files that are read at the same time, each in a process of its own [P]."""
    file_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    """Seconds of processor time that the reading of one file may take [P]. A file that takes longer is refused."""
    file_memory_mib: Annotated[int, Field(ge=64, le=4096)] = 400
    """MiB of memory that the reading of one file may take [P]. A file that takes more is refused."""
    readers: Annotated[int | None, Field(ge=1, le=64)] = None
    """Processes that share the rows of a submission of 1,000 rows or more; as many as processor cores if absent."""
    delivery_workers: Annotated[int, Field(ge=1, le=256)] = 32
    """The number of messages that may start to be sent at the same time. A slow send gives its place to another."""
    delivery_deadline_seconds: Annotated[float, Field(gt=0, le=40)] = 30.0
    """Seconds after which a send is cut off. If there was no answer, the message may or may not have arrived."""
    mail_a_minute: Annotated[int, Field(ge=0, le=100_000)] = 0
    """The most messages a minute to one mail server [P]. 0 is no limit. Each process counts for itself."""
    notify_a_minute: Annotated[int, Field(ge=0, le=100_000)] = 2_500
    """The same for one service of GOV.UK Notify, which takes 3,000 in any minute [P]."""
    webhook_a_minute: Annotated[int, Field(ge=0, le=100_000)] = 0
    """The same for one host of webhooks [P]."""
    apprise_a_minute: Annotated[int, Field(ge=0, le=100_000)] = 0
    """The same for one other service, such as a text message service [P]."""
    mail_without_tls: bool = False
    """Send mail through `mailto://` routes without TLS; otherwise a server must offer STARTTLS."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """The port on which every role also serves health, and metrics without a key; 0 for none. Keep it inside."""
    canary_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds between two canaries that a relay publishes to each partition. Canaries show that workers are alive."""
    stalled_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """A distributed role ends, to be started again, if it had work for this many seconds and did none of it."""
    poll_seconds: Annotated[float, Field(gt=0, le=30)] = 1.0
    """Seconds between two checks for due cases and deliveries. New events wake the runner at once."""
    watchdog_minutes: Annotated[float, Field(gt=0, le=20)] = 5.0
    """Minutes between two looks of the watchdog [P]. An alert follows after half an hour without a look."""
    watchdog_repeat_hours: Annotated[float, Field(ge=1, le=168)] = 24.0
    """Hours after which the watchdog raises the same findings again [P]. Findings that grow are raised sooner."""
    watchdog_mail_server: SecretStr | None = None
    """The watchdog's own mail server, as `smtp://user:password@host:587` or `smtps://…`."""
    watchdog_mail_from: str = "watchdog@pullcord.invalid"
    """The sender of the watchdog's mail."""
    watchdog_mail_to: tuple[str, ...] = ()
    """The recipients of the watchdog's mail (JSON list)."""
    watchdog_webhook: SecretStr | None = None
    """A URL that takes the watchdog's messages as JSON."""
    watchdog_heartbeat: SecretStr | None = None
    """A URL of a service elsewhere, which the watchdog pings only when all is well."""

    @model_validator(mode="before")
    @classmethod
    def _with_answers(cls, given: dict[str, Any]) -> dict[str, Any]:
        # The environment wins over the answers to `pullcord init`.
        return {**read_answers(Path(given.get("data_dir") or "var")), **given}

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'pullcord.db'}"

    @property
    def row_readers(self) -> int:
        if self.readers is not None:
            return self.readers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @property
    def links_last(self) -> timedelta:
        return timedelta(hours=self.link_hours)

    @property
    def keys_path(self) -> Path:
        return self.keys_file or self.data_dir / "keys.json"
