from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from services.alerts.delivery.channels.notify.govuk_notify_plugin import SMS_LIMIT
from services.alerts.message.drill_message import DrillDigest, render_drill
from services.alerts.message.message import SUBJECT_LIMIT
from services.alerts.message.short_form import link_of, short_form
from services.alerts.message.unverified import marked_unverified

LINK = "https://pullcord.example/d/D-7K3M-2Q9P.0123456789abcdefghijkl"
DIGEST = DrillDigest(
    reference="D-7K3M-2Q9P",
    council="Blackpool Council",
    tier="duty",
    link=LINK,
    created_at=datetime(2026, 12, 1, 11, tzinfo=UTC),
    asked_before=False,
    monthly=True,
)


def test_its_subject_and_its_first_lines_say_so() -> None:
    message = render_drill(DIGEST)
    assert message.subject == (
        "DRILL, no line is at risk: please confirm that you read this (Blackpool Council) [D-7K3M-2Q9P]"
    )
    assert message.text.startswith("DRILL for Blackpool Council\n\nThis is a drill. No line is at risk because of it,")


def test_a_text_message_has_it_with_the_whole_link() -> None:
    short = short_form(render_drill(DIGEST), SMS_LIMIT)
    assert short.startswith("DRILL, no line is at risk: please confirm that you read this")
    assert short.endswith(LINK)


def test_a_long_name_of_a_council_leaves_the_reference_whole() -> None:
    message = render_drill(replace(DIGEST, council="The Metropolitan Borough Council of " + "Long" * 30))
    assert len(message.subject) <= SUBJECT_LIMIT
    assert message.subject.endswith("...) [D-7K3M-2Q9P]")


def test_both_forms_have_the_same_link_and_sentences() -> None:
    message = render_drill(replace(DIGEST, asked_before=True, monthly=False))
    text = " ".join(message.text.split())
    assert link_of(message) == LINK
    assert message.html.count(LINK) >= 2
    for sentence in ("nobody has answered the earlier message", "Somebody of your council started it"):
        assert sentence in text
        assert sentence in message.html


def test_no_name_is_taken_as_markup() -> None:
    assert "<b>" not in render_drill(replace(DIGEST, council="<b>Blackpool</b>")).html


def test_it_is_marked_if_nobody_verified_the_address() -> None:
    assert "Not verified" in marked_unverified(render_drill(DIGEST)).html
