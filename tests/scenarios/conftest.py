"""What scenarios share beside the house."""

from tests.support.http import door

__all__ = ["door"]
