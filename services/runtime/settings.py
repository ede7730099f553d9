"""Settings, from the environment (`PULLCORD_…`) or a `.env` file. Every one is documented in docs/operations.md."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a deployment decides. Numbers that no source prescribes are policy of the deployment."""

    model_config = SettingsConfigDict(
        env_prefix="PULLCORD_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
        frozen=True,
    )

    data_dir: Path = Path("var")
    """Where the database and the keys are, unless they are set apart."""
    database_url: str | None = None
    """SQLAlchemy URL; a SQLite file in the data directory if absent."""
    keys_file: Path | None = None
    """The file with the vault keys and the token key; `keys.json` in the data directory if absent."""
    keys: SecretStr | None = None
    """The content of the keys file, for deployments that pass secrets in the environment."""
    host: str = "127.0.0.1"
    """The address `serve` listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port `serve` listens on; 0 picks a free one."""
    public_url: str | None = None
    """How people reach the pages from outside, for links in alerts; the listening address if absent."""
    link_days: Annotated[int, Field(ge=8, le=366)] = 30
    """Days that the link in an alert opens its page: longer than the week after which a message comes again."""
    fallback_routes: tuple[SecretStr, ...] = ()
    """Apprise addresses of the operator, told when a council has nobody who can be told (JSON list)."""
    ruleset: str = "pstn-2026"
    """The rules that say which lines are at risk."""
    max_body_mib: Annotated[int, Field(ge=1, le=512)] = 32
    """The largest body of a request, in MiB."""
    max_rows: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    """The most rows in one API request."""
    withdrawal_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Beyond this share of a register's live entries a full replacement is asked about."""
    delivery_workers: Annotated[int, Field(ge=1, le=256)] = 32
    """Alerts that may start to be sent at the same moment; a slow send leaves its place to others."""
    delivery_deadline_seconds: Annotated[float, Field(gt=0, le=40)] = 30.0
    """Seconds after which a send is cut off; without an answer it is in doubt."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port on which `run relay`, `run matcher` and `run alerts` answer with health and metrics; 0 for none."""
    canary_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds between two canaries that a relay publishes to each partition; they show that workers are alive."""
    stalled_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """A distributed role that has had work for this many seconds and done none ends, to be started again."""
    poll_seconds: Annotated[float, Field(gt=0, le=30)] = 1.0
    """Seconds between two looks for due cases and deliveries; new events wake the runner at once."""

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'pullcord.db'}"

    @property
    def links_last(self) -> timedelta:
        return timedelta(days=self.link_days)

    @property
    def keys_path(self) -> Path:
        return self.keys_file or self.data_dir / "keys.json"
