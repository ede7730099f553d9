"""Fixtures that scenarios share, in addition to the deployment."""

from tests.support.http import api

__all__ = ["api"]
