"""Where the bars and marks of the report's plots stand, in units of the picture. Pure; the templates draw them.

What is withheld or not known has no bar: a word stands in its place, so that it is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 430, 170
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 22, 26
WIDEST_BAR = 48
GAP = 0.3
"""Of a month's share of the width, how much is left free."""
LABEL_WIDTH = 44
"""Room that the name of a month needs."""
NAME_WIDTH, ROW_HEIGHT, VALUE_WIDTH = 165, 24, 60
WORD_WIDTH = 66
"""Room that the word for what has no number needs."""


@dataclass(frozen=True, slots=True)
class Point:
    """A count with its label; `word` stands in for one that is withheld or not known."""

    label: str
    value: int | None
    word: str = ""
    partial: bool = False
    """Of a month that is not over."""

    @property
    def text(self) -> str:
        """What is written beside its bar."""
        return self.word if self.value is None else f"{self.value:,}"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label at `label_x`; `text` stands at `text_x`, `text_y`. Without a number it has no length."""

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
    upright: bool = False
    """Whether the text runs upwards, for want of room."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars in a picture of that size; upright ones stand on `base`."""

    width: float
    height: float
    base: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A wait over time: the mark of the median and the 90th percentile, one above the other; None without enough."""

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
    """Waits over time in a picture of that size."""

    width: float
    height: float
    base: float
    spans: tuple[Span, ...]


def columns(points: Sequence[Point]) -> Plot:
    """A bar for each month, side by side."""
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
    """A bar for each council, provider or kind, one below the other."""
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
    """The median and the 90th percentile of each month (with its label and, without them, a word), side by side."""
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
    """Whether there is room for the label; the last month always has one."""
    step = -(-LABEL_WIDTH // _share(count))
    return (count - 1 - number) % step == 0
