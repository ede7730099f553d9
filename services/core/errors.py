"""Base classes of the errors that Pullcord raises on purpose."""

from __future__ import annotations


class PullcordError(Exception):
    """An error that the caller can understand and act on.

    Its text never holds a telephone number, an address or a name, because it may be logged and shown.
    """

    # False if the same call may succeed later without any change.
    permanent: bool = True


class NotFoundError(PullcordError):
    """The named thing does not exist, or is not visible to the caller."""


class ConflictError(PullcordError):
    """The request contradicts what is already recorded."""


class RefusedError(PullcordError):
    """A rule forbids the request. The text says which rule and what to do instead."""
