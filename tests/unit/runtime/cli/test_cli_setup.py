from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from services.runtime.cli import main as cli
from services.storage.database.engine import make_engine
from services.storage.migrate import downgrade
from services.storage.secrets.keys import find_caller
from tests.support.command_line import ADDRESS, BLACKPOOL, RAVEN, ROUTE, Desk

A_KEY = ("keys", "create", "--role", "provider", "--feed", RAVEN, "--label", "production")
RED, YELLOW = "\x1b[31m", "\x1b[33m"


def test_init_makes_the_folder_the_keys_and_the_database_and_says_what_comes_next(empty_desk: Desk) -> None:
    printed = empty_desk.run("init")
    assert printed.out.count("made ") == 3
    assert "pullcord councils add" in printed.out
    assert (empty_desk.folder / "var/keys.json").stat().st_mode & 0o077 == 0


def test_init_again_changes_nothing(empty_desk: Desk) -> None:
    empty_desk.run("init")
    before = (empty_desk.folder / "var/keys.json").read_text()
    printed = empty_desk.run("init")
    assert printed.out.count("already there") == 3
    assert (empty_desk.folder / "var/keys.json").read_text() == before


def test_init_makes_no_new_keys_beside_records_sealed_with_lost_ones(empty_desk: Desk) -> None:
    empty_desk.run("init")
    (empty_desk.folder / "var/keys.json").unlink()
    printed = empty_desk.run("init")
    assert printed.code == 2
    assert "put them back from your copy" in printed.complaint
    assert not (empty_desk.folder / "var/keys.json").exists()


@pytest.mark.parametrize(
    "typed", [("cases",), ("status",), ("case", "show", "TC1"), ("report",), ("policy", "show", BLACKPOOL), ("serve",)]
)
def test_a_command_in_a_folder_without_data_names_the_folder_and_asks_whether_it_is_the_wrong_one(
    empty_desk: Desk, typed: tuple[str, ...]
) -> None:
    printed = empty_desk.run(*typed)
    assert (printed.code, printed.out) == (2, "")
    assert f"there is no Pullcord data in {empty_desk.folder / 'var'}. Is this the wrong folder?" in printed.complaint
    assert "PULLCORD_DATA_DIR" in printed.complaint
    assert not (empty_desk.folder / "var").exists()


