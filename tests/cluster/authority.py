from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Identity:
    certificate: Path
    key: Path


@dataclass
class Authority:
    folder: Path
    _ca: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self._ca.cert_pem.write_to_path(str(self.certificate))

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    def issue(self, name: str, group: str = "pullcord") -> Identity:
        # The certificate is also valid for a server on this machine.
        issued = self._ca.issue_cert(HERE, "localhost", common_name=name, organization_name=group)
        stem = name.replace(":", "-")
        made = Identity(self.folder / f"{stem}.crt", self.folder / f"{stem}.key")
        issued.cert_chain_pems[0].write_to_path(str(made.certificate))
        issued.private_key_pem.write_to_path(str(made.key))
        return made

    def signing_key(self) -> Path:
        # The key signs the tokens of service accounts.
        path = self.folder / "service-accounts.key"
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
        key = ec.generate_private_key(ec.SECP256R1())
        path.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
        return path

    def trust(self, identity: Identity) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.certificate)
        context.load_cert_chain(identity.certificate, identity.key)
        return context

    def kubeconfig(self, server: str, name: str, group: str = "pullcord") -> Path:
        who = self.issue(name, group)
        path = self.folder / f"{who.key.stem}.kubeconfig"
        user = {"client-certificate": str(who.certificate), "client-key": str(who.key)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": str(self.certificate)}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": name}}],
            "current-context": "c",
        }
        path.write_text(json.dumps(content))
        return path
