"""Run `python -m tests.console.message_kinds` to write the pictures in `docs/pictures/messages`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from schemas.codes import CaseEvent
from services.alerts.delivery.channels.notify.govuk_notify_plugin import SMS_LIMIT
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.delivery.drills.running import DrillRunner
from services.alerts.delivery.drills.starting import start_by_person
from services.alerts.message.message import Message
from services.alerts.message.short_form import short_form
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from tests.support.deployment import BLACKPOOL, Deployment, sqlite_engine
from tests.support.one_line import ENTRY, notice
from tests.support.people import acknowledge_last, record
from tests.support.servers.browser import CHROMIUM

PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "messages"
WIDTH, HEIGHT = 680, 400
GONE = SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")


def message_kinds(folder: Path) -> Mapping[str, Message]:
    return {
        "first-alert": _first_alert(_council(folder / "first-alert")),
        "digest": _digest(_council(folder / "digest")),
        "escalation-manager": _escalation(_council(folder / "escalation-manager")),
        "escalation-operator": _escalation_to_operator(_council(folder / "escalation-operator")),
        "hold-refused": _hold_refused(_council(folder / "hold-refused")),
        "all-clear": _all_clear(_council(folder / "all-clear")),
        "drill": _drill(_council(folder / "drill")),
        "drill-unanswered": _drill_unanswered(_council(folder / "drill-unanswered")),
        "contact-refused": _contact_refused(_council(folder / "contact-refused")),
    }


def _council(folder: Path) -> Deployment:
    folder.mkdir()
    deployment = Deployment(sqlite_engine(folder))
    tiers = (
        Tier(label="telecare officers", from_days=56, contacts=(_mail("Asha Patel"), _mail("Tom Reed"))),
        Tier(label="telecare manager", from_days=7, contacts=(_mail("Ruth Ward"),)),
    )
    deployment.with_officers(CouncilPolicy(tiers=tiers))
    deployment.put_entries(ENTRY)
    return deployment


def _mail(person: str) -> Contact:
    return Contact(person=person, channel="email", address=f"{person.split(maxsplit=1)[0].lower()}@blackpool.example")


def _newest(deployment: Deployment) -> Message:
    return deployment.mails()[-1].message


def _first_alert(council: Deployment) -> Message:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    return _newest(council)


def _digest(council: Deployment) -> Message:
    days = (-2, 0, 1, 5, 9, 9, 16, 24, 33, 47, 51, 55)
    lines = {f"e{n}": f"01632 960{n:03}" for n in range(1, len(days) + 1)}
    council.put_entries(*({**ENTRY, "entry_id": name, "cli": cli} for name, cli in lines.items()))
    council.post_notices(
        *({**notice(f"n{name}", in_days=days[place]), "cli": cli} for place, (name, cli) in enumerate(lines.items()))
    )
    council.tick(seconds=31)
    return _newest(council)


def _escalation(council: Deployment) -> Message:
    # Of a line ten days off, the manager is asked after a working day.
    council.post_notices(notice(in_days=10))
    council.tick(seconds=31)
    council.tick(hours=24)
    council.tick(minutes=1)
    return _newest(council)


def _escalation_to_operator(council: Deployment) -> Message:
    # An overdue line: if nobody answers in half an hour, the next are asked, here the operator.
    council.post_notices(notice(in_days=-1))
    council.tick(seconds=31)
    council.tick(minutes=31)
    return _newest(council)


def _hold_refused(council: Deployment) -> Message:
    council.post_notices(notice(in_days=12))
    council.tick(seconds=31)
    acknowledge_last(council)
    record(council, CaseEvent.REQUEST_HOLD)
    council.tick(hours=1)
    record(council, CaseEvent.REFUSE_HOLD)
    # The harm is days away, so the news is in the digest of the next morning.
    council.tick(hours=23)
    return _newest(council)


def _all_clear(council: Deployment) -> Message:
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    council.post_notices(notice(issued=2, in_days=20, status="withdrawn"))
    council.tick(hours=24)
    return _newest(council)


def _contact_refused(council: Deployment) -> Message:
    council.channel.results = [GONE]
    council.post_notices(notice(in_days=20))
    council.tick(seconds=31)
    council.tick(minutes=2)
    return next(one.message for one in reversed(council.mails()) if "cannot be reached" in one.message.subject)


def _drill(council: Deployment) -> Message:
    start_by_person(council.store, BLACKPOOL, by="Ruth Ward")
    council.tick(seconds=31)
    return _newest(council)


def _drill_unanswered(council: Deployment) -> Message:
    _drill(council)
    drills = DrillRunner(council.store, timedelta(hours=72))
    # Each tier has a working day for its answer. Then the operator is told.
    for _ in range(3):
        council.clock.advance(hours=24)
        drills.run_once()
        council.tick(minutes=1)
    return _newest(council)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        kinds = message_kinds(Path(folder))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, message in kinds.items():
            page.set_content(message.html)
            page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)
            sms = short_form(message, SMS_LIMIT)
            (PICTURES / f"{name}.txt").write_text(f"{message.subject}\n\n{message.text}\n\n[text message]\n{sms}\n")
        browser.close()


if __name__ == "__main__":
    main()
