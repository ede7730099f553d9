"""Identifiers people and machines see. Randomness is an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.core.clock import to_micros

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two signs; 0, 1, I and O are left out: they are misread on paper and misheard on the telephone."""

RandomBytes = Callable[[int], bytes]
"""`os.urandom`, or a seeded stand-in."""


def reference(prefix: str, random: RandomBytes) -> str:
    """A reference a person can read out, such as `C-7K3M-2Q9P` (40 random bits)."""
    signs = "".join(ALPHABET[byte & 31] for byte in random(8))
    return f"{prefix}-{signs[:4]}-{signs[4:]}"


def event_id(now: datetime, random: RandomBytes) -> str:
    """An id that sorts by time, as UUIDv7 does: 12 hexadecimal digits of milliseconds, then 80 random bits."""
    return f"{to_micros(now) // 1000:012x}{random(10).hex()}"
