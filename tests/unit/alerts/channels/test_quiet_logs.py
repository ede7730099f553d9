from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from services.alerts.delivery.channels.apprise.apprise_route import read_route
from services.alerts.delivery.channels.library import TALKATIVE, WarningCounter
from services.alerts.delivery.channels.mail.mail_channel import MailChannel
from services.alerts.delivery.channels.mail.mail_route import read_mail_route
from services.alerts.delivery.channels.refusals import RouteRefusedError
from services.alerts.message.message import Message

MESSAGE = Message("subject", "text", "<p>html</p>")


class Keeping(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(level=0)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def everything_logged() -> Iterator[list[logging.LogRecord]]:
    # The loggers of the libraries log as much as they can.
    records: list[logging.LogRecord] = []
    handler = Keeping(records)
    loggers = [logging.getLogger(name) for name in ("", *TALKATIVE)]
    levels = [logger.level for logger in loggers]
    logging.getLogger().addHandler(handler)
    for logger in loggers:
        logger.setLevel(1)
    yield records
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.mark.network
@pytest.mark.enable_socket
def test_neither_reading_a_route_nor_sending_logs_an_address(everything_logged: list[logging.LogRecord]) -> None:
    with pytest.raises(RouteRefusedError):
        read_mail_route("mailto://mail.example/notanaddress?from=alerts@pullcord.example")
    with pytest.raises(RouteRefusedError, match="target_left_out"):
        read_route("d7sms://token@/07700900001/notanumber")
    result = MailChannel().send(
        "mailto://127.0.0.1:1?from=alerts@pullcord.example&to=duty@council.example", MESSAGE, "A"
    )
    assert result.reason == "connection_refused"
    assert everything_logged == []


@pytest.mark.parametrize("name", [*TALKATIVE, "urllib3.connectionpool"])
def test_a_warning_of_a_sending_library_goes_nowhere(
    everything_logged: list[logging.LogRecord], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger(name).warning("refused duty@council.example")
    assert everything_logged == []
    assert capsys.readouterr() == ("", "")


def test_what_another_thread_hears_is_not_counted_here() -> None:
    with WarningCounter() as counter:
        other = threading.Thread(target=logging.getLogger("apprise").warning, args=("Dropped",))
        other.start()
        other.join()
        assert counter.complaints == 0
        logging.getLogger("apprise").warning("Dropped")
    logging.getLogger("apprise").warning("Dropped")
    assert counter.complaints == 1


def test_our_own_loggers_are_still_heard(everything_logged: list[logging.LogRecord]) -> None:
    logging.getLogger("services.alerts").warning("delivery_failed")
    assert [record.getMessage() for record in everything_logged] == ["delivery_failed"]
