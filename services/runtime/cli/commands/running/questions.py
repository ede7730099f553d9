from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import Final
from urllib.parse import quote, urlsplit

import typer

from services.alerts.delivery.channels.mail.addresses import NoAddressError, read_address
from services.alerts.delivery.channels.routes import RouteRefusedError, what_is_understood
from services.runtime.cli.support.output import cell, out, say
from services.runtime.maintenance.asked_settings import write_answers
from services.runtime.settings import ANSWERS, Settings

_SERVER: Final = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(?P<port>[0-9]{1,5}))?")
# On this port a mail server speaks TLS from the first byte.
_TLS_PORT: Final = "465"


def ask_what_is_missing(settings: Settings) -> None:
    """Ask for missing settings on a terminal, and store the answers. An empty answer stores nothing."""
    if not is_a_terminal():
        return
    answers: dict[str, str] = {}
    if settings.public_url is None and (url := _public_url(settings)):
        answers["public_url"] = url
    if settings.mail_server is None and (server := _mail_server()):
        answers["mail_server"] = server
    if answers:
        write_answers(settings.data_dir, answers)
        say(f"Kept in {settings.data_dir.absolute() / ANSWERS}.")


def is_a_terminal() -> bool:
    # In a container or a unit there is nobody who could answer.
    return sys.stdin.isatty()


def _public_url(settings: Settings) -> str:
    say("", "[bold]How officers reach the pages[/] (PULLCORD_PUBLIC_URL): the links in alerts begin with it.")
    here = f"http://{settings.host}:{settings.port}"
    say(f"  Such as https://pullcord.council.example; empty for {here}, which only this machine reaches.")
    while url := _typed("Address"):
        if is_public_url(url):
            return url.rstrip("/")
        say("  That is no web address: it begins with https:// and a host.")
    return ""


def is_public_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username) and text.isprintable() and " " not in text
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and port != 0


def _mail_server() -> str:
    say("", "[bold]The mail server that takes Pullcord's mail[/], as host or host:port; empty to name it later.")
    while given := _typed("Mail server"):
        found = _SERVER.fullmatch(given)
        if found is None:
            say("  That is no mail server: write it like mail.council.example:587.")
            continue
        route = _route(found["host"], found["port"])
        try:
            said = what_is_understood(f"{route}&to=somebody%40council.example")
        except RouteRefusedError as error:
            say(f"  That cannot be used: {error.remedy}.")
            continue
        out().print(cell(f"  {said.replace('mail to somebody@council.example', 'Mail goes')}"))
        return route
    return ""


def _route(host: str, port: str | None) -> str:
    sender = _sender(host)
    user = _typed("User name there (empty if it asks for none)")
    password = str(typer.prompt("Password", hide_input=True)) if user else ""
    with_tls = port == _TLS_PORT or typer.confirm("Does it take mail over TLS?", default=True)
    signed_in = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    mode = "ssl" if port == _TLS_PORT else "starttls" if with_tls else "insecure"
    place = f"{host}:{port}" if port else host
    options = f"from={quote(sender, safe='')}&name=Pullcord&mode={mode}"
    return f"{'mailtos' if with_tls else 'mailto'}://{signed_in}{place}?{options}"


def _sender(host: str) -> str:
    usual = _usual_sender(host)
    while True:
        try:
            return read_address(_typed("Address it sends from", usual))
        except NoAddressError:
            say("  That is not exactly one mail address, such as pullcord@council.example.")


def _usual_sender(host: str) -> str:
    # `mail.council.example` most often takes mail from `council.example`. An IP address or a bare name gives no hint.
    with suppress(NoAddressError):
        return read_address(f"pullcord@{host.partition('.')[2]}")
    return ""


def _typed(question: str, usual: str = "") -> str:
    return str(typer.prompt(question, default=usual, show_default=bool(usual))).strip()