def test_the_folder_is_named_in_full_where_the_setting_is_relative(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("PULLCORD_DATA_DIR", "var")
    assert f"in {elsewhere / 'var'}. Is this the wrong folder?" in desk.run("cases").complaint
    monkeypatch.chdir(tmp_path)
    assert desk.run("cases").code == 0


def test_keys_without_a_database_make_no_empty_one(desk: Desk) -> None:
    (desk.folder / "var/pullcord.db").unlink()
    assert "there is no Pullcord data" in desk.run("status").complaint
    assert not (desk.folder / "var/pullcord.db").exists()


def test_a_database_without_its_keys_is_not_taken_for_a_wrong_folder(desk: Desk) -> None:
    (desk.folder / "var/keys.json").unlink()
    complaint = desk.run("cases").complaint
    assert f"its keys are not at {desk.folder / 'var/keys.json'}: put them back" in complaint
    assert "init" not in complaint


def test_a_database_of_another_version_is_named_and_brought_up_to_date_by_init(desk: Desk) -> None:
    engine = make_engine(f"sqlite:///{desk.folder / 'var/pullcord.db'}")
    downgrade(engine, "base")
    engine.dispose()
    assert "an older version" in desk.run("cases").complaint
    desk.run("init")
    assert desk.run("cases").code == 0


def test_a_setting_that_cannot_be_used_is_named_without_its_value(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_PORT", "secret-word")
    printed = desk.run("status")
    assert printed.code == 2
    assert "PULLCORD_PORT" in printed.complaint
    assert "secret-word" not in printed.err


def test_a_fault_nobody_foresaw_is_named_by_kind_and_place_and_never_by_its_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("01632 960123")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 3
    assert "ZeroDivisionError" in said
    assert "960123" not in said
    assert "Traceback" not in said


def test_the_version_is_said(empty_desk: Desk) -> None:
    assert version("pullcord") in empty_desk.run("--version").out


def test_councils_and_providers_are_listed_with_when_they_were_last_heard(desk: Desk) -> None:
    assert "Blackpool Council never" in desk.run("councils", "list").words
    assert "RAVN Raven Telecom never" in desk.run("providers", "list").words
    desk.with_a_case()
    desk.clock.advance(hours=3)
    assert "Blackpool Council 3 hours ago 1" in desk.run("councils", "list").words


def test_a_code_of_the_wrong_form_is_refused_with_the_right_one(desk: Desk) -> None:
    printed = desk.run("councils", "add", "Blackpool", "Blackpool")
    assert (printed.code, printed.out) == (2, "")
    assert "such as E06000009" in printed.complaint


def test_one_already_known_keeps_its_name(desk: Desk) -> None:
    assert "already known as Blackpool Council" in desk.run("councils", "add", BLACKPOOL, "Another").words


def test_a_contact_is_added_by_an_address_that_is_never_shown(desk: Desk) -> None:
    added = desk.run("policy", "contact", "add", BLACKPOOL, "--person", "night desk", typing=ADDRESS + "\n")
    shown = desk.run("policy", "show", BLACKPOOL)
    assert "night desk email" in shown.words
    masked = desk.run("policy", "show", BLACKPOOL, "--json")
    assert not [text for text in (added, shown, masked) if "secret-word" in text.out + text.err]
    assert "desk@council" not in shown.out + masked.out


def test_whoever_gives_an_address_is_shown_whom_it_was_understood_to_reach(desk: Desk) -> None:
    address = "o'brien+nights@council.example"
    added = desk.done("policy", "contact", "add", BLACKPOOL, typing=address + "\n")
    understood = (
        "duty desk: mail to o'brien+nights@council.example through mail.example:25, from Pullcord <user@mail.example>"
    )
    assert understood in added.out
    assert "secret-word" not in added.out + added.err
    policy = json.loads(desk.run("policy", "show", BLACKPOOL, "--json").out)
    again = desk.done("policy", "set", BLACKPOOL, desk.file("p.json", json.dumps(policy)))
    assert "mail to" not in again.out
    policy["tiers"][0]["contacts"][0]["address"] = ADDRESS
    changed = desk.done("policy", "set", BLACKPOOL, desk.file("p.json", json.dumps(policy)))
    assert "duty desk: mail to desk@council.example through" in changed.out


def test_a_policy_file_with_an_address_that_cannot_be_used_names_the_contact_and_changes_nothing(desk: Desk) -> None:
    desk.done("policy", "contact", "add", BLACKPOOL, "--person", "night desk", typing=ADDRESS + "\n")
    policy = json.loads(desk.run("policy", "show", BLACKPOOL, "--json").out)
    policy["tiers"][0]["contacts"][0]["address"] = "secret-word@x.example;desk@council.example"
    printed = desk.run("policy", "set", BLACKPOOL, desk.file("p.json", json.dumps(policy)))
    assert printed.code == 2
    assert (
        "the address cannot be used (night desk, tier duty): the contact is not exactly one mail address"
        in printed.complaint
    )
    assert "secret-word" not in printed.out + printed.err
    assert "version 1" in desk.run("policy", "show", BLACKPOOL).words


def test_a_policy_shown_changed_and_set_keeps_its_masked_addresses(desk: Desk) -> None:
    desk.run("policy", "contact", "add", BLACKPOOL, typing=ADDRESS + "\n")
    policy = json.loads(desk.run("policy", "show", BLACKPOOL, "--json").out)
    policy["quiet_from"] = "23:00:00"
    assert desk.run("policy", "set", BLACKPOOL, desk.file("p.json", json.dumps(policy)), "--by", "Asha Patel").code == 0
    assert "23:00 to 07:00" in desk.run("policy", "show", BLACKPOOL).words
    desk.with_a_case()
    desk.clock.advance(minutes=1)
    desk.send_what_is_due()
    assert [sent.route for sent in desk.channel.sent] == [ROUTE]


def test_a_masked_address_of_nobody_on_record_is_refused(desk: Desk) -> None:
    desk.run("policy", "contact", "add", BLACKPOOL, typing=ADDRESS + "\n")
    text = desk.run("policy", "show", BLACKPOOL, "--json").out.replace("duty desk", "day desk")
    printed = desk.run("policy", "set", BLACKPOOL, desk.file("p.json", text))
    assert printed.code == 2
    assert "tiers.0.contacts.0.address" in printed.complaint


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nosuch", "not exactly one mail address"),
        ("mailto://mail.example?to=a@secret-word.example", "a contact is no Apprise address"),
        ("slack://secret-word/b/c", "a contact is no Apprise address"),
        ("https://hook.example/secret-word", "the secret is missing"),
    ],
)
def test_what_is_no_address_of_a_contact_is_refused_and_not_repeated(desk: Desk, typed: str, said: str) -> None:
    printed = desk.run("policy", "contact", "add", BLACKPOOL, typed)
    assert printed.code == 2
    assert said in printed.complaint
    assert "secret-word" not in printed.err


