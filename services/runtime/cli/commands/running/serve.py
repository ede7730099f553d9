from __future__ import annotations

from typing import Annotated

import typer

from services.runtime.bootstrap import make_parts
from services.runtime.cli.support.open_deployment import opened
from services.runtime.embedded.runner import EmbeddedRunner
from services.runtime.embedded.supervisor import Supervisor
from services.runtime.gauges.collector import calm
from services.runtime.logs import configure
from services.runtime.server import listen
from services.runtime.settings import Settings

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port; 0 picks a free one; PULLCORD_PORT if absent.")
]


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; PULLCORD_HOST if absent.")] = None,
    port: Port = None,
    pretty_logs: Annotated[bool, typer.Option(help="Logs for reading instead of JSON.")] = False,
) -> None:
    """Serve everything: the API, matching, alerts, acknowledgement pages, health and metrics.

    One process answers over HTTP. A second process matches and alerts. Stop the service with Ctrl-C or SIGTERM: the
    service first finishes its current step. After a crash, start the service again: it goes on with its work.

    [bold]Example:[/] pullcord init && pullcord serve --port 8080
    """
    settings = Settings()
    calm()
    configure("serve", pretty=pretty_logs)
    with opened(settings) as store, listen(host or settings.host, settings.port if port is None else port) as listening:
        bound = {"host": host or settings.host, "port": listening.getsockname()[1]}
        parts = make_parts(settings.model_copy(update=bound), store)
        Supervisor(parts, EmbeddedRunner(parts), listening, pretty=pretty_logs).run()
