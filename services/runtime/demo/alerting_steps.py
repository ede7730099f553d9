from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from rich.text import Text

from services.runtime.demo.demo_deployment import DemoDeployment
from services.runtime.demo.mailbox import text_of
from services.runtime.demo.narrator import Narrator, plain_table
from services.runtime.demo.samples import Sample
from services.runtime.demo.store import count_cases, matches_by_level
from services.runtime.demo.waiting import until_delivered, until_handled

# The number of issues that are shown: half from refused rows, half from rows with a warning.
SHOWN_ISSUES = 6

SURE = {
    "confirmed": "the same telephone number",
    "probable": "the same UPRN, or the same postcode and address: an officer confirms or rejects",
    "possible": "an area notice that covers the address, or a near address: likewise, less urgent",
}


def files_come_in(demo: DemoDeployment, narrator: Narrator, samples: Sequence[Sample]) -> None:
    narrator.step("Files come in")
    table = plain_table("File", "From", "Rows taken in", "With a warning", "Refused", "Seconds")
    issues: list[tuple[str, dict[str, Any]]] = []
    for sample in samples:
        started = perf_counter()
        answer = json.loads(demo.upload(sample))
        elapsed = perf_counter() - started
        table.add_row(sample.file_name, sample.sender, *_counts(answer["counts"]), f"{elapsed:.1f}")
        issues += [(sample.file_name, row) for row in answer["rows_with_issues"]]
    narrator.say(table)
    _show_issues(issues, narrator)


def lines_are_matched(demo: DemoDeployment, narrator: Narrator) -> None:
    narrator.step("Lines are matched")
    until_handled(demo)
    show_matches(demo, narrator)
    with demo.store.reading() as connection:
        count = count_cases(connection)
    narrator.say(f"\nThey make {count} cases: one for each home whose line is at risk.")


def show_matches(demo: DemoDeployment, narrator: Narrator) -> None:
    with demo.store.reading() as connection:
        levels = matches_by_level(connection)
    table = plain_table("Level", "Matches", "Because")
    for level, because in SURE.items():
        table.add_row(level, str(levels.get(level, 0)), because)
    narrator.say(table)


def councils_are_alerted(demo: DemoDeployment, narrator: Narrator) -> None:
    narrator.step("The councils are told")
    until_delivered(demo)
    # The order of arrival differs from run to run.
    mails = sorted(demo.mailbox.mails, key=lambda mail: str(mail["To"]))
    table = plain_table("To", "Subject")
    for mail in mails:
        table.add_row(str(mail["To"]).strip(), Text(str(mail["Subject"])))
    narrator.say(table)
    # The duty desk is the first tier of every council.
    first = next(mail for mail in demo.mailbox.mails if "duty" in str(mail["To"]))
    narrator.quote(f"One of them, as it arrived: {first['Subject']}", text_of(first, "plain").rstrip())


def _counts(counts: Mapping[str, int]) -> tuple[str, str, str]:
    taken = counts["accepted"] + counts["accepted_with_warnings"]
    return f"{taken:,}", str(counts["accepted_with_warnings"]), str(counts["rejected"])


def _show_issues(issues: Sequence[tuple[str, dict[str, Any]]], narrator: Narrator) -> None:
    rejected = [issue for issue in issues if issue[1]["outcome"] == "rejected"][: SHOWN_ISSUES // 2]
    warned = [issue for issue in issues if issue[1]["outcome"] != "rejected"][: SHOWN_ISSUES // 2]
    narrator.say("\nEvery row that was amiss is answered by its number, never with its content. Some of them:")
    for file_name, row in (*warned, *rejected):
        kept = "refused" if row["outcome"] == "rejected" else "kept"
        # One issue for each row is enough as an example.
        for issue in row["issues"][:1]:
            where = f"{file_name}, row {row['row']}, {issue['field']} ({kept})"
            narrator.say(f"  {where}: {issue['reason']} {issue['remedy']}")
