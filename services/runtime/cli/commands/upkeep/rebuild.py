from __future__ import annotations

from services.runtime.bootstrap import make_parts
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import counted, progress, say
from services.runtime.maintenance.rebuild import rebuild
from services.runtime.settings import Settings


def rebuild_() -> None:
    """Rebuild matches and cases from the stored records, for example after the brokers have lost all events.

    Every register entry is matched again, and every case is reviewed. Correct matches and cases stay unchanged, so
    nobody is alerted twice.
    """
    settings = Settings()
    total = 0
    with opened(settings) as store, progress() as bar:
        parts = make_parts(settings, store)
        task = bar.add_task("Looking at every entry", total=None)
        # Each consumer looks at every entry.
        for looked_at in rebuild(store, parts.consumers):
            total += looked_at
            bar.advance(task, looked_at)
    say(f"Every entry was matched and every case reviewed: {counted(total // len(parts.consumers), 'register row')}.")
