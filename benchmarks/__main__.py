"""Runs the benchmarks in `COMMANDS` in turn."""

from __future__ import annotations

import subprocess
import sys

COMMANDS = (
    ("benchmarks.lines", "--growth"),
    ("benchmarks.telephone",),
    ("benchmarks.addresses",),
    ("benchmarks.flood",),
    ("benchmarks.messages",),
    ("benchmarks.delivery",),
    ("benchmarks.timing",),
    ("benchmarks.hostile",),
    ("benchmarks.uploads",),
)

if __name__ == "__main__":
    for command in COMMANDS:
        print(f"== python -m {' '.join(command)}", flush=True)
        subprocess.run([sys.executable, "-m", *command], check=True)
