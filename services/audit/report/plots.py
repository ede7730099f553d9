"""Positions of bars and marks in the report's plots, in units of the picture. Pure; the templates draw them.

A value that is withheld or not known has a word in place of a bar, so that it is never read as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 430, 170
# Margins; the top one leaves room for values, the bottom one for month names.
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 22, 26
WIDEST_BAR = 48
# Part of a month's width that stays free between bars.
GAP = 0.3
# Width that the name of a month needs.
LABEL_WIDTH = 44
NAME_WIDTH, ROW_HEIGHT, VALUE_WIDTH = 165, 24, 60
# Width that a word in place of a number needs.
WORD_WIDTH = 66


@dataclass(frozen=True, slots=True)
class Point:
    """A count with its label. `word` replaces a count that is withheld or not known."""

    label: str
    value: int | None
    word: str = ""
    # True for the current month.
    partial: bool = False

    @property
    def text(self) -> str:
        return self.word if self.value is None else f"{self.value:,}"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label at `label_x` and its text at `text_x`, `text_y`. Without a number its length is zero."""

    point: Point
    x: float
    y: float
    width: float
    height: float
    label_x: float
    label_y: float
    text_x: float
    text_y: float
    labelled: bool = True
    # True if the text runs upwards because there is too little width.
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars in a picture of the given size. Vertical bars stand on `base`."""

    width: float
    height: float
    base: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The median and 90th percentile of one month. Both are None if there were too few waits."""

    label: str
    x: float
    median: int | None
    median_y: float
    p90: int | None
    p90_y: float
    labelled: bool
    word: str


@dataclass(frozen=True, slots=True)
class SpanPlot:
    """Waits over time in a picture of the given size."""

    width: float
    height: float
    base: float
    spans: tuple[Span, ...]


def columns(points: Sequence[Point]) -> Plot:
    """Return a bar for each month, side by side."""
    base, room, share = HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM, _share(len(points))
    most = max((point.value or 0 for point in points), default=0) or 1
    width = min(share * (1 - GAP), WIDEST_BAR)
    bars = []
    for number, point in enumerate(points):
        middle = LEFT + share * (number + 0.5)
        height = room * (point.value or 0) / most
        bars.append(
            Bar(
                point=point,
                x=round(middle - width / 2, 1),
                y=round(base - height, 1),
                width=round(width, 1),
                height=round(height, 1),
                label_x=round(middle, 1),
                label_y=HEIGHT - 8,
                text_x=round(middle, 1),
                text_y=round(base - height - 6, 1),
                labelled=_is_labelled(number, len(points)),
                upright=point.value is None and share < WORD_WIDTH,
            )
        )
    return Plot(WIDTH, HEIGHT, base, tuple(bars))


def rows(points: Sequence[Point]) -> Plot:
    """Return a bar for each council, provider or kind, one below the other."""
    room = WIDTH - NAME_WIDTH - VALUE_WIDTH
    most = max((point.value or 0 for point in points), default=0) or 1
    bars = []
    for number, point in enumerate(points):
        y, length = number * ROW_HEIGHT + 4, room * (point.value or 0) / most
        bars.append(
            Bar(
                point=point,
                x=NAME_WIDTH,
                y=y,
                width=round(length, 1),
                height=ROW_HEIGHT - 8,
                label_x=NAME_WIDTH - 8,
                label_y=y + 12.5,
                text_x=round(NAME_WIDTH + length + 6, 1),
                text_y=y + 12.5,
            )
        )
    return Plot(WIDTH, len(points) * ROW_HEIGHT + 4, NAME_WIDTH, tuple(bars))


def spans(waits: Sequence[tuple[str, int | None, int | None, str]]) -> SpanPlot:
    """Return median and 90th percentile for each month, side by side.

    A wait is its label, its median, its 90th percentile, and the word that replaces missing numbers.
    """
    base, room, share = HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM - 6, _share(len(waits))
    most = max((days or 0 for _, _, days, _ in waits), default=0) or 1
    made = [
        Span(
            label=label,
            x=round(LEFT + share * (number + 0.5), 1),
            median=median,
            median_y=round(base - room * (median or 0) / most, 1),
            p90=p90,
            p90_y=round(base - room * (p90 or 0) / most, 1),
            labelled=_is_labelled(number, len(waits)),
            word=word,
        )
        for number, (label, median, p90, word) in enumerate(waits)
    ]
    return SpanPlot(WIDTH, HEIGHT, base, tuple(made))


def _share(count: int) -> float:
    return (WIDTH - LEFT - RIGHT) / max(count, 1)


def _is_labelled(number: int, count: int) -> bool:
    # Every n-th label if all do not fit, counted from the last month so that it always has one.
    step = -(-LABEL_WIDTH // _share(count))
    return (count - 1 - number) % step == 0
