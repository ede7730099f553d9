from __future__ import annotations

import pytest

from services.storage.vault import MissingKeyError, Vault, VaultError, VaultKeys, place

HERE = place("notices", b"0123456789abcdef")
OLD, NEW = b"o" * 32, b"n" * 32
SECRET = {"numbers": ["+441632960123"], "address": "18 Example Road"}


@pytest.fixture
def vault() -> Vault:
    return Vault({"k1": OLD}, "k1")


@pytest.mark.parametrize("value", [SECRET, [], "", "Straße ≥ 1", None, 0, {"a": {"b": [1, None]}}])
def test_what_is_sealed_opens_again(vault: Vault, value: object) -> None:
    assert vault.open(HERE, vault.seal(HERE, value)) == value


def test_json_is_sealed_as_it_is(vault: Vault) -> None:
    assert vault.open(HERE, vault.seal_json(HERE, b'{"a": 1}')) == {"a": 1}


def test_a_sealed_value_shows_nothing_and_is_never_the_same_twice(vault: Vault) -> None:
    first, second = vault.seal(HERE, SECRET), vault.seal(HERE, SECRET)
    assert first != second
    assert b"01632" not in first
    assert b"Example" not in first


@pytest.mark.parametrize(
    "elsewhere", [place("register_entries", b"0123456789abcdef"), place("notices", b"0123456789abcdeg"), place("x", 1)]
)
def test_a_value_moved_to_another_row_or_table_does_not_open(vault: Vault, elsewhere: bytes) -> None:
    with pytest.raises(VaultError, match="moved"):
        vault.open(elsewhere, vault.seal(HERE, SECRET))


def test_a_value_altered_anywhere_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(HERE, SECRET)
    for index in range(len(sealed)):
        for bit in (0x01, 0x80):
            altered = sealed[:index] + bytes([sealed[index] ^ bit]) + sealed[index + 1 :]
            with pytest.raises(VaultError):
                vault.open(HERE, altered)


def test_a_value_cut_off_anywhere_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(HERE, SECRET)
    for end in range(len(sealed)):
        with pytest.raises(VaultError):
            vault.open(HERE, sealed[:end])


def test_what_was_never_sealed_is_refused_and_not_shown(vault: Vault) -> None:
    with pytest.raises(VaultError) as refused:
        vault.open(HERE, b'{"numbers": ["+441632960123"], "address": "18 Example Road"}')
    assert "01632" not in str(refused.value)


def test_an_old_key_still_opens_what_it_sealed_and_the_new_one_seals(vault: Vault) -> None:
    sealed = vault.seal(HERE, SECRET)
    rotated = Vault({"k1": OLD, "k2": NEW}, "k2")
    assert rotated.open(HERE, sealed) == SECRET
    with pytest.raises(VaultError):
        vault.open(HERE, rotated.seal(HERE, SECRET))


def test_a_missing_key_is_named_and_the_value_is_not(vault: Vault) -> None:
    sealed = vault.seal(HERE, SECRET)
    with pytest.raises(VaultError) as refused:
        Vault({"k2": NEW}, "k2").open(HERE, sealed)
    assert "'k1'" in str(refused.value)
    assert "add it" in str(refused.value)
    assert "01632" not in str(refused.value)


def test_another_key_under_the_same_id_does_not_open(vault: Vault) -> None:
    with pytest.raises(VaultError):
        Vault({"k1": NEW}, "k1").open(HERE, vault.seal(HERE, SECRET))


@pytest.mark.parametrize(
    ("keys", "current"),
    [({"k1": OLD}, "k2"), ({}, "k1"), ({"k1": b"short"}, "k1"), ({"": OLD}, ""), ({"k" * 17: OLD}, "k" * 17)],
)
def test_keys_of_another_form_are_refused_and_not_shown(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(VaultError) as refused:
        Vault(keys, current)
    assert "short" not in str(refused.value)


class Source:
    def __init__(self) -> None:
        self.changed: VaultKeys | None = None
        self.asked: list[bool] = []

    def __call__(self, *, at_once: bool) -> VaultKeys | None:
        self.asked.append(at_once)
        return self.changed


def test_a_key_that_came_later_opens_what_others_sealed_with_it() -> None:
    source = Source()
    running = Vault({"k1": OLD}, "k1", source=source)
    source.changed = VaultKeys({"k1": OLD, "k2": NEW}, "k2")
    assert running.open(HERE, Vault({"k2": NEW}, "k2").seal(HERE, SECRET)) == SECRET
    assert source.asked == [True]


def test_a_key_that_came_later_seals_from_then_on() -> None:
    source = Source()
    running = Vault({"k1": OLD}, "k1", source=source)
    source.changed = VaultKeys({"k1": OLD, "k2": NEW}, "k2")
    assert Vault({"k2": NEW}, "k2").open(HERE, running.seal(HERE, SECRET)) == SECRET
    assert (running.current, source.asked) == ("k2", [False])


def test_a_key_that_no_source_knows_is_missing_for_now() -> None:
    source = Source()
    with pytest.raises(MissingKeyError) as refused:
        Vault({"k2": NEW}, "k2", source=source).open(HERE, Vault({"k1": OLD}, "k1").seal(HERE, SECRET))
    assert (refused.value.permanent, source.asked) == (False, [True])


def test_what_is_under_a_key_that_is_held_asks_nobody(vault: Vault) -> None:
    source = Source()
    assert Vault({"k1": OLD}, "k1", source=source).open(HERE, vault.seal(HERE, SECRET)) == SECRET
    assert source.asked == []
