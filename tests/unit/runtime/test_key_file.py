from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.runtime.maintenance.key_file import LOOK_EVERY, KeyFile
from services.runtime.maintenance.keyring import (
    Keyring,
    KeysError,
    change_keyring,
    new_keyring,
    read_keyring,
    with_new_key,
    with_newest_current,
    without_key,
    write_keyring,
)


@dataclass
class Seconds:
    passed: float = field(default=0.0)

    def __call__(self) -> float:
        return self.passed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "keys.json"
    write_keyring(made, new_keyring())
    return made


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def file(path: Path, seconds: Seconds) -> KeyFile:
    return KeyFile(path, seconds)


def test_a_file_that_stays_as_it_is_is_not_read_again(file: KeyFile, seconds: Seconds) -> None:
    seconds.passed = LOOK_EVERY
    assert file(at_once=False) is None
    assert file(at_once=True) is None


def test_a_change_is_seen_within_a_second(file: KeyFile, path: Path, seconds: Seconds) -> None:
    change_keyring(path, with_newest_current)
    assert file(at_once=False) is None
    seconds.passed = LOOK_EVERY
    found = file(at_once=False)
    assert found is not None
    assert (found.current, list(found.keys)) == ("k2", ["k1", "k2"])
    assert file(at_once=True) is None


def test_a_change_is_seen_at_once_where_a_key_is_missing(file: KeyFile, path: Path) -> None:
    change_keyring(path, with_new_key)
    found = file(at_once=True)
    assert found is not None
    assert (found.current, list(found.keys)) == ("k1", ["k1", "k2"])


@pytest.mark.parametrize("damage", ["", "{", '{"current": "k1", "vault": {}, "token": ""}'])
def test_a_faulty_file_changes_nothing_and_a_good_one_is_read_after_it(file: KeyFile, path: Path, damage: str) -> None:
    good = read_keyring(path)
    path.write_text(damage)
    assert file(at_once=True) is None
    write_keyring(path, with_newest_current(good))
    found = file(at_once=True)
    assert found is not None
    assert found.current == "k2"


def test_a_file_that_is_gone_changes_nothing(file: KeyFile, path: Path) -> None:
    path.unlink()
    assert file(at_once=True) is None


def test_the_keys_of_another_deployment_are_not_taken(file: KeyFile, path: Path) -> None:
    write_keyring(path, new_keyring())
    assert file(at_once=True) is None


def test_the_newest_key_that_waits_is_made_current_before_another_is_made() -> None:
    waiting = with_new_key(new_keyring())
    assert waiting.current == "k1"
    rotated = with_newest_current(waiting)
    assert (rotated.current, rotated.vault) == ("k2", waiting.vault)
    assert with_newest_current(rotated).current == "k3"


@pytest.mark.parametrize(("key", "complaint"), [("k1", "seals"), ("k9", "no vault key")])
def test_a_key_in_use_or_unknown_is_not_taken_away(key: str, complaint: str) -> None:
    with pytest.raises(KeysError, match=complaint):
        without_key(with_new_key(new_keyring()), key)


def test_two_do_not_change_the_keys_at_once(path: Path) -> None:
    before = path.read_bytes()
    folder = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        with pytest.raises(KeysError, match="somebody else"):
            change_keyring(path, with_new_key)
    finally:
        os.close(folder)
    assert path.read_bytes() == before


def test_a_change_cut_off_leaves_the_old_keys(path: Path) -> None:
    def fails(_: Keyring) -> Keyring:
        raise KeysError("no")

    before = path.read_bytes()
    with pytest.raises(KeysError):
        change_keyring(path, fails)
    assert path.read_bytes() == before
    assert change_keyring(path, with_new_key) == read_keyring(path)
