from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import Engine

from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.tokens import Tokeniser
from services.runtime.maintenance.keyring import Keyring
from services.storage.feeds import add_feed
from services.storage.migrate import upgrade
from services.storage.secrets.keys import Role, create_key
from services.storage.store import Store
from services.storage.vault import Vault

COUNCIL = "E06000009"
PROVIDERS = ("RAVN", "HBRT")


@dataclass(frozen=True)
class Keys:
    council: str
    providers: tuple[str, ...]


def make_store(engine: Engine, keyring: Keyring) -> Store:
    return Store(engine, Vault(keyring.vault, keyring.current), Tokeniser(keyring.token))


def furnish(engine: Engine, keyring: Keyring, mail_port: int) -> Keys:
    upgrade(engine)
    store = make_store(engine, keyring)
    council = add_feed(store, "council", COUNCIL, "Ambridge")
    providers = [add_feed(store, "provider", code, code.title()) for code in PROVIDERS]
    set_policy(store, council, _policy(mail_port), by="Benchmark")
    return Keys(
        create_key(store, Role.COUNCIL, council, "benchmark"),
        tuple(create_key(store, Role.PROVIDER, provider, "benchmark") for provider in providers),
    )


# The clock of the machine decides, so every moment is one of a working day, and no message waits for another.
EVERY_MOMENT: Final[dict[str, Any]] = {
    "quiet_from": time(),
    "quiet_until": time(),
    "day_starts": time(),
    "works_every_day": True,
    "one_digest_a_day": False,
    "urgent_interval_minutes": 0,
}


def _policy(mail_port: int) -> CouncilPolicy:
    # No quiet hours and no gathering of alerts, so that a mail waits for nothing except its own processing.
    route = f"mailto://127.0.0.1:{mail_port}?from=alerts@pullcord.example&to=desk@council.example&mode=insecure"
    tier = Tier(
        label="duty", from_days=56, contacts=(Contact(person="desk", channel="route", address=SecretStr(route)),)
    )
    return CouncilPolicy(tiers=(tier,), grouping_seconds=0, **EVERY_MOMENT)
