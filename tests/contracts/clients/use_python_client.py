import io
import json
import os
import sys
from datetime import date
from typing import Any

from pullcord_client import AuthenticatedClient
from pullcord_client.api.council import (
    acknowledge_alert,
    decide_on_match,
    delete_entry,
    list_cases,
    put_entries,
    record_act,
    show_case,
    upload_register,
)
from pullcord_client.api.provider import get_submission, post_notices
from pullcord_client.models import (
    AcknowledgementBody,
    ActRefusedProblem,
    BookVisit,
    BookVisitAct,
    DecisionBody,
    DecisionBodyDecision,
    DryRunAnswer,
    EntryBatch,
    InvalidRequestProblem,
    MigrationNotice,
    NoRowAcceptedProblem,
    NoticeBatch,
    PassPostCheckAct,
    PassTest,
    Problem,
    ReceiptAnswer,
    RegisterEntry,
)
from pullcord_client.types import File

ASKED = json.loads(os.environ["PULLCORD_ASKED"])
said: dict[str, Any] = {}


def client(who: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=ASKED["url"], token=ASKED["keys"][who])


raven, blackpool = client("raven"), client("blackpool")

batch = NoticeBatch([MigrationNotice(id="c1", cli="01632 960201"), MigrationNotice(id="c2", cli="no number")])
posted = post_notices.sync_detailed(client=raven, body=batch, idempotency_key="once")
assert isinstance(posted.parsed, ReceiptAnswer)
said["receipt"] = [posted.status_code, posted.parsed.counts.to_dict()]
said["references"] = [row.reference for row in posted.parsed.rows_with_issues]
said["headers"] = [posted.headers["Location"].startswith("/v1/submissions/"), len(posted.headers["X-Request-Id"])]

lines = File(payload=io.BytesIO(b'{"id": "c3", "cli": "01632 960203"}\n{"id": "c4", "cli": "01632 960204"}\n'))
streamed = post_notices.sync(client=raven, body=lines)
assert isinstance(streamed, ReceiptAnswer)
pages, cursor = [], None
while True:
    page = get_submission.sync(streamed.submission, client=raven, limit=1, cursor=cursor)
    pages.append([row.reference for row in page.rows])
    cursor = page.next_cursor
    if cursor is None:
        break
said["pages"] = pages

refused = post_notices.sync(client=raven, body=MigrationNotice(id="c5"))
assert isinstance(refused, NoRowAcceptedProblem)
said["no row"] = [refused.type_, [issue.field for issue in refused.rows_with_issues[0].issues]]

entries = EntryBatch([RegisterEntry(entry_id="p1", cli="01632 960211"), RegisterEntry(entry_id="p2")])
put = put_entries.sync("E06000009", client=blackpool, body=entries)
assert isinstance(put, ReceiptAnswer)
said["entries"] = put.counts.to_dict()
file = File(payload=io.BytesIO(b"Case ID,Telephone number\r\nf1,01632 960221\r\n"))
dry = upload_register.sync("E06000009", client=blackpool, body=file, dry_run=True)
assert isinstance(dry, DryRunAnswer)
said["columns"] = [column.field for column in dry.columns]
said["deleted"] = delete_entry.sync_detailed("E06000009", "p1", client=blackpool).status_code

(case,) = list_cases.sync(client=blackpool)
said["case"] = [case.entry_id, case.harm_on.isoformat()]
shown = show_case.sync(case.case, client=blackpool)
said["place"] = shown.place.telephone_numbers
visit = BookVisitAct("book_visit", BookVisit(by="Asha Patel", visit_on=date(2026, 11, 26)))
said["visit"] = record_act.sync(case.case, client=blackpool, body=visit).state
at = ASKED["now"]
check = PassPostCheckAct.from_dict(
    {"event": "pass_post_check", "record": {"by": "Asha Patel", "arc_name": "ARC", "at": at, "tested_by": "Jo Field"}}
)
assert isinstance(check.record, PassTest)
problem = record_act.sync(case.case, client=blackpool, body=check)
assert isinstance(problem, ActRefusedProblem)
said["act refused"] = [problem.status, "book_visit" in problem.acts]
taken = acknowledge_alert.sync(ASKED["alert"], client=blackpool, body=AcknowledgementBody(by="Asha Patel"))
said["acknowledged"] = taken.cases == [case.case]
decision = DecisionBody(decision=DecisionBodyDecision.CONFIRMED, by="Asha Patel", evidence="seen")
said["decided"] = decide_on_match.sync_detailed(shown.matches[0].match, client=blackpool, body=decision).status_code

missing = show_case.sync("C-2222-2222", client=blackpool)
assert isinstance(missing, Problem)
said["missing"] = [missing.status, missing.instance.endswith(missing.request_id)]
wrong = list_cases.sync(client=blackpool, cursor="x")
assert isinstance(wrong, InvalidRequestProblem)
said["wrong cursor"] = wrong.status
sys.stdout.write(json.dumps(said))
