"""Only this module chooses the store, the channels and the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from schemas.codes import CaseState
from services.alerts.delivery.channels.as_typed import route_as_typed
from services.alerts.delivery.channels.mail.mail_channel import MAIL
from services.alerts.delivery.channels.notify.notify_channel import NOTIFY
from services.alerts.delivery.channels.pool import DeliveryPool
from services.alerts.delivery.channels.port import Channel, ChannelSettings
from services.alerts.delivery.channels.registry import OTHERWISE, channel_of
from services.alerts.delivery.channels.routed_channel import make_receipt_look_up, make_routed_channel
from services.alerts.delivery.channels.webhook.webhook_channel import WEBHOOK
from services.alerts.delivery.digest import Presentation
from services.alerts.delivery.dispatch import Dispatcher
from services.alerts.delivery.drills.running import DrillRunner
from services.alerts.delivery.receipts.polling import ReceiptDesk
from services.alerts.engine import Engine
from services.alerts.policy.contacts import ContactChannel
from services.alerts.policy.policy import Contact
from services.alerts.states.machine import CLOCK_STOPPED
from services.alerts.states.rules import load_ruleset
from services.audit.month_end import MonthEnd
from services.core.clock import Clock, SystemClock
from services.core.days.feed_rhythm import SilencePolicy
from services.core.operator.contact_services import ContactServices
from services.core.tokens import Tokeniser
from services.ingest.requests import IngestLimits
from services.ingest.workers.job import WorkerLimits
from services.runtime.clock_guard import ClockGuard, guard_of
from services.runtime.consumers import DeployedConsumer, make_consumers
from services.runtime.maintenance.key_file import KeyFile
from services.runtime.maintenance.keyring import Keyring, parse_keyring, read_keyring
from services.runtime.server import url_of
from services.runtime.settings import Settings
from services.storage.database.engine import make_engine
from services.storage.store import OperatorPolicy, Store
from services.storage.vault import Vault

MIB = 1024 * 1024
# The states of a case in which the resident is not yet safe.
UNSAFE = frozenset(state.value for state in CaseState if state not in CLOCK_STOPPED)


@dataclass(frozen=True)
class Parts:
    settings: Settings
    store: Store
    consumers: tuple[DeployedConsumer, ...]
    engine: Engine
    dispatcher: Dispatcher
    pool: DeliveryPool
    closer: MonthEnd
    drills: DrillRunner
    limits: IngestLimits
    presentation: Presentation
    clock_guard: ClockGuard | None

    def when_clock_is_right(self, work: Callable[[], int]) -> Callable[[], int]:
        """Return a function that calls `work`, except while the clock guard doubts the machine's clock."""
        return self.clock_guard.holding(work) if self.clock_guard else work


def load_keyring(settings: Settings) -> Keyring:
    if settings.keys is not None:
        return parse_keyring(settings.keys.get_secret_value())
    return read_keyring(settings.keys_path)


def make_store(settings: Settings, clock: Clock | None = None) -> Store:
    # The keys file is read again whenever it changes.
    # Keys from the environment cannot change while the process runs.
    source = KeyFile(settings.keys_path) if settings.keys is None else None
    keyring = source.keyring if source else load_keyring(settings)
    return Store(
        engine=make_engine(settings.database),
        vault=Vault(keyring.vault, keyring.current, source=source),
        tokeniser=Tokeniser(keyring.token),
        clock=clock or SystemClock(),
        policy=operator_policy(settings),
    )


def operator_policy(settings: Settings) -> OperatorPolicy:
    silence = SilencePolicy(
        timedelta(days=settings.silence_without_rhythm_days),
        settings.silence_patience,
        timedelta(days=settings.silence_shortest_days),
    )
    return OperatorPolicy(
        refusals_an_hour=settings.refusals_an_hour,
        repeats_a_day=settings.repeats_a_day,
        silence=silence,
        contact_code_minutes=settings.contact_code_minutes,
        contact_code_tries=settings.contact_code_tries,
        contact_messages_an_hour=settings.contact_messages_an_hour,
        services=contact_services(settings),
    )


def contact_services(settings: Settings) -> ContactServices:
    return ContactServices(
        mail_server=_secret(settings.mail_server),
        text_service=_secret(settings.text_service),
        notify_key=_secret(settings.notify_key),
        notify_email_template=settings.notify_email_template or None,
        notify_sms_template=settings.notify_sms_template or None,
        notify_letter_template=settings.notify_letter_template or None,
        allowed=settings.contact_channels,
    )


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def make_parts(
    settings: Settings, store: Store, presentation: Presentation | None = None, channel: Channel | None = None
) -> Parts:
    # A faulty ruleset ends the process here, before it accepts any data.
    ruleset = load_ruleset(settings.ruleset)
    fallback = fallback_contacts(settings)
    # Without a public URL the links lead to this machine, which is enough to try it.
    base_url = settings.public_url or url_of(settings.host, settings.port)
    # The demonstration adds a note to its messages.
    shown = presentation or Presentation(base_url, settings.links_last, link_pause_days=settings.link_pause_days)
    seconds = settings.delivery_deadline_seconds
    # The channel and the pool both enforce the deadline, because a channel may fail to stop itself.
    channels = ChannelSettings(seconds, settings.mail_without_tls)
    pool = DeliveryPool(
        channel or make_routed_channel(channels),
        settings.delivery_workers,
        seconds,
        most_a_minute=most_a_minute(settings),
    )
    return Parts(
        settings=settings,
        store=store,
        consumers=make_consumers(ruleset),
        engine=Engine(store, ruleset, fallback),
        dispatcher=Dispatcher(store, pool, shown, receipts=ReceiptDesk(make_receipt_look_up(channels))),
        pool=pool,
        closer=MonthEnd(store, UNSAFE),
        drills=DrillRunner(store, shown.links_last),
        limits=ingest_limits(settings),
        presentation=shown,
        clock_guard=guard_of(store),
    )


def most_a_minute(settings: Settings) -> Callable[[str], int | None]:
    """Return a function that gives the limit of a route in messages a minute. None means no limit."""
    most = {
        MAIL: settings.mail_a_minute,
        NOTIFY: settings.notify_a_minute,
        WEBHOOK: settings.webhook_a_minute,
        OTHERWISE: settings.apprise_a_minute,
    }
    return lambda route: most[channel_of(route)] or None


def ingest_limits(settings: Settings) -> IngestLimits:
    return IngestLimits(
        body_bytes=settings.max_body_mib * MIB,
        rows=settings.max_rows,
        withdrawal_share=settings.withdrawal_share,
        workers=WorkerLimits(settings.file_workers, settings.file_seconds, settings.file_memory_mib * MIB),
        readers=settings.row_readers,
    )


def typed_route(settings: Settings, typed: str) -> str:
    """Raises RefusedError if `typed` cannot be read."""
    return route_as_typed(typed, contact_services(settings))


def fallback_contacts(settings: Settings) -> tuple[Contact, ...]:
    # The contacts are numbered from 1, as in the output of `status`. A route itself is never shown.
    return tuple(_operator(settings, number, route) for number, route in enumerate(settings.fallback_routes, 1))


def _operator(settings: Settings, number: int, route: SecretStr) -> Contact:
    # Logs and lists show the label instead of the address.
    address = SecretStr(typed_route(settings, route.get_secret_value()))
    return Contact(person=f"operator {number}", channel=ContactChannel.ROUTE, address=address)
