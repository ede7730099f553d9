# The summaries come from source files: an import of all commands would take seconds.
from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path


def summary_of(module: str, name: str) -> str:
    tree = ast.parse(_source(module))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and (node.name == name or _is_command_of(node, name)):
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Assign) and _is_named(node.targets[0], name) and (text := _help(node.value)):
            return text
    return ""


def _source(module: str) -> str:
    # Finds the module without importing it.
    spec = find_spec(module)
    return Path(spec.origin).read_text("utf-8") if spec and spec.origin else ""


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_command_of(function: ast.FunctionDef, app: str) -> bool:
    # Decorated with `@app.command(…)` without a name. A command with a name belongs to a group.
    calls = [one for one in function.decorator_list if isinstance(one, ast.Call) and not one.args]
    return any(isinstance(one.func, ast.Attribute) and _is_named(one.func.value, app) for one in calls)


def _help(value: ast.expr) -> str:
    # The text in `group("…")` or `Typer(help="…")`.
    if not isinstance(value, ast.Call):
        return ""
    given = [*value.args, *(one.value for one in value.keywords if one.arg == "help")]
    # A help that is put together at run time cannot be read from the source.
    texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return texts[0] if texts else ""
