"""Sets the stage: an empty deployment with two councils, three providers, officers to tell and keys to call with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from urllib.request import Request, urlopen

from services.alerts.councils import set_policy
from services.alerts.digest import Presentation
from services.alerts.policy import Contact, CouncilPolicy, Tier
from services.core.clock import LONDON, AcceleratedClock
from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts, make_store
from services.runtime.demo.mailbox import Mailbox, make_router, receiving
from services.runtime.keyring import new_keyring, write_keyring
from services.runtime.runner import EmbeddedRunner
from services.runtime.samples import BASE_DAY, SAMPLES, Sample, rebased
from services.runtime.server import listen, served
from services.runtime.settings import Settings
from services.storage.engine import make_engine
from services.storage.feeds import add_feed
from services.storage.keys import Role, create_key
from services.storage.migrate import upgrade
from services.storage.store import Store

SAMPLES_DIR = Path(__file__).parents[3] / "samples"
OFFICE_OPENS = time(9, 30)
GROUPING_SECONDS = 2
POLL_SECONDS = 0.2

CLOCK_NOTE = "This is a demonstration: its clock is simulated and can run faster than the real one."

MEDIA = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Stage:
    """Everything the story needs."""

    store: Store
    clock: AcceleratedClock
    mailbox: Mailbox
    base_url: str
    data_dir: Path
    keys: dict[str, str]
    today: date

    def upload(self, sample: Sample) -> tuple[Request, bytes]:
        """The request that brings a sample file in, and what it was answered."""
        path = SAMPLES_DIR / sample.file_name
        body = rebased(path.read_bytes(), (self.today - BASE_DAY).days)
        request = Request(  # noqa: S310 - our own loopback address
            f"{self.base_url}{_address(sample, path.suffix)}",
            data=body,
            headers={"Authorization": f"Bearer {self.keys[sample.feed_id]}", "Content-Type": MEDIA[path.suffix]},
            method="POST",
        )
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            return request, answer.read()


@contextmanager
def set_stage(data_dir: Path, host: str, port: int, today: date) -> Iterator[Stage]:
    """Start the mail server and the service on an empty data directory."""
    clock = AcceleratedClock(datetime.combine(today, OFFICE_OPENS, tzinfo=LONDON))
    settings = Settings(data_dir=data_dir, database_url=None, keys_file=None, keys=None, poll_seconds=POLL_SECONDS)
    write_keyring(settings.keys_path, new_keyring())
    upgrade(make_engine(settings.database))
    store = make_store(settings, clock)
    mailbox = Mailbox()
    with ExitStack() as stack:
        smtp_port = stack.enter_context(receiving(mailbox))
        keys = _add_feeds(store, smtp_port)
        listening = listen(host, port)
        base_url = f"http://{host}:{listening.getsockname()[1]}"
        parts = make_parts(settings, store, Presentation(base_url, CLOCK_NOTE))
        app = make_app(parts, EmbeddedRunner(parts))
        app.include_router(make_router(mailbox))
        stack.enter_context(served(app, listening))
        yield Stage(store, clock, mailbox, base_url, data_dir, keys, today)


def _add_feeds(store: Store, smtp_port: int) -> dict[str, str]:
    keys = {}
    for sample in SAMPLES:
        kind, _, code = sample.feed_id.partition(":")
        if kind == "council":
            add_feed(store, "council", code, sample.sender)
            set_policy(store, sample.feed_id, _policy(sample, smtp_port), by="Demonstration")
        else:
            add_feed(store, "provider", code, sample.sender)
        keys[sample.feed_id] = create_key(store, Role(kind), sample.feed_id, "demonstration")
    return keys


def _policy(sample: Sample, smtp_port: int) -> CouncilPolicy:
    town = sample.sender.split()[0].lower()

    def contact(desk: str) -> Contact:
        to = f"{desk}@{town}.example"
        route = f"mailto://127.0.0.1:{smtp_port}?from=alerts@pullcord.example&to={to}&mode=insecure"
        return Contact(label=desk, route=route)

    return CouncilPolicy(
        grouping_seconds=GROUPING_SECONDS,
        tiers=(
            Tier(label="telecare duty desk", from_days=56, contacts=(contact("duty"),)),
            Tier(label="telecare manager", from_days=7, contacts=(contact("manager"),)),
            Tier(label="director of adult services", from_days=0, contacts=(contact("director"),)),
        ),
    )


def _address(sample: Sample, suffix: str) -> str:
    kind, _, code = sample.feed_id.partition(":")
    if kind == "council":
        return f"/v1/telecare-registers/{code}/uploads"
    return "/v1/migration-notices" if suffix == ".json" else "/v1/migration-notices/uploads"
