from __future__ import annotations

import pytest

from tests.hostile.limits.test_file_workers import LARGE, SMALL
from tests.support.command_line import BLACKPOOL, Desk


@pytest.mark.slow
def test_on_the_command_line_a_costly_file_is_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_FILE_SECONDS", "1")
    for options in ([], ["--dry-run"], ["--replace"]):
        printed = desk.run("import", "register", desk.file("r.csv", LARGE), "--council", BLACKPOOL, *options)
        assert printed.code == 2
        assert "more time or memory than one file may take" in printed.complaint
    assert desk.run("import", "register", desk.file("s.csv", SMALL), "--council", BLACKPOOL).code == 0
