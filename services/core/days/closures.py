from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from services.core.texts import Closed, Label

# The longest closure, and the number of closures, keep every search for a working day short [P].
LONGEST_CLOSURE_DAYS: Final = 31
MOST_CLOSURES: Final = 100

# Years of calendars that people write. A typing error such as 2206 would otherwise close nothing, unseen.
ClosureDay = Annotated[date, Field(ge=date(2020, 1, 1), le=date(2099, 12, 31))]


class Closure(Closed):
    # The council is also closed on the first and the last day.
    label: Label
    first: ClosureDay
    last: ClosureDay | None = None

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        length = (self.until - self.first).days + 1
        if length < 1:
            raise ValueError("last: is before first; exchange the two days")
        if length > LONGEST_CLOSURE_DAYS:
            raise ValueError(
                f"last: the closure has {length} days, and the longest allowed has {LONGEST_CLOSURE_DAYS}; "
                "check the year, or write two closures"
            )
        return self

    @property
    def until(self) -> date:
        return self.last or self.first

    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.until - self.first).days + 1))


class Closures(Closed):
    closures: Annotated[tuple[Closure, ...], Field(max_length=MOST_CLOSURES)] = ()

    @cached_property
    def days(self) -> frozenset[date]:
        return frozenset(day for closure in self.closures for day in closure.days())

    def __contains__(self, day: object) -> bool:
        return day in self.days
