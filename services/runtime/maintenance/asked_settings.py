"""Writes the answers to the questions of `pullcord init`. `Settings` reads them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from services.runtime.settings import ANSWERS, PREFIX, read_answers


def write_answers(data_dir: Path, answers: Mapping[str, str]) -> None:
    """Add answers to the file. Only its owner can read it, because the mail server's password is in it."""
    kept = {**read_answers(data_dir), **answers}
    # A whole file takes the place of the old one, so that a crash leaves either of them.
    draft = data_dir / f"{ANSWERS}.draft"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({PREFIX + name.upper(): value for name, value in kept.items()}, file, indent=2)
        file.write("\n")
    draft.replace(data_dir / ANSWERS)
