"""Reads a contact that a person types, and shows the address as Pullcord understands it."""

from __future__ import annotations

from services.runtime.bootstrap import typed_route
from services.runtime.cli.support.output import cell, out
from services.runtime.settings import Settings


def to_route(typed: str) -> str:
    """Return the route to a contact as a person typed it.

    Raises RefusedError if the text cannot be read, or if a setting is missing.
    """
    return typed_route(Settings(), typed)


def show_understood(label: str, where: str) -> None:
    # On its own line and never wrapped, because a person checks the address letter by letter.
    out().print(cell(f"{label}: {where}"), soft_wrap=True)
