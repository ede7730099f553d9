from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.message.message import Message
from services.alerts.message.short_form import short_form

LIMIT = 918
SUBJECT = "Act by Thu 3 December: 2 alarm lines (Blackpool) [A-1]"
LINK = "https://pullcord.example/a/Qm7x"


def test_it_is_the_subject_and_the_link() -> None:
    message = Message(SUBJECT, f"Two lines need action.\n\nOpen {LINK} first.\n", "")
    assert short_form(message, LIMIT) == f"{SUBJECT}\n{LINK}"


@pytest.mark.parametrize(
    ("text", "shown"), [("One event was set aside.\n", f"{SUBJECT}\nOne event was set aside."), ("x" * 900, SUBJECT)]
)
def test_a_message_without_a_link_shows_its_text_if_it_fits(text: str, shown: str) -> None:
    assert short_form(Message(SUBJECT, text, ""), LIMIT) == shown


@given(st.text(max_size=2_000), st.text(max_size=2_000), st.text(max_size=2_000))
def test_it_fits_and_holds_the_whole_link_whatever_the_message(subject: str, before: str, after: str) -> None:
    short = short_form(Message(subject, f"{before} {LINK} {after}", ""), LIMIT)
    assert len(short) <= LIMIT
    assert any(word.startswith("http") for word in short.split())
