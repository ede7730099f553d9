from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from justhtml import JustHTML
from sqlalchemy import LargeBinary, select

from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.message.message import Message
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.core.audit import AuditAction
from services.core.days.closures import Closure
from services.storage.tables import metadata
from tests.support.deployment import BLACKPOOL, Deployment
from tests.support.http import ENTRY, NOTICE, Api, links_of, newest_link
from tests.support.ledger import said

DESK = Contact(person="duty desk", channel="route", address="mailto://desk.example")
DEPUTY = Contact(person="deputy", channel="route", address="mailto://deputy.example")
DOUBT = SendResult(SendOutcome.IN_DOUBT, "timed_out")
BUSY = SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")
GONE = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")
OPERATOR = "mailto://operator.example"


def policy_of(*contacts: Contact) -> CouncilPolicy:
    return CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=contacts),))


@pytest.fixture
def two(api: Api) -> Api:
    # The duty desk and a deputy both had the first message about one line.
    set_policy(api.deployment.store, BLACKPOOL, policy_of(DESK, DEPUTY), by="Test Setup")
    api.alerted_case()
    return api


def of(contact: Contact) -> str:
    return contact.address.get_secret_value()


def another_line(deployment: Deployment, number: int = 4) -> None:
    # Its day is today, so the message waits for no working day, however new the message before it is.
    today = str(deployment.clock.now().date())
    deployment.put_entries({**ENTRY, "entry_id": f"e{number}", "cli": f"01632 96012{number}"})
    line = {"id": f"n{number}", "cli": f"01632 96012{number}", "planned_migration_date": today}
    deployment.post_notices({**NOTICE, **line})
    deployment.tick(minutes=16)


def status(api: Api, link: str) -> int:
    return api.ask(None, "GET", link).status_code


def words(api: Api, link: str) -> str:
    return " ".join(JustHTML(api.ask(None, "GET", link).text).to_text().split())


def acknowledge(api: Api, link: str, name: str = "Asha Patel") -> int:
    return api.ask(None, "POST", link, data={"name": name, "all": "yes"}).status_code


def test_each_contact_has_a_link_of_its_own_to_the_same_cases(two: Api) -> None:
    desk, deputy = newest_link(two, of(DESK)), newest_link(two, of(DEPUTY))
    assert desk != deputy
    assert [status(two, link) for link in (desk, deputy)] == [200, 200]


def test_nothing_in_the_database_opens_a_link(two: Api) -> None:
    codes = {newest_link(two, of(one)).rpartition(".")[2].encode() for one in (DESK, DEPUTY)}
    with two.deployment.store.reading() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
        stored = b"".join(bytes(value) for row in rows for value in row if isinstance(value, bytes))
        stored += repr([value for row in rows for value in row if not isinstance(value, bytes)]).encode()
    assert rows
    assert any(isinstance(column.type, LargeBinary) for column in metadata.tables["delivery_attempts"].columns)
    assert not any(code in stored for code in codes)


@pytest.mark.parametrize(("hours", "answer"), [(0, 200), (71, 200), (72, 410), (73, 410), (24 * 400, 410)])
def test_a_link_works_for_72_hours(api: Api, hours: int, answer: int) -> None:
    case, _, link = api.alerted_case()
    api.deployment.clock.advance(hours=hours)
    assert (status(api, link), acknowledge(api, link) == 303) == (answer, answer == 200)
    if answer == 410:
        assert "This link has expired" in words(api, link)
        assert "newest message" in words(api, link)
        assert not any(name in words(api, link) for name in (case, "Blackpool", str(ENTRY["entry_id"])))


def test_the_next_message_ends_the_link_and_has_a_link_that_works(api: Api) -> None:
    case, _, link = api.alerted_case()
    another_line(api.deployment)
    assert len(api.deployment.mails()) == 2
    assert (status(api, link), acknowledge(api, link)) == (410, 410)
    assert "A newer message has replaced this link" in words(api, link)
    assert case not in words(api, link)
    assert (status(api, newest_link(api)), acknowledge(api, newest_link(api))) == (200, 303)


