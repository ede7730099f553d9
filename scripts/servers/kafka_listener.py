from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NAME = "CLIENTS"
SCRAM = "SCRAM-"


@dataclass(frozen=True)
class Listener:
    # By default, clients need no identity, and connections have no TLS.
    # A PEM file with the broker's key (PKCS#8) and certificates. With this file, connections use TLS.
    certificate: Path | None = None
    # A PEM file with the authorities for clients' certificates. With this file, each client needs a certificate.
    clients_ca: Path | None = None
    # PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. With a mechanism, clients must sign in.
    mechanism: str | None = None
    # The passwords of the users who may sign in.
    users: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def protocol(self) -> str:
        secrecy = "PLAINTEXT" if self.certificate is None else "SSL"
        return secrecy if self.mechanism is None else f"SASL_{secrecy}"

    def properties(self) -> str:
        wanted = {**self._tls(), **self._sign_in()}
        return "".join(f"listener.name.{NAME.lower()}.{key}={value}\n" for key, value in wanted.items())

    def format_arguments(self) -> Sequence[str]:
        # SCRAM passwords are written when the storage is formatted. They are not in the configuration.
        if self.mechanism is None or not self.mechanism.startswith(SCRAM):
            return ()
        given = (f"{self.mechanism}=[name={user},password={word}]" for user, word in self.users.items())
        return [argument for credential in given for argument in ("--add-scram", credential)]

    def _tls(self) -> Mapping[str, str]:
        if self.certificate is None:
            return {}
        server = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(self.certificate)}
        if self.clients_ca is None:
            return server
        return server | {
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.clients_ca),
            "ssl.client.auth": "required",
        }

    def _sign_in(self) -> Mapping[str, str]:
        if self.mechanism is None:
            return {}
        scram = self.mechanism.startswith(SCRAM)
        module = "scram.ScramLoginModule" if scram else "plain.PlainLoginModule"
        # PLAIN passwords are in the login configuration, and SCRAM passwords in the formatted storage.
        users = "" if scram else "".join(f' user_{user}="{word}"' for user, word in self.users.items())
        login = f"org.apache.kafka.common.security.{module} required{users};"
        return {"sasl.enabled.mechanisms": self.mechanism, f"{self.mechanism.lower()}.sasl.jaas.config": login}
