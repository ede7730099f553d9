"""Base classes of the errors that Pullcord raises on purpose."""

from __future__ import annotations


class PullcordError(Exception):
    """An error that the caller can understand and act on.

    The text of the error may be logged and shown. So the text never holds a telephone number, an address or a name.
    """

    # False if the same call may succeed later without any change.
    permanent: bool = True


class NotFoundError(PullcordError):
    """The thing that the caller named does not exist, or the caller may not see it."""


class TooOftenError(PullcordError):
    """Too many requests of a sender were refused or repeated. For some time, no more of them are recorded."""

    permanent = False


class ConflictError(PullcordError):
    """The request contradicts recorded data."""


class RefusedError(PullcordError):
    """A rule forbids the request. The error's text names the rule and says what to do instead."""
