from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checks.source import ROOT, imports, modules, name_of

# The lower-case names that are no part of a statement. These may be imported anywhere, as may types.
OF_NO_STATEMENT = frozenset({"create_engine", "event", "inspect", "make_url", "exc"})

# This module names the table of each kind of record.
NAMES_TABLES = {"services/ingest/recording/record_types.py"}


def is_store(path: Path) -> bool:
    parts = path.relative_to(ROOT / "services").parts
    return parts[0] == "storage" or "store" in parts[:-1] or parts[-1] == "store.py"


OUTSIDE = [path for path in modules("services") if not is_store(path)]


def writes_sql(path: Path) -> bool:
    return any(is_of_a_statement(name) for name in imports(path))


def is_of_a_statement(name: str) -> bool:
    package, _, last = name.rpartition(".")
    if name == "sqlalchemy" or name.startswith("sqlalchemy.dialects"):
        return True
    return package.split(".")[0] == "sqlalchemy" and not last[0].isupper() and last not in OF_NO_STATEMENT


def names_tables(path: Path) -> bool:
    return any(name.startswith("services.storage.tables") for name in imports(path))


def test_statements_are_made_in_stores_only() -> None:
    assert {name_of(path) for path in OUTSIDE if writes_sql(path)} == set()


def test_tables_are_named_in_stores_only() -> None:
    assert {name_of(path) for path in OUTSIDE if names_tables(path)} == NAMES_TABLES


@pytest.mark.parametrize(
    "line",
    [
        "from sqlalchemy import Connection, select",
        "from sqlalchemy.sql import func",
        "from sqlalchemy.sql.expression import union as both",
        "from sqlalchemy import *",
        "import sqlalchemy",
        "import sqlalchemy as sa",
        "from sqlalchemy.dialects.postgresql import insert as on_conflict",
    ],
)
def test_a_statement_is_noticed_however_it_is_imported(tmp_path: Path, line: str) -> None:
    module = tmp_path / "module.py"
    module.write_text(line)
    assert writes_sql(module)


def test_types_and_errors_are_no_statements(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("from sqlalchemy import Connection, Row, make_url\nfrom sqlalchemy.exc import DBAPIError\n")
    assert not writes_sql(module)
