from __future__ import annotations

import pytest

from services.alerts.delivery.channels.routes import UNREADABLE, destination_of

MAIL = "mailto://mail.council.example:587?from=a@pullcord.example&to=duty@council.example"


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace("duty", "deputy"),
        MAIL.replace("mail.council", "MAIL.Council"),
        MAIL.replace("mailto://", "mailto://user:secret@"),
    ],
)
def test_routes_to_one_mail_server_share_its_places(other: str) -> None:
    assert destination_of(other) == destination_of(MAIL) == "mail.council.example:587"


@pytest.mark.parametrize(
    "other",
    [MAIL.replace(":587", ":25"), MAIL.replace("mail.council", "mail.other"), "json://mail.council.example:587/hook"],
)
def test_another_host_port_or_service_is_another_destination(other: str) -> None:
    assert destination_of(other) != destination_of(MAIL)


@pytest.mark.parametrize(
    "route", ["", "mailto://", "nonsense", "mailto://mail.example?to=two@x.example,three@x.example"]
)
def test_routes_that_are_refused_share_one_place(route: str) -> None:
    assert destination_of(route) == UNREADABLE
