from __future__ import annotations


class PullcordError(Exception):
    """The text of an error must never contain a telephone number, an address or the name of a person."""

    # False if the same call may succeed later without any change.
    permanent: bool = True


class NotFoundError(PullcordError):
    """The named thing does not exist, or the caller may not see it."""


class TooOftenError(PullcordError):
    """There were too many requests of this kind. The same request may succeed later."""

    permanent = False


class ConflictError(PullcordError):
    """The request contradicts stored data."""


class RefusedError(PullcordError):
    """A rule forbids the request. The text of the error says what to do instead."""
