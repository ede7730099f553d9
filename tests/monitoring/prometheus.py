from __future__ import annotations

import re
import subprocess
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import yaml

from tests.monitoring.tools import RULES, tool
from tests.support.servers.killing import until

# Seconds that a server gets to start.
STARTED_WITHIN = 30.0


@dataclass
class Prometheus:
    # Each alert fires after one second, not after its usual time.
    folder: Path
    target_port: int
    port: int = field(init=False)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        with closing(create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]

    def start(self) -> None:
        self.folder.mkdir()
        (self.folder / "rules.yaml").write_text(re.sub(r"\bfor: \w+", "for: 1s", RULES.read_text()))
        (self.folder / "prometheus.yaml").write_text(yaml.safe_dump(self._settings()))
        command = [
            tool("prometheus"),
            f"--config.file={self.folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        with (self.folder / "prometheus.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        assert until(self._ready, STARTED_WITHIN), (self.folder / "prometheus.log").read_text()[-2000:]

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def firing(self) -> dict[str, dict[str, Any]]:
        alerts = self._get("/api/v1/alerts")["data"]["alerts"]
        return {one["labels"]["alertname"]: one for one in alerts if one["state"] == "firing"}

    def value(self, query: str) -> float | None:
        """Return None if the query has no result."""
        found = self._get("/api/v1/query", query=query)["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def _settings(self) -> dict[str, Any]:
        target = {"targets": [f"127.0.0.1:{self.target_port}"]}
        return {
            "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "pullcord", "static_configs": [target]}],
        }

    def _ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/-/ready").is_success
        except httpx.HTTPError:
            return False

    def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = httpx.get(f"http://127.0.0.1:{self.port}{path}", params=parameters, timeout=10)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found
