"""`pullcord run`: runs one role of a distributed deployment. Any number of processes may run each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts
from services.runtime.cli.commands.running.waiting import opened_when_there
from services.runtime.consumers import CONSUMERS, ConsumerRole
from services.runtime.gauges.collector import calm
from services.runtime.kafka.kafka_settings import KafkaSettings
from services.runtime.kafka.roles import run_consumer, run_relay
from services.runtime.logs import configure
from services.runtime.metrics_port import metrics_served
from services.runtime.server import connection_limits, listen, make_server
from services.runtime.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Run one role of a distributed deployment, on Apache Kafka and PostgreSQL. Any number of each, in any order.",
)


@app.command()
def ingest(
    host: Annotated[str | None, typer.Option(help="The address to listen on; PULLCORD_HOST if absent.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port; PULLCORD_PORT if absent.")] = None,
) -> None:
    """Serve the API and the pages over HTTP. This role needs no broker: it answers even while Kafka is down."""
    settings = _begin()
    with (
        opened_when_there(settings) as store,
        listen(host or settings.host, settings.port if port is None else port) as listening,
    ):
        parts = make_parts(settings, store)
        with metrics_served(parts):
            make_server(make_app(parts), connection_limits(settings)).run(sockets=[listening])


@app.command()
def relay() -> None:
    """Publish the outbox to the brokers."""
    settings = _begin()
    with opened_when_there(settings) as store:
        run_relay(make_parts(settings, store), KafkaSettings())


def _command_of(role: ConsumerRole) -> Callable[[], None]:
    def run() -> None:
        settings = _begin()
        with opened_when_there(settings) as store:
            run_consumer(role, make_parts(settings, store), KafkaSettings(), settings.data_dir)

    return run


for _role in CONSUMERS:
    app.command(_role.name, help=_role.summary)(_command_of(_role))


def _begin() -> Settings:
    configure()
    calm()
    return Settings()
