from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos.judging.checker import repeats
from tests.chaos.judging.run import Story


def table(story: Story) -> str:
    lines = [f"Seed {story.seed}", "", "| from | to | fault | what shows it |", "|--:|--:|---|---|"]
    lines += [
        f"| {one.began:.1f} s | {one.ended:.1f} s | {one.fault} | {'' if one.shown else '**NOT SHOWN** '}{one.text} |"
        for one in story.evidence
    ]
    lines += ["", "| figure | |", "|---|--:|", *(f"| {name} | {value} |" for name, value in _figures(story).items())]
    return "\n".join(lines)


def _figures(story: Story) -> Mapping[str, str]:
    records, history = story.records, story.history
    doubts = sum(one.doubts for one in records.deliveries)
    mails = Counter(count for count in story.mails.values())
    recovered = f"{story.recovered_seconds:.0f}" if story.recovered_seconds is not None else f"no: {story.left}"
    return {
        "submissions accepted": f"{len(history.accepted):,}",
        "of these, receipts that came on a later try": f"{len(repeats(history)):,}",
        "requests sent again": ", ".join(f"{count:,} {reason}" for reason, count in history.tried_again.most_common()),
        "rows accepted": f"{history.rows:,}",
        "notices on record": f"{len(records.notices):,}",
        "register entries on record": f"{len(records.entries):,}",
        "live matches": f"{len(records.matches):,}",
        "cases": f"{len(records.cases):,}",
        "alerts": f"{len({one.reference.partition('.')[0] for one in records.deliveries}):,}",
        "deliveries": f"{len(records.deliveries):,}",
        "deliveries not needed any more": f"{sum(one.state == 'not_needed' for one in records.deliveries):,}",
        "mails": f"{sum(story.mails.values()):,}",
        "mails that came more than once": f"{sum(count for times, count in mails.items() if times > 1):,}",
        "attempts in doubt": f"{doubts:,}",
        "acknowledgements": f"{len(history.acknowledged):,}",
        "duplicates suppressed": f"{story.suppressed:,}",
        "processes that ended by themselves": ", ".join(_ended(story)) or "none",
        "seconds to recover": recovered,
    }


def _ended(story: Story) -> Iterator[str]:
    for name, exits in story.exits.items():
        codes = Counter(code for code in exits if code >= 0)
        yield from (f"{name} with {code}, {count} times" for code, count in sorted(codes.items()))
