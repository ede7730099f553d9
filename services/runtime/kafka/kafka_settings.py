"""How this deployment reaches its brokers; settings from the environment (`PULLCORD_KAFKA_…`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseSettings):
    """Brokers, and how they know us."""

    model_config = SettingsConfigDict(
        env_prefix="PULLCORD_KAFKA_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
        frozen=True,
    )

    brokers: str = "127.0.0.1:9092"
    """Addresses of brokers, with a comma between them."""
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    """How connections are protected."""
    ca_file: Path | None = None
    """The certificates brokers are trusted by; the system's if absent."""
    certificate_file: Path | None = None
    """Our certificate, where brokers ask for one."""
    private_key_file: Path | None = None
    """The key of our certificate."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How we sign in, with `sasl_…` security."""
    sasl_username: str | None = None
    """As whom we sign in."""
    sasl_password: SecretStr | None = None
    """The password for it."""
    replication: int | None = None
    """Copies of each topic; those of topics.yaml if absent."""
    partitions: int | None = None
    """Partitions of each topic; those of topics.yaml if absent."""
    session_seconds: Annotated[float, Field(ge=6, le=1800)] = 15.0
    """After so long without a word from a worker others take over its partitions; brokers allow no less than 6."""

    @property
    def addresses(self) -> list[str]:
        return [address.strip() for address in self.brokers.split(",") if address.strip()]

    def client(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": self.addresses,
            "security_protocol": self.security.upper(),
            "ssl_cafile": _path(self.ca_file),
            "ssl_certfile": _path(self.certificate_file),
            "ssl_keyfile": _path(self.private_key_file),
        }
        # The library refuses these options without SASL.
        if self.security.startswith("sasl"):
            password = self.sasl_password.get_secret_value() if self.sasl_password else None
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": password,
            }
        return options


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
