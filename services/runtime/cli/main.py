"""The module of a command is imported only when the command is used."""

from __future__ import annotations

import os
import sys
from collections import UserDict
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import TextIOWrapper
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from services.runtime.cli.summaries import summary_of
from services.runtime.cli.support.help_texts import examples

# Modules that only commands need are imported when a command runs, so that `--help` appears at once.

COMMANDS_PACKAGE: Final = "services.runtime.cli.commands"


@dataclass(frozen=True, slots=True)
class CommandEntry:
    module: str
    name: str
    panel: str


_BEGIN, _WHO, _FILES, _LINES, _UPKEEP = (
    "Begin and run",
    "Who sends and who is told",
    "Files in and out",
    "Lines at risk",
    "Upkeep",
)

COMMANDS: Final = {
    "init": CommandEntry("running.init", "app", _BEGIN),
    "migrate": CommandEntry("running.init", "migrate", _BEGIN),
    "serve": CommandEntry("running.serve", "serve", _BEGIN),
    "run": CommandEntry("running.run", "app", _BEGIN),
    "watchdog": CommandEntry("running.watchdog", "app", _BEGIN),
    "demo": CommandEntry("running.demo", "demo", _BEGIN),
    "status": CommandEntry("running.status", "app", _BEGIN),
    "simulate": CommandEntry("running.simulate", "simulate", _BEGIN),
    "councils": CommandEntry("parties.feeds", "councils", _WHO),
    "providers": CommandEntry("parties.feeds", "providers", _WHO),
    "policy": CommandEntry("parties.policy", "app", _WHO),
    "rota": CommandEntry("parties.rota", "app", _WHO),
    "keys": CommandEntry("parties.keys", "app", _WHO),
    "links": CommandEntry("parties.links", "app", _WHO),
    "drill": CommandEntry("casework.drill", "app", _WHO),
    "import": CommandEntry("files.imports", "app", _FILES),
    "mappings": CommandEntry("files.mappings", "app", _FILES),
    "export": CommandEntry("files.exporting", "app", _FILES),
    "report": CommandEntry("files.report", "app", _FILES),
    "cases": CommandEntry("casework.cases", "app", _LINES),
    "case": CommandEntry("casework.case", "app", _LINES),
    "ack": CommandEntry("casework.acts", "ack", _LINES),
    "confirm": CommandEntry("casework.acts", "confirm", _LINES),
    "match": CommandEntry("casework.match", "app", _LINES),
    "matching": CommandEntry("casework.matching", "app", _LINES),
    "changes": CommandEntry("casework.changes", "app", _LINES),
    "backup": CommandEntry("upkeep.backup", "backup_app", _UPKEEP),
    "restore": CommandEntry("upkeep.backup", "restore_app", _UPKEEP),
    "vault": CommandEntry("upkeep.vault", "app", _UPKEEP),
    "audit": CommandEntry("upkeep.audit", "app", _UPKEEP),
    "quarantine": CommandEntry("upkeep.quarantine", "app", _UPKEEP),
    "rebuild": CommandEntry("upkeep.rebuild", "rebuild_", _UPKEEP),
}


class _Commands(UserDict[str, Any]):
    """The commands by name. Looking up a command imports the module of the command."""

    def __init__(self) -> None:
        # A distribution may leave commands out.
        there = {name: one for name, one in COMMANDS.items() if find_spec(f"{COMMANDS_PACKAGE}.{one.module}")}
        super().__init__(there)

    def __getitem__(self, name: str) -> Any:
        entry = self.data[name]
        command = typer.main.get_command(_as_typer(entry))
        # The name in COMMANDS, not the name of the function.
        command.name = name
        command.rich_help_panel = entry.panel  # type: ignore[attr-defined]
        return command


def _as_typer(entry: CommandEntry) -> typer.Typer:
    found = getattr(import_module(f"{COMMANDS_PACKAGE}.{entry.module}"), entry.name)
    if isinstance(found, typer.Typer):
        return found
    # A function becomes a command in a Typer of its own.
    single = typer.Typer(add_completion=False)
    single.command()(found)
    return single


class _Summaries(_Commands):
    """The commands by name, with only their help texts. Looking up a command imports nothing."""

    def __getitem__(self, name: str) -> Any:
        entry = self.data[name]
        command = TyperCommand(name, help=summary_of(f"{COMMANDS_PACKAGE}.{entry.module}", entry.name))
        command.rich_help_panel = entry.panel
        return command


class Pullcord(TyperGroup):
    """Shows an expected error as a sentence, without a traceback."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        # The list of commands imports none of them.
        self.commands = _Summaries()
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        # The reader of the output has gone, as with `| head`, so no message is shown.
        except BrokenPipeError:
            raise
        except Exception as error:
            from services.runtime.cli.support.error_messages import EXPLAINED, REFUSED, explain
            from services.runtime.cli.support.output import complain

            # Unexpected errors are left to `main`, which shows only their type and place.
            if not isinstance(error, EXPLAINED):
                raise
            complain(explain(error))
            raise typer.Exit(REFUSED) from None


app = typer.Typer(
    cls=Pullcord,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "pullcord init",
        'pullcord councils add E06000009 "Blackpool Council"',
        "pullcord import register register.csv --council E06000009",
        "pullcord serve",
        note="Settings are read from PULLCORD_… in the environment, and from the file that PULLCORD_ENV_FILE "
        "names; data goes to ./var unless PULLCORD_DATA_DIR says otherwise.",
    ),
)


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"pullcord {version('pullcord')}")
        raise typer.Exit


@app.callback()
def pullcord(
    _version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Find telecare alarms on landlines before their migration, and alert the councils until a person has acted."""
    # Here and not above: `--help` needs no logging.
    from services.runtime.logs import configure

    configure("command", pretty=True)


def _is_unreadable(typed: str) -> bool:
    # Python keeps bytes that are not UTF-8 as signs of their own. They are fine in the name of a file that is there.
    return not typed.isascii() and any("\udc80" <= sign <= "\udcff" for sign in typed) and not os.path.lexists(typed)


def main() -> None:
    # Only the owner can read the files that a command writes.
    os.umask(0o077)
    # In a locale that is not UTF-8, a name that cannot be shown must not end a command that has done its work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    if any(map(_is_unreadable, sys.argv[1:])):
        from services.runtime.cli.support.error_messages import NOT_UTF_8, REFUSED
        from services.runtime.cli.support.output import complain

        complain(NOT_UTF_8)
        sys.exit(REFUSED)
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last place to explain an error
        from services.runtime.cli.support.error_messages import FAULT, unexpected
        from services.runtime.cli.support.output import complain

        # Shows only the type and the place, because the error's text may hold personal data.
        complain(unexpected(error))
        sys.exit(FAULT)
