from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, SecretStr
from pydantic_settings import SettingsConfigDict

from services.runtime.env_file import EnvironmentSettings

# How the names of topics begin in `topics.yaml`.
LISTED = "pullcord"


class KafkaSettings(EnvironmentSettings):
    model_config = SettingsConfigDict(
        env_prefix="PULLCORD_KAFKA_",
        env_ignore_empty=True,
        extra="ignore",
        use_attribute_docstrings=True,
        frozen=True,
    )

    brokers: str = "127.0.0.1:9092"
    """The addresses of the brokers, separated by commas."""
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    """The security protocol of the connections."""
    ca_file: Path | None = None
    """The CA certificates that verify the brokers; the system's if absent."""
    certificate_file: Path | None = None
    """The client certificate, for brokers that require one."""
    private_key_file: Path | None = None
    """The private key of the client certificate."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """The SASL mechanism, used if `security` begins with `sasl_`."""
    sasl_username: str | None = None
    """The SASL user name."""
    sasl_password: SecretStr | None = None
    """The password of the SASL user."""
    replication: int | None = None
    """The number of copies of each topic; the numbers in topics.yaml if absent."""
    partitions: int | None = None
    """The number of partitions of each topic; the numbers in topics.yaml if absent."""
    session_seconds: Annotated[float, Field(ge=6, le=1800)] = 15.0
    """Seconds without a heartbeat after which a worker loses its partitions to others. Brokers require at least 6."""

    # The name of the deployment is no setting of the brokers: see PULLCORD_DEPLOYMENT.
    _deployment: str = PrivateAttr("pullcord")

    def of_deployment(self, name: str) -> KafkaSettings:
        made = self.model_copy()
        made._deployment = name  # noqa: SLF001 - a copy of this very class
        return made

    def broker_topic(self, topic: str) -> str:
        return f"{self._deployment}.{topic.partition('.')[2]}"

    def listed_topic(self, broker_topic: str) -> str:
        return f"{LISTED}.{broker_topic.partition('.')[2]}"

    def group(self, consumer: str) -> str:
        return f"{self._deployment}-{consumer}"

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
