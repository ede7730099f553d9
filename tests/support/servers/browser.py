from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")


# An open Chromium blocks other event loops. Each module closes its Chromium.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(
            f"There is no Chromium at {CHROMIUM}. Run scripts/install/browser.sh, which installs it.", pytrace=False
        )
    quiet = ["disable-background-networking", "disable-component-update", "disable-sync", "disable-quic"]
    arguments = [f"--{flag}" for flag in ["no-sandbox", "disable-gpu", "no-first-run", *quiet]]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()
