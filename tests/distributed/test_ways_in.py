from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_socket
import trustme
from aiokafka.errors import KafkaError as AioKafkaError
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from kafka.errors import KafkaError
from sqlalchemy import Engine

from scripts.servers.kafka import Broker
from scripts.servers.kafka_listener import Listener as BrokerListener
from services.core.errors import PullcordError
from services.runtime.kafka.brokers.publishing import Publisher, make_producer
from services.runtime.kafka.brokers.topics import make_topics
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.relay import Relay
from tests.distributed.stream import write_events
from tests.distributed.working import LITTER, Listener, Working, handled, working
from tests.support.clock import FrozenClock
from tests.support.deployment import make_store
from tests.support.servers.killing import until

pytestmark = [pytest.mark.network, pytest.mark.enable_socket, LITTER]

USER, PASSWORD = "pullcord", "correct-horse"
PATIENCE = 30.0

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Way:
    broker: Broker
    environment: Environment


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    # This authority has issued no certificate.
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    (folder / "broker.pem").write_bytes(keystore(authority.issue_cert("127.0.0.1")))
    ours = authority.issue_cert("pullcord@deployment.example")
    ours.private_key_pem.write_to_path(folder / "our-key.pem")
    ours.cert_chain_pems[0].write_to_path(folder / "our-certificate.pem")
    return folder


def keystore(certificate: trustme.LeafCert) -> bytes:
    # Kafka reads the key as PKCS#8.
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pkcs8 + b"".join(pem.bytes() for pem in certificate.cert_chain_pems)


@pytest.fixture(scope="module")
def ways(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Way]]:
    pytest_socket.enable_socket()
    authority, broker = certificates / "authority.pem", certificates / "broker.pem"
    users = {USER: PASSWORD}
    password = {"sasl_username": USER, "sasl_password": PASSWORD}
    trusting = {"ca_file": str(authority)}
    ours = {
        "certificate_file": str(certificates / "our-certificate.pem"),
        "private_key_file": str(certificates / "our-key.pem"),
    }
    asked: Mapping[str, tuple[BrokerListener, Environment]] = {
        "certificate": (BrokerListener(broker, authority), {"security": "ssl", **trusting, **ours}),
        "password": (
            BrokerListener(mechanism="PLAIN", users=users),
            {"security": "sasl_plaintext", "sasl_mechanism": "PLAIN", **password},
        ),
        "password-over-tls": (
            BrokerListener(broker, mechanism="SCRAM-SHA-512", users=users),
            {"security": "sasl_ssl", **trusting, **password},
        ),
    }
    brokers = {name: Broker(tmp_path_factory.mktemp(name), listener=listener) for name, (listener, _) in asked.items()}
    with ThreadPoolExecutor() as threads:
        list(threads.map(Broker.start, brokers.values()))
    yield {
        name: Way(brokers[name], {"brokers": brokers[name].address, "replication": "1", "partitions": "2", **wanted})
        for name, (_, wanted) in asked.items()
    }
    for one in brokers.values():
        one.stop(signal.SIGKILL)


Reached = Callable[..., KafkaSettings]


@pytest.fixture
def reached(ways: Mapping[str, Way], monkeypatch: pytest.MonkeyPatch) -> Reached:
    def settings(way: str, **changed: str | None) -> KafkaSettings:
        for name, value in {**ways[way].environment, **changed}.items():
            if value is not None:
                monkeypatch.setenv(f"PULLCORD_KAFKA_{name.upper()}", value)
        return KafkaSettings(_env_file=None)

    return settings


@pytest.mark.parametrize("way", ["certificate", "password", "password-over-tls"])
def test_topics_relay_and_worker_get_in(way: str, reached: Reached, engine: Engine, tmp_path: Path) -> None:
    settings, store = reached(way), make_store(engine, FrozenClock())
    listener = Listener("matcher", ("pullcord.notices",))
    make_topics(settings)
    write_events(store, [("provider:RAVN:1", number) for number in range(1, 4)])
    publisher = Publisher(settings)
    assert Relay(store, publisher).run_once() == 3
    publisher.close(1)
    with working(store, listener, settings, tmp_path):
        assert until(lambda: len(handled(store, listener)) == 3, PATIENCE)
    assert len(listener.heard) == 3


WRONG = "battery-staple"
STRANGER = "stranger.pem"
Changed = Mapping[str, str | None]
NO_CERTIFICATE: Changed = {"certificate_file": None, "private_key_file": None}
WRONG_PASSWORD: Changed = {"sasl_password": WRONG}
UNKNOWN_USER: Changed = {"sasl_username": "somebody"}
UNKNOWN_AUTHORITY: Changed = {"ca_file": STRANGER}
OTHER_MECHANISM: Changed = {"sasl_mechanism": "SCRAM-SHA-256"}
IN_THE_CLEAR: Changed = {"security": "sasl_plaintext"}


SECRETS = (PASSWORD, WRONG)


def changed_for(certificates: Path, wrong: Changed) -> Changed:
    # The file of the unknown authority gets its full path.
    return {name: str(certificates / STRANGER) if value == STRANGER else value for name, value in wrong.items()}


# Settings with which no connection succeeds, each with the setting that the error names.
OTHERWISE = [
    pytest.param("certificate", UNKNOWN_AUTHORITY, "PULLCORD_KAFKA_CA_FILE", id="a-broker-that-nobody-vouches-for"),
    pytest.param("certificate", NO_CERTIFICATE, "PULLCORD_KAFKA_CERTIFICATE_FILE", id="no-certificate"),
    pytest.param("password", WRONG_PASSWORD, "PULLCORD_KAFKA_SASL_USERNAME", id="wrong-password-plain"),
    pytest.param("password", UNKNOWN_USER, "PULLCORD_KAFKA_SASL_USERNAME", id="unknown-user"),
    pytest.param("password", OTHER_MECHANISM, "PULLCORD_KAFKA_SASL_MECHANISM", id="another-mechanism"),
    pytest.param("password-over-tls", WRONG_PASSWORD, "PULLCORD_KAFKA_SASL_USERNAME", id="wrong-password-scram"),
    pytest.param("password-over-tls", IN_THE_CLEAR, "PULLCORD_KAFKA_SECURITY", id="in-the-clear"),
]


@pytest.mark.usefixtures("giving_up_soon")
@pytest.mark.parametrize(("way", "wrong", "setting"), OTHERWISE)
def test_nobody_gets_in_otherwise(
    way: str, wrong: Changed, setting: str, reached: Reached, certificates: Path, engine: Engine, tmp_path: Path
) -> None:
    settings = reached(way, **changed_for(certificates, wrong))
    with pytest.raises(KafkaError) as of_relay:
        make_producer(settings)
    at_work = Working(make_store(engine, FrozenClock()), Listener("matcher", ("pullcord.notices",)), settings, tmp_path)
    with pytest.raises(AioKafkaError) as of_worker:
        at_work.start()
    at_work.stop().result(PATIENCE)
    at_work.end()
    said = f"{of_relay.value} {of_worker.value}"
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.usefixtures("giving_up_soon")
@pytest.mark.parametrize(("way", "wrong", "setting"), OTHERWISE)
def test_whoever_does_not_get_in_is_told_which_setting_to_look_at(
    way: str, wrong: Changed, setting: str, reached: Reached, certificates: Path
) -> None:
    settings = reached(way, **changed_for(certificates, wrong))
    with pytest.raises(PullcordError, match=setting):
        make_topics(settings)
