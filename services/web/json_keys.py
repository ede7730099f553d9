# Usual parsers keep one value of a repeated key, but the sender may mean another.
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json


class _Repeating(dict[str, Any]):
    """A JSON object in which a key is repeated."""

    repeated: frozenset[str] = frozenset()


def parsed_json(text: bytes) -> Any:
    """Raises ValueError if the text is not JSON."""
    # NaN and Infinity are not JSON, although some parsers accept them. This parser also limits the depth.
    value = from_json(text, allow_inf_nan=False)
    found = list[_Repeating]()

    def made(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(pairs)
        if len(plain) == len(pairs):
            return plain
        one = _Repeating(plain)
        times = Counter(name for name, _ in pairs)
        one.repeated = frozenset(name for name, count in times.items() if count > 1)
        found.append(one)
        return one

    try:
        again = json.loads(text, object_pairs_hook=made)
    except (ValueError, RecursionError):
        # The two parsers disagree only about odd characters. The first parser then decides.
        return value
    return again if found else value


def repeated_in(value: Any) -> frozenset[str]:
    if isinstance(value, dict):
        own = value.repeated if isinstance(value, _Repeating) else frozenset()
        inside = (name for name, item in value.items() if not isinstance(item, str) and repeated_in(item))
        return own | frozenset(inside)
    if isinstance(value, list):
        return frozenset().union(*map(repeated_in, value))
    return frozenset()
