from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from typing import Any
from zlib import crc32

import httpx

from services.runtime.maintenance.keyring import new_keyring, write_keyring
from tests.support.servers.killing import until

PULLCORD = Path(sys.executable).with_name("pullcord")
PATIENCE = 60.0
# Seconds after which a supervisor kills what does not stop.
STOPPED_WITHIN = 30.0


@dataclass
class RoleProcess:
    # Everything that the process writes goes to the file `log`.
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def asked(self, path: str, method: str = "GET", **more: Any) -> httpx.Response | None:
        """Send a request to the process. Return the answer, or None if the process does not answer."""
        try:
            return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=10, **more)
        except httpx.TransportError:
            return None

    def answers(self, path: str, status: int) -> bool:
        answer = self.asked(path)
        return answer is not None and answer.status_code == status

    def comes_to_answer(self, path: str, status: int) -> bool:
        return until(lambda: self.answers(path, status), PATIENCE)

    def faults(self) -> str:
        answer = self.asked("/readyz")
        return "; ".join(answer.json()["faults"]) if answer is not None else "the port is closed"

    def stopped(self) -> int:
        """Stop the process, and return its exit code. Raises TimeoutExpired after `STOPPED_WITHIN` seconds."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPPED_WITHIN)

    def lines(self) -> list[Mapping[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def role(name: str, folder: Path, database: str, **settings: str) -> Iterator[RoleProcess]:
    keys = folder / "keys.json"
    if not keys.exists():
        write_keyring(keys, new_keyring())
    with closing(create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    wanted = {
        "DATA_DIR": str(folder / name),
        "KEYS_FILE": str(keys),
        "DATABASE_URL": database,
        # The ingest API answers with its health on its own port.
        "METRICS_PORT": "0" if name == "ingest" else str(port),
        "PORT": str(port),
        "KAFKA_REPLICATION": "1",
        # Tests share brokers, and a deployment takes no events of another.
        "DEPLOYMENT": f"test-{crc32(bytes(folder)):08x}",
        **settings,
    }
    environment = os.environ | {f"PULLCORD_{setting}": value for setting, value in wanted.items()}
    log = folder / f"{name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen([PULLCORD, "run", name], env=environment, stdout=file, stderr=file)
    try:
        yield RoleProcess(process, port, log)
    finally:
        process.kill()
        process.wait()
