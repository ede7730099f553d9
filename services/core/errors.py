"""Base classes of the errors that Pullcord raises on purpose."""

from __future__ import annotations


class PullcordError(Exception):
    """An error that the caller can act on. Its text holds no telephone number, address or name."""

    # False if the same call may succeed later without any change.
    permanent: bool = True


class NotFoundError(PullcordError):
    """The named thing does not exist, or the caller is not allowed to see it."""


class TooOftenError(PullcordError):
    """A sender made too many requests without effect. The newest request is not recorded."""

    permanent = False


class ConflictError(PullcordError):
    """The request contradicts recorded data."""


class RefusedError(PullcordError):
    """A rule forbids the request. The text names the rule and says what to do instead."""
