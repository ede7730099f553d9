from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.support.checks.source import modules, name_of, tree

FOLDERS = ("schemas", "services", "scripts", "benchmarks")
INDIRECT = re.compile(r"(Whether|How (long|many|far|often)|Of which|What [^.:;]*\bof)\b")
MOST_DOCSTRINGS, LEAST_COMMENTS = 0.25, 0.04


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def first_lines(path: Path) -> Iterator[str]:
    classes = (node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))
    module = tree(path)
    assert isinstance(module, ast.Module)
    for node in (module, *classes, *functions(path)):
        yield (ast.get_docstring(node) or "").partition("\n")[0]


def comments(path: Path) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return sum(token.type == tokenize.COMMENT and "noqa" not in token.string for token in tokens)


def test_no_docstring_begins_with_an_indirect_question() -> None:
    lines = [(name_of(path), line) for folder in FOLDERS for path in modules(folder) for line in first_lines(path)]
    assert [f"{name}: {line}" for name, line in lines if INDIRECT.match(line)] == []


def test_few_functions_of_the_services_have_a_docstring() -> None:
    documented = [ast.get_docstring(one) is not None for path in modules("services") for one in functions(path)]
    assert sum(documented) <= MOST_DOCSTRINGS * len(documented)


def test_the_services_have_comments_at_the_odd_line() -> None:
    paths = list(modules("services"))
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in paths)
    assert sum(map(comments, paths)) >= LEAST_COMMENTS * lines
