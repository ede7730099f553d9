from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import create_mock_engine

from services.storage.migrate import MIGRATIONS
from tests.support.checks.source import ROOT

SQUAWK = Path(sys.executable).with_name("squawk")
RULES = ROOT / ".squawk.toml"
EXCLUDED = tuple(tomllib.loads(RULES.read_text())["excluded_rules"])

# The first migration makes the tables, so no process can be waiting for them.
NOBODY_WAITS_YET = ("require-lock-timeout", "require-statement-timeout")

REVISIONS = [*ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]

# Statements that block a database in use or break the earlier version, each with the rule that finds it.
HOLDING_UP = {
    "ALTER TABLE cases ADD COLUMN urgency TEXT NOT NULL": "adding-required-field",
    "ALTER TABLE cases ALTER COLUMN lines TYPE BIGINT": "changing-column-type",
    "ALTER TABLE cases DROP COLUMN review_on": "ban-drop-column",
    "ALTER TABLE cases RENAME COLUMN harm_on TO earliest_on": "renaming-column",
    "ALTER TABLE cases ADD CONSTRAINT ck_lines CHECK (lines >= 0)": "constraint-missing-not-valid",
    "CREATE INDEX ix_cases_level ON cases (level)": "require-concurrent-index-creation",
    "DROP TABLE quarantine": "ban-drop-table",
}


def sql_of(revision: Script) -> str:
    written = StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = create_mock_engine("postgresql+psycopg://", lambda *_, **__: None)
    command.upgrade(config, f"{revision.down_revision or 'base'}:{revision.revision}", sql=True)
    return written.getvalue()


def said_of(sql: str, excluded: Sequence[str] = EXCLUDED) -> list[str]:
    rules = f"--exclude={','.join(excluded)}"
    call = [str(SQUAWK), "--config", str(RULES), "--reporter", "gcc", "--stdin-filepath", "migration.sql", rules]
    found = subprocess.run(call, input=sql, capture_output=True, text=True, check=False)
    assert found.returncode in (0, 1), found.stderr
    assert (found.returncode == 0) == (found.stdout == ""), found
    return found.stdout.splitlines()


def excluded_for(revision: Script) -> Sequence[str]:
    return (*EXCLUDED, *NOBODY_WAITS_YET) if revision.down_revision is None else EXCLUDED


@pytest.mark.parametrize("revision", REVISIONS, ids=lambda revision: revision.revision)
def test_squawk_says_nothing_of_a_migration(revision: Script) -> None:
    sql = sql_of(revision)
    assert sql.startswith("BEGIN;")
    assert sql.rstrip().endswith("COMMIT;")
    assert said_of(sql, excluded_for(revision)) == []


def test_the_first_migration_makes_every_table_and_alters_none() -> None:
    sql = sql_of(REVISIONS[0])
    assert sql.count("CREATE TABLE") > 15
    assert "ALTER TABLE" not in sql


@pytest.mark.parametrize(("statement", "rule"), HOLDING_UP.items(), ids=HOLDING_UP.values())
def test_a_statement_that_holds_up_those_at_work_is_found(statement: str, rule: str) -> None:
    sql = f"BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s'; {statement}; COMMIT;"
    assert any(f" {rule} " in line for line in said_of(sql))


def test_a_later_migration_says_how_long_it_waits_for_a_lock() -> None:
    sql = "BEGIN; ALTER TABLE cases ADD COLUMN urgency TEXT; COMMIT;"
    said = said_of(sql)
    assert all(any(f" {rule} " in line for line in said) for rule in NOBODY_WAITS_YET)


@pytest.mark.parametrize("rule", EXCLUDED)
def test_a_rule_is_left_out_with_a_reason_and_only_where_it_would_speak(rule: str) -> None:
    (line,) = (line for line in RULES.read_text().splitlines() if f'"{rule}"' in line)
    assert len(line.partition("#")[2].split()) > 5
    others = [other for other in EXCLUDED if other != rule]
    assert any(f" {rule} " in said for one in REVISIONS for said in said_of(sql_of(one), others))
