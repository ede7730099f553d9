from __future__ import annotations

import pytest

from services.runtime.maintenance.keyring import Keyring, read_keyring, write_keyring
from tests.support.command_line import Desk


def _forget_old_keys(desk: Desk) -> None:
    path = desk.folder / "var/keys.json"
    keyring = read_keyring(path)
    write_keyring(
        path,
        Keyring(current=keyring.current, vault={keyring.current: keyring.vault[keyring.current]}, token=keyring.token),
    )


@pytest.mark.slow
def test_after_a_rotation_everything_is_read_without_the_old_key(desk: Desk) -> None:
    desk.with_an_officer()
    case = desk.with_a_case()
    desk.run("ack", case, "--by", "Asha Patel")
    desk.clock.advance(minutes=1)
    desk.send_what_is_due()
    printed = desk.run("vault", "rotate", "--yes")
    assert "everything is under the key k2" in printed.words
    _forget_old_keys(desk)
    shown = desk.run("case", "show", case).words
    assert "01632 960123" in shown
    assert "Asha Patel" in shown
    assert "duty desk email" in desk.run("policy", "show", "E06000009").words


def test_a_rotation_asks_first_and_can_be_refused(desk: Desk) -> None:
    printed = desk.run("vault", "rotate", typing="n\n")
    assert printed.code == 1
    assert "Shall the key be changed?" in printed.words
    assert read_keyring(desk.folder / "var/keys.json").current == "k1"


@pytest.mark.slow
def test_a_rotation_cut_off_is_carried_on(desk: Desk) -> None:
    desk.with_a_case()
    path = desk.folder / "var/keys.json"
    keyring = read_keyring(path)
    write_keyring(path, Keyring(current="k2", vault={**keyring.vault, "k2": b"2" * 32}, token=keyring.token))
    assert desk.run("vault", "reseal").words.startswith("4 values sealed anew")
    assert desk.run("vault", "reseal").words.startswith("0 values sealed anew")


def test_keys_from_the_environment_are_not_rotated_from_here(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_KEYS", (desk.folder / "var/keys.json").read_text())
    for command in ("rotate", "add-key", "remove-key k1"):
        printed = desk.run("vault", *command.split())
        assert (printed.code, "PULLCORD_KEYS" in printed.complaint) == (2, True)


@pytest.mark.slow
def test_a_key_is_added_before_it_seals_and_the_rotation_takes_it(desk: Desk) -> None:
    desk.with_a_case()
    path = desk.folder / "var/keys.json"
    assert "k1 goes on sealing" in desk.done("vault", "add-key").words
    added = read_keyring(path)
    assert (added.current, list(added.vault)) == ("k1", ["k1", "k2"])
    assert "everything is under the key k2" in desk.done("vault", "rotate", "--yes").words
    assert read_keyring(path).vault == added.vault


@pytest.mark.slow
def test_an_old_key_is_taken_away_once_nothing_needs_it(desk: Desk) -> None:
    case = desk.with_a_case()
    path = desk.folder / "var/keys.json"
    desk.done("vault", "add-key")
    write_keyring(path, read_keyring(path).model_copy(update={"current": "k2"}))
    refused = desk.run("vault", "remove-key", "k1", "--yes")
    assert (refused.code, "4 values would be lost with it" in refused.complaint) == (2, True)
    desk.done("vault", "reseal")
    assert desk.run("vault", "remove-key", "k1", typing="n\n").code == 1
    desk.done("vault", "remove-key", "k1", "--yes")
    assert list(read_keyring(path).vault) == ["k2"]
    assert "01632 960123" in desk.done("case", "show", case).words
