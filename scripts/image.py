"""Builds the image of `deploy/Dockerfile` with buildah.

    python -m scripts.image [--base IMAGE] [--tag NAME]

Run this script as root. Run `scripts/install/buildah.sh` first.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".tools" / "image"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
NAME = "localhost/pullcord"

SUITE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates,tzdata"
# Paths that a service does not need. They are left out of the image.
SPARED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")

# Each of these variables may name the file of certificates with which this machine trusts its package registries.
AUTHORITIES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
# Variables with the addresses and credentials of package registries.
REGISTRY = re.compile(r"(PIP|UV)_(INDEX|INDEX_URL|DEFAULT_INDEX|EXTRA_INDEX_URL|INDEX_\w+_(USERNAME|PASSWORD))")


class MissingToolError(Exception):
    """A needed program is missing. The message says how to install the program."""


@dataclass(frozen=True)
class Buildah:
    # The images and layers are in a folder of this project.
    home: Path = HOME
    driver: str = field(init=False)

    def __post_init__(self) -> None:
        overlay = subprocess.run([*self._program("overlay"), "info"], capture_output=True, check=False)
        # If the file system does not support overlays, each layer is a whole copy.
        object.__setattr__(self, "driver", "vfs" if overlay.returncode else "overlay")

    def command(self, *arguments: str) -> list[str]:
        return [*self._program(self.driver), *arguments]

    def run(self, *arguments: str) -> str:
        """Return the output. Raises CalledProcessError if the command fails."""
        done = subprocess.run(self.command(*arguments), stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        looked = subprocess.run(self.command("inspect", "--type=image", image), capture_output=True, check=False)
        return looked.returncode == 0

    def _program(self, driver: str) -> list[str]:
        storage = (f"--root={self.home / 'storage'}", f"--runroot={self.home / 'run'}", f"--storage-driver={driver}")
        return [_tool("buildah"), *storage]


def make_base(buildah: Buildah) -> str:
    # The hash of the recipe is part of the name, so that a changed recipe makes a new base.
    recipe = [f"--include={PACKAGES}", *(f"--dpkgopt=path-exclude={path}" for path in SPARED)]
    image = f"{NAME}-base:{SUITE}-{hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]}"
    if not buildah.has(image):
        _import(buildah, _debian(buildah.home, image.rpartition(":")[2], recipe), image)
    return image


def build(buildah: Buildah, base: str, name: str = NAME) -> str:
    arguments = [f"BASE={base}", f"VERSION={version('pullcord')}", f"REVISION={_revision()}"]
    plan = [f"--file={DOCKERFILE}", "--isolation=chroot", "--layers", *(f"--build-arg={one}" for one in arguments)]
    with given_secrets() as secrets:
        # The first stage gets a tag too, so that pruning keeps its layers for the next build.
        for target in (["--target=build", f"--tag={name}-build"], [f"--tag={name}"]):
            buildah.run("build", *plan, *secrets, *target, str(ROOT))
    buildah.run("rmi", "--prune")
    return name


def _debian(home: Path, name: str, recipe: list[str]) -> Path:
    archive = home / f"{name}.tar"
    if not archive.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = archive.with_suffix(".new.tar")
        subprocess.run([_tool("mmdebstrap"), "--quiet", "--variant=minbase", *recipe, SUITE, str(draft)], check=True)
        # The archive is renamed when it is complete, so that an interrupted run leaves no half archive under this name.
        draft.replace(archive)
    return archive


def _import(buildah: Buildah, archive: Path, image: str) -> None:
    container = buildah.run("from", "scratch")
    try:
        buildah.run("add", "--quiet", container, str(archive), "/")
        # mmdebstrap makes an archive of files only. An image also needs a search path.
        buildah.run("config", "--env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container)
        buildah.run("commit", "--quiet", container, image)
    finally:
        buildah.run("rm", container)


@contextmanager
def given_secrets() -> Iterator[list[str]]:
    # These values are secrets and not build arguments, because build arguments stay in the image's history.
    given = []
    trusted = next((os.environ[name] for name in AUTHORITIES if os.environ.get(name)), None)
    if trusted and Path(trusted).is_file():
        given.append(f"--secret=id=certificates,src={trusted}")
    with tempfile.TemporaryDirectory() as folder:
        registry = Path(folder, "registry.env")
        found = {name: value for name, value in os.environ.items() if REGISTRY.fullmatch(name)}
        registry.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in found.items()))
        yield [*given, f"--secret=id=registry,src={registry}"]


def _revision() -> str:
    asked = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(f"{name} is missing: run scripts/install/buildah.sh")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="an image to stand on, instead of Debian's packages")
    parser.add_argument("--tag", default=NAME)
    options = parser.parse_args()
    try:
        buildah = Buildah()
        name = build(buildah, options.base or make_base(buildah), options.tag)
    except MissingToolError as error:
        sys.exit(str(error))
    archive = " ".join(buildah.command("push", name, "docker-archive:pullcord.tar"))
    print(f"{name} is built. As an archive for a container engine: {archive}")


if __name__ == "__main__":
    main()
