from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import structlog
import typer

from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts
from services.runtime.cli.commands.running.waiting import database_there, serve_while_waiting
from services.runtime.cli.support.error_messages import EXPLAINED, FAULT, REFUSED, explain, unexpected
from services.runtime.cli.support.open_deployment import unchecked
from services.runtime.consumers import CONSUMERS, ConsumerRole
from services.runtime.gauges.collector import calm
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.roles import run_consumer, run_relay
from services.runtime.logs import configure
from services.runtime.metrics_port import metrics_served
from services.runtime.server import connection_limits, listen, make_server
from services.runtime.settings import Settings

log = structlog.get_logger()

app = typer.Typer(
    no_args_is_help=True,
    help="Run one role of a distributed deployment, on Apache Kafka and PostgreSQL. Any number of each, in any order.",
)


@app.command()
def ingest(
    host: Annotated[str | None, typer.Option(help="The address to listen on; PULLCORD_HOST if absent.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port; PULLCORD_PORT if absent.")] = None,
) -> None:
    """Serve the API and the pages over HTTP. This role works even while the brokers are down."""
    settings = _begin("ingest")
    with (
        ending_in_the_log(),
        unchecked(settings) as store,
        listen(host or settings.host, settings.port if port is None else port) as listening,
    ):
        parts = make_parts(settings, store)
        server = make_server(make_app(parts), connection_limits(settings))
        with metrics_served(parts):
            serve_while_waiting(server, listening, store, settings)


@app.command()
def relay() -> None:
    """Publish the events of the outbox to the brokers."""
    settings = _begin("relay")
    with ending_in_the_log(), unchecked(settings) as store:
        run_relay(make_parts(settings, store), _brokers(settings), partial(database_there, store, settings))


def _command_of(role: ConsumerRole) -> Callable[[], None]:
    def run() -> None:
        settings = _begin(role.name)
        with ending_in_the_log(), unchecked(settings) as store:
            waiting = partial(database_there, store, settings)
            run_consumer(role, make_parts(settings, store), _brokers(settings), settings.data_dir, waiting)

    return run


for _role in CONSUMERS:
    app.command(_role.name, help=_role.summary)(_command_of(_role))


@contextmanager
def ending_in_the_log() -> Iterator[None]:
    # Log collectors read only JSON.
    try:
        yield
    except EXPLAINED as error:
        log.error("role_ended", error=explain(error))
        raise typer.Exit(REFUSED) from None
    except Exception as error:  # noqa: BLE001 - the text of an unexpected error may hold personal data
        log.error("role_ended", error=unexpected(error))
        raise typer.Exit(FAULT) from None


def _brokers(settings: Settings) -> KafkaSettings:
    return KafkaSettings().of_deployment(settings.deployment)


def _begin(role: str) -> Settings:
    configure(role)
    calm()
    return Settings()
