from __future__ import annotations

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from services.alerts.case.links import revoke_link, revoke_links_of
from services.core.errors import RefusedError
from services.core.texts import PersonName
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import find_feed, opened
from services.runtime.cli.support.output import counted, say

app = group("The links in alerts, which open a page without a key.")

_NAME: TypeAdapter[str] = TypeAdapter(PersonName)


# A group with one command would be shown as that command alone.
@app.callback()
def links() -> None:
    """The links in alerts. A link opens a page without an API key."""


@app.command(
    epilog=examples(
        'pullcord links revoke A-3F9K-7PQ2 --by "Asha Patel"',
        'pullcord links revoke A-3F9K-7PQ2 --contact "duty desk" --by "Asha Patel"',
        'pullcord links revoke --council E06000009 --by "Asha Patel"',
    )
)
def revoke(
    by: Annotated[str, typer.Option(help="Who revokes it, by name.", metavar="NAME")],
    alert: Annotated[str | None, typer.Argument(help="The alert, such as A-3F9K-7PQ2.", metavar="ALERT")] = None,
    council: Annotated[
        str | None, typer.Option(help="The links of all alerts of this council, by GSS code.", metavar="CODE")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="Only the links of this person.", metavar="PERSON")] = None,
) -> None:
    """Revoke the links of an alert, or of all alerts of a council. The links stop working at once and for good.

    If an open case then has no working link, the council's contacts get a new message with new links. No new message is
    sent if alerts about the case are paused or have stopped.

    If a message went to a wrong address, first correct the contact: `pullcord policy contact --help`.
    """
    if (alert is None) is (council is None):
        raise RefusedError("name one alert, or a council with --council")
    name = _name(by)
    with opened() as store:
        if alert is not None:
            _say_revoked(alert, revoked=revoke_link(store, alert, name, contact=contact))
            return
        with store.reading() as connection:
            feed_id = find_feed(connection, "council", council or "").feed_id
        say(f"The links of {counted(revoke_links_of(store, feed_id, name, contact), 'alert')} were revoked.")


def _say_revoked(alert: str, *, revoked: bool) -> None:
    reference = alert.strip().upper()
    say(f"The links of {reference} {'open nothing any more' if revoked else 'were revoked before'}.")


def _name(by: str) -> str:
    try:
        return _NAME.validate_python(by)
    except ValidationError:
        raise RefusedError("--by: give the name of the person who revokes it") from None
