from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from typing import Annotated

import typer
from rich.console import Console

from services.core.clock import SystemClock, london_day
from services.runtime.demo.demo_deployment import start_demo
from services.runtime.demo.story import show_where_to_look, tell
from services.runtime.logs import configure

QUIET_LOGS = "ERROR"


def demo(
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to serve on; 0 picks a free one.")] = 0,
    data_dir: Annotated[Path | None, typer.Option(help="Where to keep its data; a new folder if absent.")] = None,
    stay: Annotated[bool, typer.Option(help="Serve on when the story is told.")] = True,
) -> None:
    """See Pullcord work in under a minute: files are read, lines are matched, e-mails are sent.

    Everything runs on this machine with invented data: registers of two councils, and notices of three providers. A
    mail server on this machine is the officers' mailbox. The clock is simulated. Afterwards the service stays up, so
    that you can look around.
    """
    configure("demo", level=QUIET_LOGS)
    console = Console(width=min(Console().width, 120))
    folder = data_dir or Path(mkdtemp(prefix="pullcord-demo-"))
    try:
        with start_demo(folder, host, port, london_day(SystemClock().now())) as running:
            tell(running, console)
            if stay:
                show_where_to_look(running, console)
                Event().wait()
    except KeyboardInterrupt:
        console.print("\nStopped.")
