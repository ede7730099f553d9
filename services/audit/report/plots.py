"""Computes the positions of bars and marks in the report's plots, in SVG units. Pure: the templates draw the plots.

A value that is withheld or not known is shown as a word and not as a bar, so that nobody reads it as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 430, 170
# Margins. The top margin leaves room for values, the bottom margin for month names.
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 22, 26
WIDEST_BAR = 48
# The share of a month's width (0 to 1) that stays free between bars.
GAP = 0.3
# The width that the name of a month needs.
LABEL_WIDTH = 44
NAME_WIDTH, ROW_HEIGHT, VALUE_WIDTH = 165, 24, 60
# The width that a word needs which is shown in place of a number.
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
    """A bar with the positions of its label and its text. A bar without a number has length zero."""

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
    """A picture with bars.

    `base` is the coordinate at which the bars begin: a y coordinate for vertical bars, an x coordinate for horizontal
    bars.
    """

    width: float
    height: float
    base: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The median and 90th percentile of one month's waits, in days. Both are None if there were too few waits."""

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
    """A picture with a `Span` for each month. `base` is the y coordinate of zero days."""

    width: float
    height: float
    base: float
    spans: tuple[Span, ...]


def columns(points: Sequence[Point]) -> Plot:
    """Return a plot with a vertical bar for each month."""
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
    """Return a plot with a horizontal bar for each council, provider or kind."""
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
    """Return a plot with the median and 90th percentile of each month.

    Each item of `waits` holds a label, a median, a 90th percentile, and the word that is shown if the two are None.
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
    # If the labels do not all fit, only every n-th is shown. The last month always has a label.
    step = -(-LABEL_WIDTH // _share(count))
    return (count - 1 - number) % step == 0
