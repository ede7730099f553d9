from __future__ import annotations

import re

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from services.storage.migrate import MIGRATIONS, DatabaseSchema, downgrade, schema_of, upgrade
from services.storage.tables import metadata

KEPT = "alembic_version"


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {KEPT}


def statements(engine: Engine) -> dict[str, str]:
    query = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> :kept")
    with engine.connect() as connection:
        return {name: _in_order(sql) for name, sql in connection.execute(query, {"kept": KEPT})}


def _in_order(sql: str) -> str:
    flat = re.sub(r"\s+", " ", sql.replace('"', "")).strip()
    head, _, rest = flat.partition("(")
    body, _, tail = rest.rpartition(")")
    parts = sorted(part.strip() for part in re.split(r",(?![^()]*\))", body))
    return f"{head.strip()}({', '.join(parts)}){tail.strip()}"


def revisions() -> list[str]:
    script = ScriptDirectory(str(MIGRATIONS))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def test_a_new_database_has_every_table(empty: Engine) -> None:
    upgrade(empty)
    assert tables(empty) == set(metadata.tables)


def test_every_migration_goes_up_and_down_and_up_again(empty: Engine) -> None:
    for revision in revisions():
        upgrade(empty, revision)
        before = statements(empty)
        downgrade(empty, "-1")
        upgrade(empty, revision)
        assert statements(empty) == before, revision


def test_down_to_the_base_nothing_is_left(empty: Engine) -> None:
    upgrade(empty)
    downgrade(empty, "base")
    assert tables(empty) == set()


def test_the_migrated_schema_is_the_one_of_the_tables(empty: Engine) -> None:
    upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_partial_indexes_and_tables_without_row_ids_are_the_same_too(empty: Engine) -> None:
    # Alembic's comparison does not see if an index is partial, or if a table has row ids.
    upgrade(empty)
    migrated = statements(empty)
    downgrade(empty, "base")
    metadata.create_all(empty)
    assert migrated == statements(empty)


def test_probes_walk_down_one_tree_and_due_rows_are_all_an_index_holds(empty: Engine) -> None:
    upgrade(empty)
    made = statements(empty)
    assert made["notice_tokens"].endswith("WITHOUT ROWID")
    assert made["entry_tokens"].endswith("WITHOUT ROWID")
    assert made["ix_cases_due_at"].endswith("WHERE due_at IS NOT NULL")
    assert made["ix_outbox_unpublished"].endswith("WHERE published_at IS NULL")


def test_there_is_one_line_of_migrations(empty: Engine) -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert all(not revision.is_branch_point for revision in script.walk_revisions())
    empty.dispose()


def test_upgrading_again_changes_nothing(empty: Engine) -> None:
    upgrade(empty)
    before = statements(empty)
    upgrade(empty)
    assert statements(empty) == before


def test_a_database_is_current_only_at_this_versions_schema(empty: Engine) -> None:
    with empty.connect() as connection:
        assert schema_of(connection) is DatabaseSchema.NONE
    upgrade(empty)
    with empty.connect() as connection:
        assert schema_of(connection) is DatabaseSchema.CURRENT
    downgrade(empty, "base")
    with empty.connect() as connection:
        assert schema_of(connection) is DatabaseSchema.NONE


def test_a_version_goes_on_with_the_schema_of_the_next(empty: Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with empty.connect() as connection:
        assert schema_of(connection) is DatabaseSchema.NEWER
        assert schema_of(connection).fits
