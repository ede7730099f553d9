from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import psutil

from scripts.image import Buildah
from tests.support.servers.killing import until

USER = 10001
DATA = "/var/lib/pullcord"
# In seconds. The machine may be busy.
SERVING_WITHIN = 60.0

# Does the same as `--read-only --tmpfs /tmp` of a container engine. The mounts end with the program.
READ_ONLY = f"""set -eu
root=$1 data=$2; shift 2
mount --bind "$root" "$root"
mount --bind "$data" "$root{DATA}"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec chroot --userspec={USER}:{USER} "$root" env --ignore-environment --chdir={DATA} "$@"
"""


@dataclass(frozen=True)
class Container:
    buildah: Buildah
    image: str
    name: str
    folder: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        # buildah describes the image with `config` and `history`.
        found: dict[str, Any] = json.loads(self.buildah.run("inspect", "--type=image", self.image))["OCIv1"]
        return found

    def command(self, *words: str, **environment: str) -> list[str]:
        given = [f"--env={name}={value}" for name, value in environment.items()]
        volume = f"--volume={self.folder}:{DATA}"
        return self.buildah.command("run", "--isolation=chroot", volume, *given, self.name, "--", *words)

    def run(self, *words: str) -> str:
        # If the run fails, the error shows the output.
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout.strip()

    def python(self, script: str) -> Any:
        """The script must print JSON."""
        return json.loads(self.run("python", "-c", script))


class ReadOnlyContainer(Container):
    """Only the data folder and /tmp are writable."""

    def command(self, *words: str, **environment: str) -> list[str]:
        named = dict(entry.split("=", 1) for entry in self.about["config"]["Env"])
        given = [f"{name}={value}" for name, value in {**named, "HOME": DATA, **environment}.items()]
        root = self.buildah.run("mount", self.name)
        return ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", root, str(self.folder), *given, *words]


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen[bytes]
    log: Path
    port: int
    client: httpx.Client

    def stop(self) -> int:
        # The service is the parent of the HTTP process. The command line has further processes above both.
        programs = psutil.Process(self.process.pid).children(recursive=True)
        (http,) = (one for one in programs if any("serving.http_process" in word for word in one.cmdline()))
        service = http.parent()
        assert service is not None
        service.terminate()
        return self.process.wait(30)


@contextmanager
def served(container: Container) -> Iterator[Served]:
    # The container runs the image's entry point with the image's arguments.
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    config = container.about["config"]
    command = container.command(
        *config["Entrypoint"], *config["Cmd"], PULLCORD_HOST="127.0.0.1", PULLCORD_PORT=str(port)
    )
    log = container.folder.with_suffix(".log")
    with log.open("wb") as out, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            assert until(lambda: process.poll() is not None or _ready(client), SERVING_WITHIN), log.read_text()[-2000:]
            assert process.poll() is None, log.read_text()[-2000:]
            yield Served(process, log, port, client)
        finally:
            process.kill()
            process.wait()


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.HTTPError:
        return False
