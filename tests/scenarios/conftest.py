from tests.support.http import api

__all__ = ["api"]
