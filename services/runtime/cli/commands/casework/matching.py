from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from pydantic import ValidationError

from schemas.codes import MatchLevel
from services.core.errors import RefusedError
from services.matcher.report import MatchingReport, report_matching
from services.matcher.weights.parameters import NEWEST, Parameters
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import out, say, table
from services.storage.unit_of_work import UnitOfWork

app = group("See how well notices are matched with register entries.")

_LEVELS: Final = (MatchLevel.CONFIRMED, MatchLevel.PROBABLE, MatchLevel.POSSIBLE)
_LARGEST: Final = 1_000_000
Key = TypeVar("Key")


@app.callback()
def _group() -> None:
    # With one command and without this, Typer would leave out the name of the command.
    pass


@app.command(epilog=examples("pullcord matching report", "pullcord matching report --parameters new-weights.json"))
def report(
    council: Annotated[str | None, typer.Option(help="Only this council's, by GSS code.", metavar="CODE")] = None,
    parameters: Annotated[
        Path | None,
        typer.Option(
            help="Weights to compare with those in use. The addresses of each decided match are opened.", metavar="FILE"
        ),
    ] = None,
) -> None:
    """Show how many matches were right, by level and by weight. Only matches that a person has decided on count."""
    other = None if parameters is None else _read(parameters)
    with opened() as store, store.reading() as connection:
        feed = None if council is None else find_feed(connection, "council", council).feed_id
        found = report_matching(UnitOfWork(connection, store, store.now()), feed, other)
    if not found.by_level:
        say("Nobody has confirmed or rejected a match yet: `pullcord match list` shows those to check.")
        return
    _print_levels(found)
    _print_weights(found)
    if other is not None:
        _print_changes(found, other.name)


def _print_levels(found: MatchingReport) -> None:
    shown = table("Level", "Right", "Wrong", "Share right")
    for level in _LEVELS:
        right, wrong = _pair(found.by_level, level)
        if right + wrong:
            shown.add_row(level.value, f"{right:,}", f"{wrong:,}", _share(right, wrong))
    out().print(shown)


def _print_weights(found: MatchingReport) -> None:
    shown = table("Weight", "Right", "Wrong", "Share right")
    for weight in sorted({weight for weight, _ in found.by_weight}, reverse=True):
        right, wrong = _pair(found.by_weight, weight)
        shown.add_row(f"{weight} to {weight + 1}", f"{right:,}", f"{wrong:,}", _share(right, wrong))
    if found.by_weight:
        out().print(shown)


def _print_changes(found: MatchingReport, name: str) -> None:
    shown = table(f"With {NEWEST}", f"With {name}", "Right", "Wrong", "Share right")
    levels: Sequence[MatchLevel | None] = (*_LEVELS, None)
    for before in _LEVELS:
        for after in levels:
            right, wrong = (found.changes[before, after, is_right] for is_right in (True, False))
            if right + wrong:
                shown.add_row(before.value, after or "no match", f"{right:,}", f"{wrong:,}", _share(right, wrong))
    out().print(shown)


def _pair(counts: Counter[tuple[Key, bool]], key: Key) -> tuple[int, int]:
    return counts[key, True], counts[key, False]


def _share(right: int, wrong: int) -> str:
    return f"{right / (right + wrong):.3f}"


def _read(path: Path) -> Parameters:
    try:
        if path.stat().st_size > _LARGEST:
            raise RefusedError(f"{path} is larger than {_LARGEST:,} bytes: name a file of weights")
        return Parameters.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise RefusedError(
            f"{path} is no file of weights: {where}: {first['msg']}. "
            "`python -m benchmarks.matching.estimate` makes such a file"
        ) from None
