from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from urllib.request import Request, urlopen

from services.alerts.delivery.digest import Presentation
from services.core.clock import LONDON, AcceleratedClock
from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts, make_store
from services.runtime.demo.mailbox import Mailbox, make_router, receiving
from services.runtime.demo.parties import add_parties
from services.runtime.demo.samples import BASE_DAY, Sample, rebased
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.maintenance.keyring import new_keyring, write_keyring
from services.runtime.server import listen, served, url_of
from services.runtime.settings import Settings
from services.storage.database.engine import make_engine
from services.storage.events.process import Consumer
from services.storage.migrate import upgrade
from services.storage.store import Store

SAMPLES_DIR = Path(__file__).parents[3] / "samples"
# No message is sent at night. At this time of day the first messages are sent at once.
OFFICE_OPENS = time(9, 30)
POLL_SECONDS = 0.2

CLOCK_NOTE = "This is a demonstration: its clock is simulated and can run faster than the real one."

MEDIA = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class DemoDeployment:
    store: Store
    consumers: Sequence[Consumer]
    mailbox: Mailbox
    base_url: str
    mailbox_url: str
    # The variables by which the command line finds the deployment.
    environment: Mapping[str, str]
    # API keys by feed id.
    keys: Mapping[str, str]
    today: date

    def upload(self, sample: Sample) -> bytes:
        path = SAMPLES_DIR / sample.file_name
        request = Request(  # noqa: S310 - our own loopback address
            f"{self.base_url}{_address(sample, path.suffix)}",
            # The samples have fixed dates, which are shifted to lie as far ahead of today as intended.
            data=rebased(path.read_bytes(), (self.today - BASE_DAY).days),
            headers={"Authorization": f"Bearer {self.keys[sample.feed_id]}", "Content-Type": MEDIA[path.suffix]},
            method="POST",
        )
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body


@dataclass(frozen=True)
class AcceleratedDemo(DemoDeployment):
    clock: AcceleratedClock


@contextmanager
def start_demo(data_dir: Path, host: str, port: int, today: date) -> Iterator[AcceleratedDemo]:
    clock = AcceleratedClock(datetime.combine(today, OFFICE_OPENS, tzinfo=LONDON))
    # Settings from the environment must not lead the demonstration to a real database.
    settings = Settings(data_dir=data_dir, database_url=None, keys_file=None, keys=None, poll_seconds=POLL_SECONDS)
    write_keyring(settings.keys_path, new_keyring())
    upgrade(make_engine(settings.database))
    store = make_store(settings, clock)
    mailbox = Mailbox()
    with ExitStack() as stack:
        keys = add_parties(store, stack.enter_context(receiving(mailbox)))
        # The port must be known before the parts are made, since links in mails contain it.
        listening = listen(host, port)
        base_url = url_of(host, listening.getsockname()[1])
        parts = make_parts(settings, store, Presentation(base_url, settings.links_last, CLOCK_NOTE))
        app = make_app(parts, EmbeddedRunner(parts))
        # On the same port, so that one address is enough to look around.
        app.include_router(make_router(mailbox))
        stack.enter_context(served(app, listening))
        yield AcceleratedDemo(
            store=store,
            consumers=parts.consumers,
            mailbox=mailbox,
            base_url=base_url,
            mailbox_url=f"{base_url}/mailbox",
            environment={"PULLCORD_DATA_DIR": str(data_dir)},
            keys=keys,
            today=today,
            clock=clock,
        )


def _address(sample: Sample, suffix: str) -> str:
    kind, _, code = sample.feed_id.partition(":")
    if kind == "council":
        return f"/v1/telecare-registers/{code}/uploads"
    return "/v1/migration-notices" if suffix == ".json" else "/v1/migration-notices/uploads"
