from __future__ import annotations

import os
import socket
import sys

from services.runtime.app import make_app
from services.runtime.bootstrap import make_parts, make_store
from services.runtime.embedded.background import Background
from services.runtime.embedded.link import ProcessLink
from services.runtime.gauges.collector import calm
from services.runtime.logs import configure
from services.runtime.metrics_port import metrics_served
from services.runtime.server import connection_limits, make_server
from services.runtime.settings import Settings


def serve_http() -> None:
    # The arguments of the command are file descriptors: the socket to serve on, and the link to the other process.
    os.umask(0o077)
    listening, end = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    host, port, pretty = sys.argv[3], int(sys.argv[4]), sys.argv[5] == "pretty"
    calm()
    configure("http", pretty=pretty)
    settings = Settings().model_copy(update={"host": host, "port": port})
    store = make_store(settings)
    try:
        parts = make_parts(settings, store)
        background = Background(ProcessLink(end))
        background.start()
        with metrics_served(parts, background.tasks, background.sends, background.metrics):
            make_server(make_app(parts, background), connection_limits(settings)).run(sockets=[listening])
    finally:
        store.engine.dispose()


if __name__ == "__main__":
    serve_http()