def test_a_faulty_policy_is_refused_by_its_field(desk: Desk) -> None:
    printed = desk.run("policy", "set", BLACKPOOL, desk.file("p.json", '{"thresholds": [7, 14, 0], "01632 960123": 1}'))
    assert printed.code == 2
    assert "thresholds: thresholds go from the most days to the fewest" in printed.complaint
    assert "960123" not in printed.err


def test_a_key_is_shown_once_alone_on_stdout_and_opens_the_ingest_api_until_revoked(desk: Desk) -> None:
    key = desk.run(*A_KEY).out.strip()
    key_id = key.split(".")[1]
    with desk.store() as store:
        assert find_caller(store, key)
    listed = desk.run("keys", "list")
    assert f"{key_id} provider RAVN production" in listed.words
    assert key.split(".")[2] not in listed.out
    desk.run("keys", "revoke", key_id)
    with desk.store() as store:
        assert find_caller(store, key) is None
    assert json.loads(desk.run("keys", "list", "--json").out)[0]["revoked_at"]


def test_a_key_is_made_for_the_days_asked_and_the_note_beside_it_says_until_when(desk: Desk) -> None:
    assert "good until 23 Nov 2027 10:00" in desk.done(*A_KEY).complaint
    desk.clock.advance(minutes=1)
    made = desk.done(*A_KEY, "--days", "730")
    assert made.out.startswith("pcd.")
    assert "good until 22 Nov 2028 10:01" in made.complaint
    assert [one["expires_at"] for one in json.loads(desk.run("keys", "list", "--json").out)] == [
        "2027-11-23T10:00:00+00:00",
        "2028-11-22T10:01:00+00:00",
    ]


@pytest.mark.parametrize("days", ["0", "-1", "731"])
def test_a_key_for_no_time_or_for_ever_is_refused(desk: Desk, days: str) -> None:
    printed = desk.run(*A_KEY, "--days", days)
    assert printed.code == 2
    assert "a key is good for 1 to 730 days" in printed.complaint
    assert json.loads(desk.run("keys", "list", "--json").out) == []


def test_the_end_of_a_key_stands_out_from_30_days_before_unless_it_was_revoked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    key_id = desk.done(*A_KEY, "--days", "31").out.split(".")[1]
    ends = "24 Dec 2026 10:00"
    assert f"{YELLOW}{ends}" not in desk.done("keys", "list").out
    desk.clock.advance(days=1, seconds=1)
    assert f"{YELLOW}{ends}" in desk.done("keys", "list").out
    desk.clock.advance(days=30)
    assert f"{RED}{ends}" in desk.done("keys", "list").out
    desk.clock.advance(days=1)
    desk.done("keys", "revoke", key_id)
    assert f"{RED}{ends}" not in desk.done("keys", "list").out


def test_a_key_for_nobody_known_is_refused(desk: Desk) -> None:
    assert (
        "is not known" in desk.run("keys", "create", "--role", "provider", "--feed", "NONE", "--label", "x").complaint
    )
    assert "name it" in desk.run("keys", "create", "--role", "council", "--label", "x").complaint
    assert (
        "belongs to no feed"
        in desk.run("keys", "create", "--role", "operator", "--feed", RAVEN, "--label", "x").complaint
    )
