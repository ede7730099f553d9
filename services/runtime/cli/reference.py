from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import typer
from rich.text import Text

from services.core.generated_part import with_generated
from services.runtime.cli.main import COMMANDS, app

BULLET: Final = "• "


def command_reference() -> str:
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


def _described(path: str, command: Any) -> Iterator[str]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    # A group has no section of its own.
    if inner:
        for name, one in inner.items():
            yield from _described(f"{path} {name}", one)
        return
    # `resilient_parsing` allows that the arguments are missing here.
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
    # Examples become a code block, and bullets become a list. All other text stays unchanged.
    lines = [line for line in _plain(markup).split("\n\n") if not line.startswith("Example")]
    typed = [line for line in lines if line.startswith("pullcord ") or " pullcord " in line]
    said = [line for line in lines if line not in typed]
    text = "\n\n".join(f"- {line.removeprefix(BULLET)}" if line.startswith(BULLET) else line for line in said)
    code = "```\n" + "\n".join(typed) + "\n```"
    return "\n\n".join(filter(None, [code, text.replace("\n\n- ", "\n- ")]))


def _plain(markup: str) -> str:
    return Text.from_markup(cleandoc(markup)).plain


def with_commands(page: str) -> str:
    return with_generated(page, command_reference())


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_commands(page.read_text("utf-8")), "utf-8")
