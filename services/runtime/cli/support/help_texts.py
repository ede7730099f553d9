from __future__ import annotations

import typer


def examples(*lines: str, note: str = "") -> str:
    # Each example is a paragraph, because Typer would join lines.
    shown = [f"[cyan]{line}[/]" for line in lines]
    return "\n\n".join([f"[bold]Example{'' if len(lines) == 1 else 's'}[/]", *shown, *([note] if note else [])])


def group(text: str) -> typer.Typer:
    return typer.Typer(help=text, no_args_is_help=True, add_completion=False)
