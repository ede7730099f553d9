"""Backs up the database into /backup. Once the new backup is made and checked, old backups are deleted."""  # noqa: INP001 - a script of the chart

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path("/backup")
# The names sort by time, so that the last ones are the newest.
NAMES = "pullcord-*.db"


def name_at(moment: datetime) -> str:
    return moment.strftime("pullcord-%Y%m%dT%H%M%SZ.db")


def surplus(folder: Path, keep: int) -> list[Path]:
    return sorted(folder.glob(NAMES))[:-keep]


def main(folder: Path = FOLDER) -> int:
    target = folder / name_at(datetime.now(UTC))
    made = subprocess.run(["pullcord", "backup", str(target)], check=False)  # noqa: S603, S607 - of the image
    if made.returncode:
        # The old backups stay: they may be the only ones that can be trusted.
        return made.returncode
    for old in surplus(folder, int(os.environ["BACKUP_KEEP"])):
        old.unlink()
        sys.stdout.write(f"deleted {old.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
