from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.alerts.delivery.channels.routes import what_is_understood
from services.runtime.cli.commands.running import questions
from services.runtime.cli.commands.running.questions import is_public_url
from services.runtime.settings import Settings
from tests.support.command_line import Desk

URL = "https://pullcord.council.example"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "is_a_terminal", lambda: True)


def answers(desk: Desk) -> Path:
    return desk.folder / "var/settings.json"


def mail_sent_by(settings: Settings) -> str:
    assert settings.mail_server
    return what_is_understood(settings.mail_server.get_secret_value() + "&to=jo%40council.example")


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("typed", "through"),
    [
        (
            ["mail.council.example", "", "", "y"],
            "mail.council.example:587, from Pullcord <pullcord@council.example>",
        ),
        (["mail.council.example:2525", "duty@x.example", "", "n"], "through mail.council.example:2525"),
        (["mail.council.example:465", "", "user@x", "pa:ss/w@rd"], "through mail.council.example:465"),
    ],
)
def test_the_public_address_and_the_mail_server_are_asked_for_and_kept(
    empty_desk: Desk, typed: list[str], through: str
) -> None:
    printed = empty_desk.done("init", typing="\n".join([URL, *typed, ""]))
    assert "PULLCORD_PUBLIC_URL" in printed.out
    settings = Settings()
    assert settings.public_url == URL
    assert through in mail_sent_by(settings)
    assert answers(empty_desk).stat().st_mode & 0o077 == 0
    assert "pa:ss/w@rd" not in printed.out + printed.err


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("wrong", ["pullcord.council.example", "ftp://x.example", "https://", "https://x.example/?a=1"])
def test_an_address_that_is_none_is_asked_for_again(empty_desk: Desk, wrong: str) -> None:
    printed = empty_desk.done("init", typing=f"{wrong}\n{URL}/\n\n")
    assert "That is no web address" in printed.words
    assert Settings().public_url == URL


@pytest.mark.usefixtures("terminal")
def test_what_was_answered_or_is_set_is_not_asked_for_again(empty_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_desk.done("init", typing=f"{URL}\n\n")
    again = empty_desk.done("init", typing="\n")
    assert "PULLCORD_PUBLIC_URL" not in again.out
    monkeypatch.setenv("PULLCORD_PUBLIC_URL", "https://other.example")
    assert Settings().public_url == "https://other.example"


@pytest.mark.usefixtures("terminal")
def test_empty_answers_leave_everything_as_it_was(empty_desk: Desk) -> None:
    empty_desk.done("init", typing="\n\n")
    assert not answers(empty_desk).exists()
    assert (Settings().public_url, Settings().mail_server) == (None, None)


def test_where_nobody_sits_at_a_terminal_nothing_is_asked(empty_desk: Desk) -> None:
    printed = empty_desk.done("init")
    assert "Mail server" not in printed.out
    assert not answers(empty_desk).exists()


@pytest.mark.parametrize("content", ["{", "[1", "nonsense", "", "5", "null", '["PULLCORD_PUBLIC_URL"]', '"text"'])
def test_a_file_of_answers_that_cannot_be_read_is_named(desk: Desk, content: str) -> None:
    answers(desk).write_text(content)
    printed = desk.run("cases")
    assert printed.code == 2
    assert f"{answers(desk)} is no JSON" in printed.complaint


def test_only_what_is_asked_for_is_read_from_the_answers(desk: Desk) -> None:
    answers(desk).write_text(json.dumps({"PULLCORD_HOST": "0.0.0.0", "PULLCORD_PUBLIC_URL": URL}))
    assert (Settings().host, Settings().public_url) == ("127.0.0.1", URL)


def test_an_answer_that_is_null_is_no_answer(desk: Desk) -> None:
    answers(desk).write_text(json.dumps({"PULLCORD_PUBLIC_URL": None, "PULLCORD_TEXT_SERVICE": None}))
    assert (Settings().public_url, Settings().text_service) == (None, None)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (URL, True),
        ("http://10.0.0.5:8080", True),
        ("https://x.example/pullcord", True),
        ("https://x y", False),
        ("x", False),
    ],
)
def test_an_address_of_the_pages_is_a_web_address_without_options(text: str, fits: bool) -> None:
    assert is_public_url(text) is fits