@pytest.mark.parametrize("result", [BUSY, DOUBT, GONE])
def test_a_message_that_was_not_accepted_ends_no_link(two: Api, result: SendResult) -> None:
    links = {route: newest_link(two, route) for route in (of(DESK), of(DEPUTY))}
    two.deployment.channel.results.append(result)
    another_line(two.deployment)
    newest = {route: newest_link(two, route) for route in links}
    # Of the two messages, one was accepted: the link that its contact had before has ended.
    ended = {route for route, link in links.items() if status(two, link) == 410}
    assert len(ended) == 1
    assert ended == {route for route in links if newest[route] != links[route]}


def recorded(deployment: Deployment) -> list[Message]:
    """Return a list to which every later message is added."""
    every, send = [], deployment.channel.send

    def noted(route: str, message: Message, reference: str) -> SendResult:
        every.append(message)
        return send(route, message, reference)

    deployment.channel.send = noted  # type: ignore[method-assign]
    return every


@pytest.mark.parametrize("doubts", [1, 2, 4])
def test_every_copy_of_a_message_in_doubt_has_a_link_that_works(api: Api, doubts: int) -> None:
    sent = recorded(api.deployment)
    api.deployment.channel.results += [DOUBT] * doubts
    api.put_at_risk()
    for _ in range(doubts):
        api.deployment.tick(seconds=60)
    links = [links_of(message.text)[0] for message in sent]
    assert len(set(links)) == doubts + 1
    assert {status(api, link) for link in links} == {200}
    assert acknowledge(api, links[0]) == 303


def test_a_retry_of_an_older_message_leaves_the_link_of_a_newer_one(api: Api) -> None:
    deployment, send = api.deployment, api.deployment.channel.send
    doubtful: list[str] = []

    def doubted(route: str, message: Message, reference: str) -> SendResult:
        doubtful[:] = doubtful or [reference]
        return DOUBT if reference == doubtful[0] else send(route, message, reference)

    deployment.channel.send = doubted  # type: ignore[method-assign]
    api.put_at_risk()
    # The first message waits for its next attempt, while a message about another line is written and accepted.
    another_line(deployment)
    newer = newest_link(api)
    deployment.channel.send = send  # type: ignore[method-assign]
    deployment.tick(seconds=60)
    retried = newest_link(api)
    assert retried != newer
    assert [status(api, link) for link in (retried, newer)] == [200, 200]


def test_the_link_of_a_contact_who_was_removed_has_ended_and_says_so(two: Api) -> None:
    desk, deputy = newest_link(two, of(DESK)), newest_link(two, of(DEPUTY))
    set_policy(two.deployment.store, BLACKPOOL, policy_of(DEPUTY), by="Test Setup")
    assert (status(two, desk), acknowledge(two, desk), status(two, deputy)) == (410, 410, 200)
    assert "no longer a contact of the council" in words(two, desk)
    assert "call your telecare team" in words(two, desk)


def test_the_operators_link_works_although_no_policy_names_the_operator(api: Api) -> None:
    api.deployment.channel.results += [GONE]
    api.put_at_risk()
    api.deployment.tick(seconds=60)
    link = newest_link(api, OPERATOR)
    assert (status(api, link), acknowledge(api, link)) == (200, 303)


def test_a_corrected_address_ends_the_links_that_went_to_the_wrong_one(two: Api) -> None:
    desk, deputy = newest_link(two, of(DESK)), newest_link(two, of(DEPUTY))
    corrected = Contact(person="duty desk", channel="route", address="mailto://right.example")
    set_policy(two.deployment.store, BLACKPOOL, policy_of(corrected, DEPUTY), by="Test Setup")
    assert [status(two, link) for link in (desk, deputy)] == [410, 200]


def test_the_link_of_the_contact_for_the_hours_in_which_a_council_is_closed_works(api: Api) -> None:
    night = Contact(person="night desk", channel="route", address="mailto://night.example")
    policy = policy_of(DESK).model_copy(update={"out_of_hours": night})
    set_policy(api.deployment.store, BLACKPOOL, policy, by="Test Setup")
    api.deployment.clock.advance(hours=13)
    another_line(api.deployment)
    link = newest_link(api, of(night))
    assert (status(api, link), acknowledge(api, link)) == (200, 303)


