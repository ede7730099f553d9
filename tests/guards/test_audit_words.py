"""The audit's vocabulary: every word has its fields, and every word is said somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from services.core.audit import FIELDS, AuditAction
from tests.support.checks.source import dotted, modules, tree

NEVER = frozenset(["cli", "number_dialled", "uprn", "postcode", "address", "name", "by", "actor", "route", "evidence"])


def words_said() -> Iterator[str]:
    """Every word that is named in the services, outside the vocabulary itself."""
    for path in modules("services"):
        if path.name == "audit.py" and path.parent.name == "core":
            continue
        for node in ast.walk(tree(path)):
            owner, _, word = dotted(node).rpartition(".")
            if isinstance(node, ast.Attribute) and owner == "AuditAction":
                yield word


SAID = frozenset(words_said())


def test_every_word_has_its_exact_fields() -> None:
    assert set(FIELDS) == set(AuditAction)


@pytest.mark.parametrize("word", list(AuditAction))
def test_every_word_is_said_somewhere(word: AuditAction) -> None:
    assert word.name in SAID


@pytest.mark.parametrize("word", list(AuditAction))
def test_no_field_of_a_word_could_name_somebody(word: AuditAction) -> None:
    assert FIELDS[word].isdisjoint(NEVER)


def test_the_stored_value_of_a_word_is_its_name() -> None:
    assert [word for word in AuditAction if word.value != word.name.lower()] == []
