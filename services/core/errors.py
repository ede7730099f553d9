"""The root of the errors Pullcord raises on purpose."""

from __future__ import annotations


class PullcordError(Exception):
    """Something a caller can understand and act on.

    The text never holds a telephone number, an address or a name: it may be logged and shown.
    """

    permanent: bool = True
    """False when the same call may succeed later without any change."""


class NotFoundError(PullcordError):
    """The thing named does not exist, or not for whoever asks."""


class ConflictError(PullcordError):
    """The request contradicts what is already recorded."""


class RefusedError(PullcordError):
    """A rule forbids it; the text says which, and what to do instead."""
