"""Renews the README's picture of an alert. Run `python -m scripts.picture`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from services.runtime.demo.demo_deployment import start_demo
from services.runtime.demo.mailbox import text_of
from services.runtime.demo.samples import BASE_DAY, SAMPLES
from services.runtime.logs import configure

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "alert.png"
WIDTH, HEIGHT = 760, 1100
SUBJECT = "Act by Tue"
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    configure("demo", level="ERROR")
    with tempfile.TemporaryDirectory() as folder, start_demo(Path(folder), "127.0.0.1", 0, BASE_DAY) as demo:
        for sample in SAMPLES:
            demo.upload(sample)
        # The samples lead to nine first alerts. One of them is shown in the picture.
        demo.mailbox.wait_for(9, 30)
        html = next(text_of(mail, "html") for mail in demo.mailbox.mails if SUBJECT in str(mail["Subject"]))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(html)
        page.screenshot(path=str(PICTURE))
        browser.close()


if __name__ == "__main__":
    main()
