"""The door every hostile request knocks at."""

from tests.support.http import door

__all__ = ["door"]
