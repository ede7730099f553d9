"""`pullcord`: the command line. Each command lives in `services.runtime.cli.commands` and is loaded when it is used."""

from __future__ import annotations

import os
import sys
from collections import UserDict
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from services.runtime.cli.summaries import summary_of
from services.runtime.cli.support.help_texts import examples

# What only a command needs is imported when one runs: `--help` should come at once.

COMMANDS_PACKAGE: Final = "services.runtime.cli.commands"


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a command is: its module, its name in it (a Typer or a function), and its panel of `--help`."""

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
    "init": Listed("running.init", "app", _BEGIN),
    "migrate": Listed("running.init", "migrate", _BEGIN),
    "serve": Listed("running.serve", "serve", _BEGIN),
    "run": Listed("running.run", "app", _BEGIN),
    "demo": Listed("running.demo", "demo", _BEGIN),
    "status": Listed("running.status", "app", _BEGIN),
    "councils": Listed("parties.feeds", "councils", _WHO),
    "providers": Listed("parties.feeds", "providers", _WHO),
    "policy": Listed("parties.policy", "app", _WHO),
    "keys": Listed("parties.keys", "app", _WHO),
    "import": Listed("files.imports", "app", _FILES),
    "export": Listed("files.exporting", "app", _FILES),
    "report": Listed("files.report", "app", _FILES),
    "cases": Listed("casework.cases", "app", _LINES),
    "case": Listed("casework.case", "app", _LINES),
    "ack": Listed("casework.acts", "ack", _LINES),
    "confirm": Listed("casework.acts", "confirm", _LINES),
    "match": Listed("casework.match", "app", _LINES),
    "backup": Listed("upkeep.backup", "backup_app", _UPKEEP),
    "restore": Listed("upkeep.backup", "restore_app", _UPKEEP),
    "vault": Listed("upkeep.vault", "app", _UPKEEP),
    "audit": Listed("upkeep.audit", "app", _UPKEEP),
    "quarantine": Listed("upkeep.quarantine", "app", _UPKEEP),
    "rebuild": Listed("upkeep.rebuild", "rebuild_", _UPKEEP),
}


class _Book(UserDict[str, Any]):
    """The commands by name, each made when it is asked for."""

    def __init__(self) -> None:
        # A distribution may leave commands out.
        there = {name: one for name, one in COMMANDS.items() if find_spec(f"{COMMANDS_PACKAGE}.{one.module}")}
        super().__init__(there)

    def __getitem__(self, name: str) -> Any:
        listed = self.data[name]
        command = typer.main.get_command(_as_typer(listed))
        # The name in the table of commands, not that of the function.
        command.name = name
        command.rich_help_panel = listed.panel  # type: ignore[attr-defined]
        return command


def _as_typer(listed: Listed) -> typer.Typer:
    found = getattr(import_module(f"{COMMANDS_PACKAGE}.{listed.module}"), listed.name)
    if isinstance(found, typer.Typer):
        return found
    # A function becomes a command in a Typer of its own.
    single = typer.Typer(add_completion=False)
    single.command()(found)
    return single


class _Summaries(_Book):
    """The commands as the list of `--help` shows them: a name and a sentence, nothing of them imported."""

    def __getitem__(self, name: str) -> Any:
        listed = self.data[name]
        command = TyperCommand(name, help=summary_of(f"{COMMANDS_PACKAGE}.{listed.module}", listed.name))
        command.rich_help_panel = listed.panel
        return command


class Pullcord(TyperGroup):
    """All commands; what goes wrong on purpose is said in a sentence, without a traceback."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Book()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        # The list of commands imports none of them.
        self.commands = _Summaries()
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        # Whoever reads has gone, as with `| head`: no message is due.
        except BrokenPipeError:
            raise
        except Exception as error:
            from services.runtime.cli.support.error_messages import EXPLAINED, REFUSED, explain
            from services.runtime.cli.support.output import complain

            # Left to `main`, which names kind and place only.
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
        note="Settings are read from PULLCORD_… in the environment or a .env file; data goes to ./var unless "
        "PULLCORD_DATA_DIR says otherwise.",
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
    """Find the telecare alarms on landlines about to be moved, and do not let go until a person has acted."""
    # Here and not above: `--help` needs no logging.
    from services.runtime.logs import configure

    configure(pretty=True)


def main() -> None:
    # What it writes only its owner can read.
    os.umask(0o077)
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last place to explain an error
        from services.runtime.cli.support.error_messages import FAULT, unexpected
        from services.runtime.cli.support.output import complain

        # Kind and place only: the text of the error might hold a value.
        complain(unexpected(error))
        sys.exit(FAULT)
