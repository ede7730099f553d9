from __future__ import annotations

from sqlalchemy import update

from services.storage.tables import feeds
from tests.support.command_line import BLACKPOOL, Desk


def test_it_is_named_and_can_be_set_anew(desk: Desk) -> None:
    desk.with_an_officer()
    with desk.store() as store, store.writing() as connection:
        connection.execute(update(feeds).where(feeds.c.code == BLACKPOOL).values(policy_sealed=b"\x02k1damaged"))
    shown = desk.done("policy", "show", BLACKPOOL)
    assert "the stored policy of Blackpool Council is damaged" in shown.complaint
    assert "its alerts go to the operator" in shown.complaint
    desk.with_an_officer()
    again = desk.done("policy", "show", BLACKPOOL)
    assert "damaged" not in again.complaint
    assert "duty desk" in again.words
