"""What scenarios share beside the deployment."""

from tests.support.http import api

__all__ = ["api"]
