from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.image import Buildah, MissingToolError, build, make_base
from tests.image.containers import USER, Container


@pytest.fixture(scope="session")
def image() -> tuple[Buildah, str]:
    if os.geteuid() != 0:
        pytest.skip("building an image without a container engine needs root")
    try:
        buildah = Buildah()
        return buildah, build(buildah, make_base(buildah))
    except MissingToolError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def container(image: tuple[Buildah, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    buildah, name = image
    made = Container(buildah, name, buildah.run("from", name), data_folder(tmp_path_factory.mktemp("image")))
    yield made
    buildah.run("rm", made.name)


def data_folder(above: Path) -> Path:
    # The owner is the owner that a volume would have in the container.
    folder = above / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, USER, USER)
    return folder
