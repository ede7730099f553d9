from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from services.runtime.maintenance.exports import written_whole
from services.runtime.settings import ANSWERS, PREFIX, read_answers


def write_answers(data_dir: Path, answers: Mapping[str, str]) -> None:
    # Only its owner can read the file, because it holds the password of the mail server.
    kept = {**read_answers(data_dir), **answers}
    with written_whole(data_dir / ANSWERS) as file:
        json.dump({PREFIX + name.upper(): value for name, value in kept.items()}, file, indent=2)
        file.write("\n")
