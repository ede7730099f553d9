"""All functions are pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.audit.figures.figures import BAND_NAMES
from services.audit.report.wording import Value, band_days

WIDTH, HEIGHT = 430, 170
# Margins. The top margin leaves room for values, the bottom margin for month names.
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 22, 26
WIDEST_BAR = 48
# The share of a month's width (0 to 1) that stays free between bars.
GAP = 0.3
# The width that the name of a month needs.
LABEL_WIDTH = 44
NAME_WIDTH, ROW_HEIGHT, VALUE_WIDTH = 165, 24, 110
# The width of a sign in the type of the plots, at most: bold figures and most letters take less.
SIGN_WIDTH = 7.5
# The width of the names of bands on the left of a plot of waits.
AXIS = 62
BANDS = tuple(band_days(name) for name in BAND_NAMES)


@dataclass(frozen=True, slots=True)
class Point:
    label: str
    value: int | None
    # Shown instead of a count that is withheld or not known, so that nobody takes the count for zero.
    word: str = ""
    # True for the current month.
    partial: bool = False
    # The denominator as text, or empty.
    of: str = ""

    @property
    def text(self) -> str:
        return self.word if self.value is None else f"{self.value:,}"

    @property
    def whole_text(self) -> str:
        return f"{self.text} {self.of}".strip()


@dataclass(frozen=True, slots=True)
class Bar:
    # The bar of a withheld or unknown count has length zero.
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
    width: float
    height: float
    # The coordinate at which the bars begin: y for vertical bars, x for horizontal bars.
    base: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    # The number of a value is a position in BAND_NAMES.
    label: str
    median: Value
    p90: Value


@dataclass(frozen=True, slots=True)
class Span:
    # A y coordinate is None if its value has no number.
    reach: Reach
    x: float
    median_y: float | None
    p90_y: float | None
    labelled: bool


@dataclass(frozen=True, slots=True)
class SpanPlot:
    width: float
    height: float
    # The lower edge of the shortest band.
    base: float
    # The bands of days with their y coordinates.
    axis: tuple[tuple[str, float], ...]
    spans: tuple[Span, ...]


def columns(points: Sequence[Point]) -> Plot:
    share = _share(len(points))
    # Where the widest text does not fit above its bar, all texts run upwards, and need room above the highest bar.
    longest = max((len(point.text) for point in points), default=0) * SIGN_WIDTH
    upright = longest > share
    base, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - (longest + 8 if upright else TOP)
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
                labelled=_is_labelled(number, len(points), share),
                upright=upright,
            )
        )
    return Plot(WIDTH, HEIGHT, base, tuple(bars))


def rows(points: Sequence[Point]) -> Plot:
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


def spans(reaches: Sequence[Reach]) -> SpanPlot:
    base, share = HEIGHT - BOTTOM, _share(len(reaches), AXIS)
    step = (base - 6) / len(BANDS)
    heights = [round(base - step * (number + 0.5), 1) for number in range(len(BANDS))]
    made = [
        Span(
            reach=reach,
            x=round(AXIS + share * (number + 0.5), 1),
            median_y=None if reach.median.number is None else heights[reach.median.number],
            p90_y=None if reach.p90.number is None else heights[reach.p90.number],
            labelled=_is_labelled(number, len(reaches), share),
        )
        for number, reach in enumerate(reaches)
    ]
    return SpanPlot(WIDTH, HEIGHT, base, tuple(zip(BANDS, heights, strict=True)), tuple(made))


def _share(count: int, left: int = LEFT) -> float:
    return (WIDTH - left - RIGHT) / max(count, 1)


def _is_labelled(number: int, count: int, share: float) -> bool:
    # If the labels do not all fit, only every n-th is shown. The last month always has a label.
    step = -(-LABEL_WIDTH // share)
    return (count - 1 - number) % step == 0
