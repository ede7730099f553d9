from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime

from services.core.clock import to_micros

# 32 characters. 0, 1, I and O are missing, because people misread them on paper and mishear them on the telephone.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

# A function that returns random bytes: `os.urandom`, or a seeded replacement in tests.
RandomBytes = Callable[[int], bytes]


def new_reference(prefix: str, random: RandomBytes) -> str:
    """Return a reference such as `C-7K3M-2Q9P`, with 40 random bits."""
    # The alphabet has 32 characters, so the low 5 bits of a byte choose each character equally often.
    signs = "".join(ALPHABET[byte & 31] for byte in random(8))
    return f"{prefix}-{signs[:4]}-{signs[4:]}"


def event_id(now: datetime, random: RandomBytes) -> str:
    """Return a random id. Ids sort by the time `now`."""
    return f"{to_micros(now) // 1000:012x}{random(10).hex()}"


def new_link_code(random: RandomBytes) -> str:
    """Return 22 characters with 128 random bits."""
    # 16 bytes give 22 characters and two characters of padding. The padding is cut off.
    return urlsafe_b64encode(random(16))[:22].decode()
