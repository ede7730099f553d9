from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from aiosmtpd.smtp import SMTP

from services.core.clock import SystemClock, london_day
from tests.support.servers.mail_server import Inbox, LoopbackServer

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

ROOT = Path(__file__).parents[3]
PUBLIC = "https://pullcord.council.example"
PATIENCE = 120


def commands() -> list[str]:
    section = (ROOT / "README.md").read_text("utf-8").partition("## The first mail of your own data")[2]
    found = re.search(r"```\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1].strip().splitlines()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    # `make setup` has nothing left to do in this clone.
    for name in ("Makefile", "uv.lock", "pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
        os.utime(tmp_path / name, (1, 1))
    for program, script in (
        (".tools/uv/bin/uv", "exit 1"),
        (".venv/bin/pullcord", f'exec {sys.executable} -c "from services.runtime.cli.main import main; main()" "$@"'),
    ):
        path = tmp_path / program
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        os.utime(path, (1, 1))
    (tmp_path / ".venv/.ready").touch()
    # Within two days a message is sent at night too.
    day = london_day(SystemClock().now()) + timedelta(days=1)
    (tmp_path / "register.csv").write_text(
        "Client Ref,Tel No,Address 1,Post Code\nTC0042,01632 960123,14 Lapwing Close,FY3 8AB\n"
    )
    (tmp_path / "notices.csv").write_text(f"Order,Telephone,Migration date\nRT-1,+44 1632 960123,{day:%d/%m/%Y}\n")
    return tmp_path


class FirstMail(Inbox):
    def __init__(self) -> None:
        super().__init__()
        self.has_come = Event()
        self.at_data = self._note

    async def _note(self, _server: SMTP) -> None:
        self.has_come.set()


@contextmanager
def typed(script: str, folder: Path, answers: list[str]) -> Iterator[list[str]]:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PULLCORD_PORT": "0", "COLUMNS": "80"}
    process = subprocess.Popen(
        ["bash", "-e", "-c", script],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    printed: list[str] = []
    reader = Thread(target=_read, args=(ours, printed), daemon=True)
    reader.start()
    try:
        yield printed
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        os.close(ours)


def _read(terminal: int, printed: list[str]) -> None:
    # When the last program on a terminal ends, reading from the terminal raises an error.
    with suppress(OSError):
        while data := os.read(terminal, 4096):
            printed.append(data.decode("utf-8", "replace"))


def test_there_are_five_commands_and_none_is_left_to_be_guessed() -> None:
    assert len(commands()) == 5
    assert not [line for line in commands() if re.search(r"[<…]\w*[>…]?$|\.\.\.", line)]


def test_the_commands_of_the_readme_lead_to_a_mail_with_a_link_to_the_public_address(clone: Path) -> None:
    inbox = FirstMail()
    server = LoopbackServer(inbox, hostname="127.0.0.1", port=0)
    server.start()
    try:
        answers = [PUBLIC, f"127.0.0.1:{server.port}", "pullcord@council.example", "", "n"]
        with typed("\n".join(commands()), clone, answers) as printed:
            assert inbox.has_come.wait(PATIENCE), "".join(printed)[-4000:]
    finally:
        server.stop()
    (mail,) = inbox.received()
    assert (mail["To"], mail["From"].addresses[0].addr_spec) == (
        "Jo Bloggs <jo@council.example>",
        "pullcord@council.example",
    )
    body = mail.get_body(("plain",))
    assert body
    text = body.get_content()
    assert f"{PUBLIC}/a/A-" in text
    assert "Blackpool" in text
    assert "01632" not in text
    # Nobody has given a code back yet.
    assert "Not verified" in text
