from __future__ import annotations

from collections import Counter
from random import Random

from services.storage.store import Store
from tests.interleavings.submissions.histories import submissions
from tests.interleavings.submissions.pace import Pace
from tests.interleavings.workers.matching import Matchers, Prepare
from tests.interleavings.workers.writing import Writers


def as_it_comes() -> None: ...


def write_and_match(
    store: Store, noise: Random, pairs: range, pace: Pace, prepare: Prepare = as_it_comes
) -> Counter[str]:
    url = store.engine.url.render_as_string(hide_password=False)
    with Matchers(url, noise.randrange(2**32), pace, prepare) as matchers:
        writers = Writers(store, submissions(noise, pairs, pace), pace.backlog, matchers.check)
        writers.to_the_end()
        return writers.counts + matchers.finish()


def write(store: Store, noise: Random, pairs: range, pace: Pace) -> None:
    # No matcher runs meanwhile.
    Writers(store, submissions(noise, pairs, pace), pace.backlog, lambda: None).to_the_end()
