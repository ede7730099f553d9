"""`pullcord serve`: the whole service in one process."""

from __future__ import annotations

from typing import Annotated

import typer

from services.core.errors import PullcordError
from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts, make_store
from services.runtime.collector import calm
from services.runtime.logs import configure
from services.runtime.runner import EmbeddedRunner
from services.runtime.server import listen, make_server
from services.runtime.settings import Settings
from services.storage.migrate import is_current
from services.storage.store import Store


class NotReadyError(PullcordError):
    """The deployment has not been made ready."""


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; PULLCORD_HOST if absent.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 picks a free one; PULLCORD_PORT if absent.")] = None,
    pretty_logs: Annotated[bool, typer.Option(help="Logs for reading instead of JSON.")] = False,
) -> None:
    """Serve everything in one process: the door, matching, alerts, acknowledgement pages, health and metrics.

    Stop it with Ctrl-C or SIGTERM: it finishes the step at hand. After a crash it carries on where it was.

    [bold]Example:[/] pullcord init && pullcord serve --port 8080
    """
    settings = Settings()
    calm()
    configure(pretty=pretty_logs)
    store = make_store(settings)
    _check_schema(store)
    listening = listen(host or settings.host, settings.port if port is None else port)
    bound_port = listening.getsockname()[1]
    parts = make_parts(settings.model_copy(update={"port": bound_port, "host": host or settings.host}), store)
    make_server(make_app(parts, EmbeddedRunner(parts))).run(sockets=[listening])
    store.engine.dispose()


def _check_schema(store: Store) -> None:
    with store.reading() as connection:
        if not is_current(connection):
            raise NotReadyError(
                "the database is not of this version: run `pullcord init`, which changes it and loses nothing"
            )
