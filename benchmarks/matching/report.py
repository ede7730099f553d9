from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rich.table import Table

from benchmarks.matching.figures.kinds import ADDRESSES_ONLY, Numbers, Uprns
from benchmarks.matching.figures.shares import Score, Share
from benchmarks.matching.figures.tally import ALL_LEVELS, AUTOMATIC, REVIEW, Fits, Group, Tally, count_of
from benchmarks.matching.runs.outcome import Outcome
from benchmarks.matching.runs.peers import PeerRun
from benchmarks.matching.runs.pullcord import PullcordRun
from benchmarks.matching.world.addresses import STYLES, WITHOUT_POSTCODE, AddressDirt
from benchmarks.matching.world.homes import HomeForm
from schemas.codes import MatchLevel

_LEVELS: Final = (MatchLevel.CONFIRMED, MatchLevel.PROBABLE, MatchLevel.POSSIBLE)


def _share(share: Share) -> str:
    if not share.of:
        return "-"
    low, high = share.interval
    return f"{share.value:.3f} ({low:.3f}-{high:.3f})"


def _addresses_only(group: Group) -> bool:
    return group.kind.addresses_only


def _is_scottish(group: Group) -> bool:
    return group.form is HomeForm.SCOTTISH_FLAT


def _no_postcode(group: Group) -> bool:
    return group.style in WITHOUT_POSTCODE


_FIGURES: Final[dict[str, Callable[[Tally], str]]] = {
    "automatic: precision": lambda tally: _share(tally.score(AUTOMATIC).precision),
    "automatic: recall": lambda tally: _share(tally.score(AUTOMATIC).recall),
    "automatic: recall, Scottish flats": lambda tally: _share(tally.score(AUTOMATIC, _is_scottish).recall),
    "automatic: recall, styles without postcode": lambda tally: _share(tally.score(AUTOMATIC, _no_postcode).recall),
    "automatic: F1": lambda tally: f"{tally.score(AUTOMATIC).f1:.3f}",
    "automatic and review: recall": lambda tally: _share(tally.score(ALL_LEVELS).recall),
    "register rows in review": lambda tally: _share(tally.rows_in_review),
    "pairs shown for review": lambda tally: f"{tally.score(REVIEW).found:,}",
    "true among those": lambda tally: _share(tally.score(REVIEW).precision),
    "true among the first of each row": lambda tally: _share(tally.true_in_list),
    "addresses only: precision": lambda tally: _share(tally.score(AUTOMATIC, _addresses_only).precision),
    "addresses only: recall": lambda tally: _share(tally.score(AUTOMATIC, _addresses_only).recall),
    "addresses only: F1": lambda tally: f"{tally.score(AUTOMATIC, _addresses_only).f1:.3f}",
}


def tables(run: PullcordRun, peers: Sequence[PeerRun]) -> Iterator[Table]:
    outcome = run.outcome
    dirt = {one.value: _is_address(one) for one in AddressDirt}
    yield _summary(run, peers)
    yield _by_level(outcome.tally)
    yield _by_group("by kind of dirt", outcome, {name: _is_kind(name) for name in _kind_names(outcome.tally)})
    yield _by_group("addresses only, by the gravest difference", outcome, dirt)
    yield _by_group("by style of the council", outcome, {style: _is_style(style) for style in STYLES})
    yield _by_group("by form of the home", outcome, {form.value: _is_form(form) for form in HomeForm})
    yield _by_level_and_kind(outcome.tally)


def _kind_names(tally: Tally) -> list[str]:
    """Return the names of the kinds that occur, from the easiest to the hardest."""
    numbers, uprns = list(Numbers), list(Uprns)
    order = sorted(tally.kinds(), key=lambda kind: (numbers.index(kind.numbers), uprns.index(kind.uprns)))
    return sorted(dict.fromkeys(kind.name for kind in order), key=lambda name: name == ADDRESSES_ONLY)


def _summary(run: PullcordRun, peers: Sequence[PeerRun]) -> Table:
    outcome, truth = run.outcome, run.outcome.tally.truth
    true = count_of(outcome.tally.true)
    table = _table(
        f"{len(truth.entries):,} entries, {len(truth.notices):,} notices, {true:,} true pairs", "", "Pullcord"
    )
    for peer in peers:
        table.add_column(peer.name, justify="right")
    table.add_row("true pairs that share a key", _share(Share(count_of(outcome.reachable), true)))
    table.add_row("pairs that share a key", f"{outcome.candidates:,}")
    tallies = [outcome.tally, *(peer.tally for peer in peers)]
    for name, figure in _FIGURES.items():
        table.add_row(name, *map(figure, tallies))
    table.add_row("cases opened", f"{outcome.needless_cases.of:,}")
    table.add_row("needless among those", _share(outcome.needless_cases))
    table.add_row("rows refused", f"{run.refused_rows:,}")
    lines = len(truth.entries) + len(truth.notices)
    seconds = [run.seconds, *(peer.seconds for peer in peers)]
    table.add_row("lines a second", *(f"{lines / one:,.0f}" for one in seconds))
    return table


def _by_level(tally: Tally) -> Table:
    table = _table("by level", "level", "found", "true", "precision", "share of all true pairs")
    for level in _LEVELS:
        score = tally.score({level})
        table.add_row(
            level.value, f"{score.found:,}", f"{score.right:,}", _share(score.precision), _share(score.recall)
        )
    return table


def _by_group(title: str, outcome: Outcome, groups: dict[str, Fits]) -> Table:
    heads = ("true pairs", "no key finds", "automatic: precision", "automatic: recall", "with review: recall")
    table = _table(title, "", *heads)
    for name, fits in groups.items():
        automatic, every = outcome.tally.score(AUTOMATIC, fits), outcome.tally.score(ALL_LEVELS, fits)
        if automatic.true or every.found:
            lost = automatic.true - count_of(outcome.reachable, fits)
            table.add_row(
                name, f"{automatic.true:,}", f"{lost:,}", *_precision_and_recall(automatic), _share(every.recall)
            )
    return table


def _by_level_and_kind(tally: Tally) -> Table:
    table = _table("by level and kind of dirt", "level", "kind", "found", "precision", "recall within the kind")
    for level in _LEVELS:
        for name in _kind_names(tally):
            score = tally.score({level}, _is_kind(name))
            if score.found:
                table.add_row(level.value, name, f"{score.found:,}", *_precision_and_recall(score))
    return table


def _precision_and_recall(score: Score) -> tuple[str, str]:
    return _share(score.precision), _share(score.recall)


def _is_kind(name: str) -> Fits:
    return lambda group: group.kind.name == name


def _is_address(dirt: AddressDirt) -> Fits:
    return lambda group: group.kind.addresses_only and group.kind.address is dirt


def _is_style(style: str) -> Fits:
    return lambda group: group.style == style


def _is_form(form: HomeForm) -> Fits:
    return lambda group: group.form is form


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title, title_justify="left")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place and head != "kind" else "left")
    return table
