"""Makes sure that written files survive a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def sync_file(path: Path) -> None:
    _sync(path, os.O_RDWR)


def sync_folder(folder: Path) -> None:
    # A renamed file keeps its new name only if its folder is on disk.
    _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
