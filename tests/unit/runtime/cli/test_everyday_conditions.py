from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.cli.support.error_messages import EXPLAINED, explain
from services.runtime.server import listen, url_of
from tests.support.command_line import BLACKPOOL, Desk

pytestmark = pytest.mark.slow

PULLCORD = Path(sys.executable).with_name("pullcord")
# The words with which an unexpected fault would be reported.
REPORT = "Please report"
KILOBYTE = 1024


def run(
    *typed: str | bytes, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `pullcord` in a new process. The process first calls `before`."""
    return subprocess.run(
        [PULLCORD, *typed],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        timeout=120,
        preexec_fn=before,
    )


def no_more_than(bytes_of_a_file: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_of_a_file, bytes_of_a_file))


@pytest.mark.parametrize("room", [0, 20 * KILOBYTE, 200 * KILOBYTE])
def test_a_backup_that_finds_no_room_says_so(room: int, desk: Desk) -> None:
    said = run("backup", str(desk.folder / "copy.db"), before=no_more_than(room))
    assert said.returncode == 2
    assert b"pullcord: " in said.stderr
    assert REPORT.encode() not in said.stderr


@given(st.sampled_from([getattr(sqlite3, name) for name in dir(sqlite3) if name.startswith("SQLITE_IOERR")] + [13, 8]))
def test_every_fault_of_a_copy_is_explained(code: int) -> None:
    error = sqlite3.OperationalError("/home/somebody: disk")
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_SOMETHING"
    assert isinstance(error, EXPLAINED)
    assert "SQLITE_SOMETHING" in explain(error)
    assert "somebody" not in explain(error)


@pytest.mark.parametrize("folder", ["/proc/pullcord", "/sys/pullcord", "/dev/null/pullcord"])
def test_a_folder_that_cannot_be_written_is_named(
    folder: str, empty_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLCORD_DATA_DIR", folder)
    said = empty_desk.run("init")
    assert said.code == 2
    assert folder in said.complaint
    assert REPORT not in said.complaint


def test_a_database_whose_folder_is_not_there_is_explained(empty_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_DATABASE_URL", f"sqlite:///{empty_desk.folder / 'nowhere' / 'pullcord.db'}")
    said = empty_desk.run("init")
    assert said.code == 2
    assert "its folder must be there, and must be writable" in said.complaint


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_cannot_show_a_sign_shows_the_rest(encoding: str, desk: Desk) -> None:
    desk.done("councils", "add", "W06000001", "Cyngor Ŵyr Ynys Môn")
    said = run("councils", "list", PYTHONIOENCODING=encoding)
    assert said.returncode == 0, said.stderr
    assert b"W06000001" in said.stdout
    assert REPORT.encode() not in said.stderr


def test_a_name_typed_in_another_encoding_is_refused_with_the_remedy(desk: Desk) -> None:
    said = run("councils", "add", "W06000001", "Ynys Môn".encode("latin-1"), PYTHONUTF8="1")
    assert said.returncode == 2
    assert b"set LC_ALL=C.UTF-8" in said.stderr
    assert b"W06000001" not in run("councils", "list", PYTHONUTF8="1").stdout


@pytest.mark.parametrize("days", [1, 40, 400])
def test_a_clock_before_the_end_of_the_record_is_named_and_nothing_else_is_blamed(days: int, desk: Desk) -> None:
    desk.with_a_case()
    desk.clock.advance(days=-days)
    said = desk.run("status")
    assert said.code == 1
    assert "the clock of this machine is" in said.words
    assert "before the end of the record" in said.words
    assert "report this" not in said.words


def test_a_report_under_a_clock_that_is_behind_says_so(desk: Desk) -> None:
    desk.with_a_case()
    desk.clock.advance(days=70)
    desk.done("report", "--out", str(desk.folder))
    desk.clock.advance(days=-140)
    said = desk.run("report", "--period", "2026-12", "--out", str(desk.folder))
    assert said.code == 2
    assert "set it right first" in said.complaint


@given(st.ip_addresses())
def test_every_address_stands_in_a_url_that_leads_to_it(address: IPv4Address | IPv6Address) -> None:
    assert urlsplit(url_of(str(address), 8080)).hostname == str(address).lower()
    assert urlsplit(url_of(str(address), 8080)).port == 8080


@pytest.mark.network
@pytest.mark.enable_socket
@pytest.mark.parametrize("host", ["::1", "[::1]", "127.0.0.1", "localhost"])
def test_a_host_is_listened_on_with_and_without_brackets(host: str) -> None:
    with listen(host, 0) as listening:
        assert listening.getsockname()[1]
        assert urlsplit(url_of(host, listening.getsockname()[1])).hostname == host.strip("[]")


@pytest.mark.network
@pytest.mark.enable_socket
@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "2001:db8::1"])
def test_an_address_that_is_not_this_machines_is_explained(host: str, desk: Desk) -> None:
    said = desk.run("serve", "--host", host)
    assert said.code == 2
    assert "this machine cannot listen there" in said.complaint


@pytest.mark.network
@pytest.mark.enable_socket
def test_a_port_that_is_taken_is_explained(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = desk.run("serve", "--port", str(taken.getsockname()[1]))
    assert said.code == 2
    assert "this machine cannot listen there" in said.complaint
    assert BLACKPOOL not in said.complaint
