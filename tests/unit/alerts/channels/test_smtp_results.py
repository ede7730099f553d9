from __future__ import annotations

import smtplib
import socket
import ssl
from smtplib import SMTPResponseException

import pytest

from services.alerts.delivery.channels.mail.smtp_results import REASONS, SmtpStage, result_of
from services.alerts.delivery.channels.port import SendOutcome, SendResult

TEMPORARY, PERMANENT, IN_DOUBT = SendOutcome.FAILED_TEMPORARY, SendOutcome.FAILED_PERMANENT, SendOutcome.IN_DOUBT


def reply(code: int) -> SMTPResponseException:
    return smtplib.SMTPResponseException(code, b"<duty@council.example> unknown")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(421, TEMPORARY), (450, TEMPORARY), (452, TEMPORARY), (530, TEMPORARY), (550, PERMANENT), (554, PERMANENT)],
)
@pytest.mark.parametrize("stage", [SmtpStage.OFFERING, SmtpStage.AWAITING])
def test_a_refusal_of_the_mail_is_judged_by_its_code(code: int, outcome: SendOutcome, stage: SmtpStage) -> None:
    assert result_of(reply(code), stage) == SendResult(outcome, f"smtp_{code}")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (smtplib.SMTPConnectError(554, b"no"), "smtp_554"),
        (smtplib.SMTPHeloError(501, b"no"), "smtp_501"),
        (smtplib.SMTPAuthenticationError(535, b"no"), "sign_in_refused"),
        (smtplib.SMTPNotSupportedError("no"), "not_offered_by_server"),
        (ssl.SSLCertVerificationError("no"), "tls_failed"),
        (ConnectionRefusedError(), "connection_refused"),
        (socket.gaierror(), "host_not_found"),
        (TimeoutError(), "timed_out"),
        (ConnectionResetError(), "connection_lost"),
        (smtplib.SMTPServerDisconnected(), "connection_lost"),
        (smtplib.SMTPException(), "smtp_error"),
        (OSError(), "network_error"),
    ],
)
def test_what_goes_wrong_before_the_mail_is_offered_can_be_mended_and_tried_again(
    error: Exception, reason: str
) -> None:
    assert result_of(error, SmtpStage.OPENING) == SendResult(TEMPORARY, reason)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (smtplib.SMTPServerDisconnected(), "connection_lost"),
        (ConnectionResetError(), "connection_lost"),
        (TimeoutError(), "timed_out"),
        (reply(-1), "smtp_unclear"),
    ],
)
def test_without_a_clear_answer_to_the_whole_mail_the_send_is_in_doubt(error: Exception, reason: str) -> None:
    assert result_of(error, SmtpStage.AWAITING) == SendResult(IN_DOUBT, reason)
    assert result_of(error, SmtpStage.OFFERING).outcome is TEMPORARY


def test_an_address_that_cannot_be_sent_needs_another_route() -> None:
    with pytest.raises(UnicodeEncodeError) as error:
        "ü".encode("ascii")
    assert result_of(error.value, SmtpStage.OFFERING) == SendResult(PERMANENT, "route_not_understood")


def test_a_timeout_that_smtplib_calls_a_disconnection_is_a_timeout() -> None:
    disconnected = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
    disconnected.__context__ = TimeoutError()
    assert result_of(disconnected, SmtpStage.AWAITING).reason == "timed_out"


@pytest.mark.parametrize(
    ("code", "stage", "only_this"),
    [
        (450, SmtpStage.OFFERING, True),
        (451, SmtpStage.AWAITING, True),
        (421, SmtpStage.OFFERING, False),
        (530, SmtpStage.OFFERING, False),
        (454, SmtpStage.OPENING, False),
    ],
)
def test_a_refusal_of_one_mail_says_nothing_of_other_mail(code: int, stage: SmtpStage, only_this: bool) -> None:
    assert result_of(reply(code), stage).only_this_message is only_this


def test_a_connection_that_breaks_is_about_the_server() -> None:
    assert not result_of(ConnectionResetError(), SmtpStage.OFFERING).only_this_message


@pytest.mark.parametrize("stage", SmtpStage)
@pytest.mark.parametrize("kind", [kind for kind, _reason in REASONS])
def test_no_reason_repeats_what_the_server_said(kind: type[Exception], stage: SmtpStage) -> None:
    error = kind.__new__(kind)
    error.args = ("duty@council.example",)
    setattr(error, "smtp_code", 550)  # noqa: B010 - only some of them have it
    assert "council" not in result_of(error, stage).reason
