from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import zip_longest
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from rich.markup import escape

from services.runtime.demo.demo_deployment import DemoDeployment
from services.runtime.demo.mailbox import text_of
from services.runtime.demo.narrator import Narrator, plain_table
from services.runtime.demo.store import count_paused
from services.runtime.demo.waiting import until_delivered


def nobody_answers(demo: DemoDeployment, narrator: Narrator, how: str, pass_a_week: Callable[[], None]) -> None:
    narrator.step("Nobody answers")
    # Only the mails of this week are counted.
    before = len(demo.mailbox.mails)
    narrator.say(f"{how}\n")
    pass_a_week()
    until_delivered(demo)
    told = Counter(str(mail["To"]).strip() for mail in demo.mailbox.mails[before:])
    table = plain_table("Told", "Messages in a week")
    for address, count in sorted(told.items()):
        table.add_row(address, str(count))
    narrator.say(table)


def an_officer_answers(demo: DemoDeployment, narrator: Narrator) -> None:
    # Opening a link changes nothing, since mail filters open links too. A name and a button are needed.
    narrator.step("An officer answers")
    # The newest mail to the duty desk.
    mail = next(mail for mail in reversed(demo.mailbox.mails) if str(mail["To"]).strip().startswith("duty@"))
    link = _link(demo, text_of(mail, "plain"))
    before = _paused(demo)
    page = _open(link)
    narrator.say(f"Opening the link of “{escape(str(mail['Subject']))}”")
    narrator.say(f"shows a page and changes nothing: {_paused(demo) - before} cases acknowledged.")
    # The cases that the form offers, as a browser would send them.
    references = [part.split('"')[0] for part in page.split('value="')[1:] if part.startswith("C-")]
    _open(link, urlencode([("name", "Asha Patel"), *(("case", reference) for reference in references)]).encode())
    narrator.say(
        f"Giving a name and pressing the button acknowledges: {_paused(demo) - before} cases, by Asha Patel. Their "
        "messages pause; the clock of each goes on until somebody confirms that the alarm works, the provider confirms "
        "a hold, or the notice is withdrawn."
    )


def show_places(demo: DemoDeployment, narrator: Narrator, more: Mapping[str, str]) -> None:
    places = {
        "The mailbox": demo.mailbox_url,
        "Acknowledge an alert": _link(demo, text_of(demo.mailbox.mails[-1], "plain")),
        "The API, described": f"{demo.base_url}/docs",
        "Metrics": f"{demo.base_url}/metrics, for an operator's key",
        **more,
    }
    commands = [f"export {name}='{value}'" for name, value in demo.environment.items()]
    commands.append(".venv/bin/pullcord cases --limit 10   (then: case show, confirm, match reject, status)")
    narrator.console.print()
    narrator.console.rule("It serves on: look around", align="left")
    for what, place in [*places.items(), *zip_longest(["The command line"], commands, fillvalue="")]:
        narrator.line(f"{what:<22}{place}")
    narrator.say("\nStop it with Ctrl-C.")


def _link(demo: DemoDeployment, text: str) -> str:
    return next(word for word in text.split() if word.startswith(demo.base_url))


def _paused(demo: DemoDeployment) -> int:
    with demo.store.reading() as connection:
        return count_paused(connection, demo.store.now())


def _open(link: str, form: bytes | None = None) -> str:
    with urlopen(Request(link, data=form), timeout=30) as answer:  # noqa: S310 - our own loopback address
        page: str = answer.read().decode()
        return page
