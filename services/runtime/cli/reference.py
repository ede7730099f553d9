"""Writes the generated part of a page: `python -m services.runtime.cli.reference docs/reference/command-line.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import typer
from rich.text import Text

from services.runtime.cli.main import COMMANDS, app

BEGIN: Final = "<!-- generated: begin -->"
END: Final = "<!-- generated: end -->"
BULLET: Final = "• "


def reference() -> str:
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    parts: list[str] = []
    panel = ""
    for name, command in commands.items():
        # The panels of `--help` are the headings of the page.
        if COMMANDS[name].panel != panel:
            panel = COMMANDS[name].panel
            parts.append(f"## {panel}")
        parts += _described(f"pullcord {name}", command)
    return "\n\n".join(parts)


def rewritten(page: str) -> str:
    """Return the page with the part between its marks made anew. Raises ValueError where the marks are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs a line {BEGIN} and a line {END}")
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


def _described(path: str, command: Any) -> Iterator[str]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    # A group has no page of its own.
    if inner:
        for name, one in inner.items():
            yield from _described(f"{path} {name}", one)
        return
    # Without checking: arguments are missing here.
    context = command.make_context(path, [], resilient_parsing=True)
    arguments = [f" {one.metavar}" for one in command.params if one.param_type_name == "argument"]
    yield f"### `{path}{''.join(arguments)}`"
    yield _plain(command.help or "")
    records = [one.get_help_record(context) for one in command.params if one.name != "help"]
    listed = [f"- `{_plain(record[0])}`: {' '.join(record[1].split())}" for record in records if record]
    if listed:
        yield "\n".join(listed)
    if command.epilog:
        yield _epilog(command.epilog)


def _epilog(markup: str) -> str:
    # Examples become a block of code, bullets a list; what is said beside them stays as it stands.
    lines = [line for line in _plain(markup).split("\n\n") if not line.startswith("Example")]
    typed = [line for line in lines if line.startswith("pullcord ") or " pullcord " in line]
    said = [line for line in lines if line not in typed]
    text = "\n\n".join(f"- {line.removeprefix(BULLET)}" if line.startswith(BULLET) else line for line in said)
    code = "```\n" + "\n".join(typed) + "\n```"
    return "\n\n".join(filter(None, [code, text.replace("\n\n- ", "\n- ")]))


def _plain(markup: str) -> str:
    return Text.from_markup(cleandoc(markup)).plain


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(rewritten(page.read_text("utf-8")), "utf-8")
