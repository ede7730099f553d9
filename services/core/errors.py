from __future__ import annotations


class PullcordError(Exception):
    """The text of an error has no telephone number, address or name."""

    # False if the same call may succeed later without any change.
    permanent: bool = True


class NotFoundError(PullcordError):
    """The named thing does not exist, or the caller may not see it."""


class TooOftenError(PullcordError):
    """A limit on requests of one kind is reached. The same request may succeed later."""

    permanent = False


class ConflictError(PullcordError):
    """The request contradicts stored data."""


class RefusedError(PullcordError):
    """A rule forbids the request. The text of the error says what to do instead."""
