from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import Progress

from services.ingest.recording.rereading import read_again
from services.runtime.bootstrap import make_parts
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import counted, progress, say
from services.runtime.maintenance.rebuild import rebuild
from services.runtime.settings import Settings
from services.storage.store import Store


def rebuild_(
    read_addresses: Annotated[
        bool, typer.Option("--read-addresses", help="First read every stored address again, as this version reads it.")
    ] = False,
) -> None:
    """Rebuild matches and cases from the stored records, for example after the brokers have lost all events.

    Every register entry is matched again, and every case is reviewed. Correct matches and cases stay unchanged, so
    nobody is alerted twice. After an upgrade that reads addresses in a new way, use `--read-addresses`. The service may
    run meanwhile, and a run that was cut off can be started again.
    """
    settings = Settings()
    total = 0
    with opened(settings) as store, progress() as bar:
        parts = make_parts(settings, store)
        if read_addresses:
            _read_again(store, bar, drop=False)
        task = bar.add_task("Looking at every entry", total=None)
        # Each consumer looks at every entry.
        for looked_at in rebuild(store, parts.consumers):
            total += looked_at
            bar.advance(task, looked_at)
        if read_addresses:
            # Until all pairs are matched by the new keys, the old ones bring records together.
            _read_again(store, bar, drop=True)
    say(f"Every entry was matched and every case reviewed: {counted(total // len(parts.consumers), 'register row')}.")


def _read_again(store: Store, bar: Progress, *, drop: bool) -> None:
    task = bar.add_task("Taking old keys of addresses away" if drop else "Reading every address", total=None)
    for looked_at in read_again(store, drop=drop):
        bar.advance(task, looked_at)
