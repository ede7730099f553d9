from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class LinkTo(NamedTuple):
    name: str
    operation: str
    parameter: str
    # The place of the parameter's value in the answer.
    expression: str


RECEIPT = (LinkTo("OutcomeOfEachRow", "get_submission", "submission", "$response.body#/submission"),)
# By operation and status.
LINKS: dict[tuple[str, str], tuple[LinkTo, ...]] = {
    ("post_notices", "202"): RECEIPT,
    ("put_entries", "202"): RECEIPT,
    ("upload_notices", "202"): RECEIPT,
    ("upload_register", "202"): RECEIPT,
    ("list_cases", "200"): (LinkTo("FirstCase", "show_case", "reference", "$response.body#/0/case"),),
    ("show_case", "200"): (
        LinkTo("ActOnCase", "record_act", "reference", "$response.body#/summary/case"),
        LinkTo("EveryMatch", "list_matches", "reference", "$response.body#/summary/case"),
        LinkTo("EveryEvent", "list_history", "reference", "$response.body#/summary/case"),
        LinkTo("WhatWouldBeSent", "preview_messages", "reference", "$response.body#/summary/case"),
        LinkTo("DecideOnFirstMatch", "decide_on_match", "match", "$response.body#/matches/0/match"),
    ),
    ("record_act", "200"): (LinkTo("CaseAfterTheAct", "show_case", "reference", "$response.body#/case"),),
    ("list_drills", "200"): (LinkTo("AnswerNewest", "answer_drill", "drill", "$response.body#/drills/0/drill"),),
    ("start_drill", "201"): (LinkTo("AnswerIt", "answer_drill", "drill", "$response.body#/drill"),),
    ("acknowledge_alert", "200"): (LinkTo("FirstCase", "show_case", "reference", "$response.body#/cases/0"),),
}


def describe_links(operations: Iterable[dict[str, Any]]) -> None:
    for operation in operations:
        for status, response in operation["responses"].items():
            links = LINKS.get((operation["operationId"], status), ())
            if links:
                response["links"] = {
                    link.name: {"operationId": link.operation, "parameters": {link.parameter: link.expression}}
                    for link in links
                }