AT = datetime(2026, 11, 23, 10, 0, 31, tzinfo=UTC)
DAY = timedelta(days=1)
# The time after the first message at which somebody acknowledges, and the end of the pause. It is a Monday morning.
PAUSES = [
    (timedelta(0), AT + DAY),
    (timedelta(hours=5), AT + DAY + timedelta(hours=5)),
    (timedelta(hours=71), AT + timedelta(hours=71) + DAY),
]


def far_off(api: Api) -> str:
    api.deployment.put_entries(ENTRY)
    api.deployment.post_notices({**NOTICE, "planned_migration_date": "2027-01-15"})
    api.deployment.tick(seconds=31)
    return newest_link(api)


def paused(api: Api) -> datetime | None:
    return api.deployment.cases()[0].paused_until


@pytest.mark.parametrize(("later", "until"), PAUSES)
def test_an_acknowledgement_by_link_pauses_one_working_day_at_most(api: Api, later: timedelta, until: datetime) -> None:
    link = far_off(api)
    api.deployment.clock.advance(seconds=later.total_seconds())
    page = words(api, link)
    assert acknowledge(api, link) == 303
    assert paused(api) == until
    assert f"{until:%A} {until.day} November 2026" in page


def test_on_a_friday_the_pause_lasts_until_monday(api: Api) -> None:
    api.deployment.clock.advance(days=4)
    link = far_off(api)
    acknowledge(api, link)
    assert paused(api) == AT + timedelta(days=7)


def test_on_the_day_before_a_closure_the_pause_lasts_until_the_council_is_back(api: Api) -> None:
    closed = Closure(label="training", first=date(2026, 11, 24), last=date(2026, 11, 25))
    policy = policy_of(DESK).model_copy(update={"closures": (closed,)})
    set_policy(api.deployment.store, BLACKPOOL, policy, by="Test Setup")
    link = far_off(api)
    acknowledge(api, link)
    assert paused(api) == AT + timedelta(days=3)


def test_a_link_does_not_shorten_the_pause_of_somebody_who_is_signed_in(api: Api) -> None:
    link = far_off(api)
    alert = link.split("/")[2].partition(".")[0]
    body = {"by": "Cara Dunn"}
    assert api.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json=body).status_code == 200
    before = paused(api)
    assert before is not None
    assert before > AT + DAY
    api.deployment.clock.advance(hours=1)
    assert acknowledge(api, link) == 303
    assert paused(api) == before


def test_the_record_says_that_nobody_signed_in_and_whose_link_it_was(two: Api) -> None:
    (case,) = two.deployment.cases()
    acknowledge(two, newest_link(two, of(DEPUTY)))
    history = two.ask("blackpool", "GET", f"/v1/cases/{case.reference}").json()["history"]
    (event,) = (one for one in history if one["fields"].get("event") == "acknowledge")
    assert event["by"] == "Asha Patel"
    assert event["record"] == {"identity": "not_signed_in", "link_sent_to": "deputy"}
    assert "deputy" not in str(said(two.deployment, AuditAction.ALERT_ACKNOWLEDGED))
    assert "Asha Patel (not signed in, by the link sent to deputy)" in words(two, newest_link(two, of(DESK)))


SIGNED_IN: list[Callable[[Api, str], object]] = [
    lambda api, alert: api.ask("blackpool", "POST", f"/v1/alerts/{alert}/acknowledgement", json={"by": "Cara Dunn"}),
]


@pytest.mark.parametrize("acknowledged", SIGNED_IN)
def test_of_somebody_who_signed_in_no_such_thing_is_recorded(
    api: Api, acknowledged: Callable[[Api, str], object]
) -> None:
    case, alert, link = api.alerted_case()
    acknowledged(api, alert)
    history = api.ask("blackpool", "GET", f"/v1/cases/{case}").json()["history"]
    (event,) = (one for one in history if one["fields"].get("event") == "acknowledge")
    assert (event["by"], event["record"]) == ("Cara Dunn", {})
    assert "by the link sent to" not in words(api, link)
