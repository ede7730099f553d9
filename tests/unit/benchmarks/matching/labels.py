from __future__ import annotations

from typing import Any

from benchmarks.matching.world.addresses import AddressDirt
from benchmarks.matching.world.dirt import UprnDirt
from benchmarks.matching.world.homes import HomeForm
from benchmarks.matching.world.numbers import NumberDirt
from benchmarks.matching.world.rows import Label, Row

CLEAN = Label("home", ("01632 960001",), NumberDirt.NONE, "1", UprnDirt.NONE, AddressDirt.NONE, "leeds", HomeForm.HOUSE)


def label(**other: Any) -> Label:
    return CLEAN._replace(**other)


def row(reference: str, **other: Any) -> Row:
    return Row(reference, label(**other), {})
