from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from apprise import Apprise
from apprise.manager_plugins import NotificationManager

from services.alerts.delivery.channels.as_typed import route_as_typed
from services.alerts.delivery.channels.notify import govuk_notify_plugin
from services.alerts.delivery.channels.notify.govuk_notify_plugin import SCHEME, NotifyGovUkNotify, register
from services.alerts.delivery.channels.routes import UNREADABLE, RouteRefusedError, destination_of, what_is_understood
from services.core.operator.contact_services import ContactServices
from tests.support.servers.over_http.local_server import running
from tests.support.servers.over_http.notify_server import KEY, SECRET, SERVICE, TEMPLATE, NotifyServer

KEY_ALONE = f"{SERVICE}-{SECRET}"
BASE = f"{SCHEME}://{KEY_ALONE}/{TEMPLATE}"
LETTER = "/Duty%20desk/1%20High%20Street/FY3%208AB?kind=letter"


@pytest.fixture(autouse=True)
def apprise_knows_it() -> Iterator[None]:
    register()
    yield
    NotificationManager().remove(SCHEME)


def made_from(url: str) -> NotifyGovUkNotify:
    plugin = Apprise.instantiate(url)
    assert isinstance(plugin, NotifyGovUkNotify)
    return plugin


class TestPlugin:
    def test_it_needs_nothing_of_pullcord(self) -> None:
        tree = ast.parse(Path(govuk_notify_plugin.__file__).read_text())
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert [name for name in modules if name.split(".")[0] in {"services", "schemas"}] == []

    def test_it_may_be_registered_twice(self) -> None:
        register()
        assert made_from(f"{BASE}/duty@council.example").kind == "email"

    @pytest.mark.parametrize(
        ("rest", "kind", "targets"),
        [
            ("/duty@council.example", "email", ["duty@council.example"]),
            ("/07700900123/07700900456", "sms", ["07700900123", "07700900456"]),
            ("/?to=07700900123,07700900456", "sms", ["07700900123", "07700900456"]),
            (LETTER, "letter", ["Duty desk\n1 High Street\nFY3 8AB"]),
        ],
    )
    def test_its_url_makes_an_equal_plugin(self, rest: str, kind: str, targets: list[str]) -> None:
        first = made_from(BASE + rest)
        again = made_from(first.url())
        for plugin in (first, again):
            assert (plugin.kind, plugin.targets, plugin.service_id) == (kind, targets, SERVICE)
        assert SECRET not in first.url(privacy=True)

    @pytest.mark.parametrize(
        "url", [f"{SCHEME}://short/{TEMPLATE}/a@b.example", f"{SCHEME}://{KEY_ALONE}/x/a@b.example"]
    )
    def test_a_key_or_a_template_that_is_cut_off_makes_no_plugin(self, url: str) -> None:
        assert Apprise.instantiate(url) is None

    @pytest.mark.network
    @pytest.mark.enable_socket
    @pytest.mark.parametrize(("targets", "sent"), [(["07700900123", "07700900456"], 2), (["07700900123", "nobody"], 1)])
    def test_it_sends_to_every_target_and_says_if_one_was_refused(self, targets: list[str], sent: int) -> None:
        with running(NotifyServer()) as server:
            plugin = NotifyGovUkNotify(KEY, TEMPLATE, targets, "sms")
            plugin.api = server.url
            assert plugin.notify(body="Two lines need action.", title="Act now") is (sent == len(targets))
            assert [one["body"]["personalisation"]["body"].split("\r\n") for one in server.accepted] == [
                ["Act now", "Two lines need action."]
            ] * sent


class TestRoutes:
    @pytest.mark.parametrize(
        ("rest", "said"),
        [
            ("/duty@council.example", "mail to duty@council.example"),
            ("?to=Duty%20desk%20%3Cduty@council.example%3E", "mail to duty@council.example"),
            ("/o'brien+nights@council.example", "mail to o'brien+nights@council.example"),
            ("/07700%20900123", "text message to +447700900123"),
            ("?to=%2B447700900123&kind=sms", "text message to +447700900123"),
            (LETTER, "letter to Duty desk, 1 High Street, FY3 8AB"),
        ],
    )
    def test_a_route_says_whom_it_reaches(self, rest: str, said: str) -> None:
        assert what_is_understood(BASE + rest) == f"{said} through GOV.UK Notify"
        assert destination_of(BASE + rest) == f"{SCHEME}://{SERVICE}"

    def test_a_contact_as_people_type_it_goes_by_a_route_without_a_recipient(self) -> None:
        by_text = route_as_typed("07700 900123", ContactServices(text_service=BASE))
        by_mail = route_as_typed("Jo Bloggs <jo@council.example>", ContactServices(BASE))
        assert what_is_understood(by_text) == "text message to +447700900123 through GOV.UK Notify"
        assert what_is_understood(by_mail) == "mail to jo@council.example through GOV.UK Notify"

    @pytest.mark.parametrize(
        ("route", "code"),
        [
            (f"{BASE}", "recipient_missing"),
            (f"{BASE}?kind=letter", "recipient_missing"),
            (f"{BASE}/a@council.example/b@council.example", "several_targets"),
            (f"{BASE}/a@council.example?to=b@council.example", "several_targets"),
            (f"{BASE}?to=a@council.example&to=b@council.example", "several_targets"),
            (f"{BASE}/07700900123?kind=email", "notify_recipient_not_understood"),
            (f"{BASE}/a@council.example?kind=sms", "notify_recipient_not_understood"),
            (f"{BASE}/a@council.example,b@council.example", "notify_recipient_not_understood"),
            (f"{BASE}/07700900123;07700900456", "notify_recipient_not_understood"),
            (f"{BASE}/Duty/FY3 8AB?kind=letter", "notify_recipient_not_understood"),
            (f"{BASE}/Duty/(rear)/FY3 8AB?kind=letter", "notify_recipient_not_understood"),
            (f"{BASE}/07700900123?kind=fax", "option_not_understood"),
            (f"{BASE}/07700900123?region=uk", "option_not_understood"),
            (f"{SCHEME}://{KEY_ALONE[:-1]}/{TEMPLATE}/07700900123", "notify_key_not_understood"),
            (f"{SCHEME}://{KEY_ALONE}/07700900123/07700900123", "notify_key_not_understood"),
            (f"{SCHEME}:///{TEMPLATE}/07700900123", "route_not_understood"),
        ],
    )
    def test_a_route_that_is_not_exactly_one_recipient_is_refused(self, route: str, code: str) -> None:
        with pytest.raises(RouteRefusedError, match=f"^{code}$") as refused:
            what_is_understood(route)
        assert refused.value.remedy
        assert destination_of(route) == UNREADABLE

    @pytest.mark.parametrize("seed", range(20))
    def test_a_route_that_was_damaged_is_refused_or_reaches_the_same_kind_of_recipient(self, seed: int) -> None:
        draw = random.Random(seed)
        route = f"{BASE}/07700900123"
        at = draw.randrange(len(SCHEME) + 3, len(route))
        damaged = route[:at] + draw.choice("!;,@#?&/%é\x00 ") + route[at:]
        said = ""
        with suppress(RouteRefusedError):
            said = what_is_understood(damaged)
        assert said in {"", "text message to +447700900123 through GOV.UK Notify"}
