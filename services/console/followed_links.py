from __future__ import annotations

from fastapi import Request
from sqlalchemy import Connection

from services.alerts.case.by_link import ByLink
from services.alerts.delivery.digest import Presentation
from services.console.link_problems import LinkProblem
from services.console.links import Link, follow
from services.core.tokens import LinkPurpose
from services.storage.store import Store
from services.web.rates import rates_of


def followed_link(
    connection: Connection, store: Store, token: str, purpose: LinkPurpose, request: Request
) -> Link | LinkProblem:
    link, rates = follow(connection, store, token, purpose, presentation_of(request).links_last), rates_of(request)
    if isinstance(link, Link):
        # Whoever opens the link of one contact too often does not keep the others out.
        rates.count_link(str(link.delivery))
    else:
        rates.count_failure(request)
    return link


def by_link(link: Link, request: Request) -> ByLink:
    return ByLink(link.contact, presentation_of(request).link_pause_days)


def presentation_of(request: Request) -> Presentation:
    shown: Presentation = request.app.state.presentation
    return shown
