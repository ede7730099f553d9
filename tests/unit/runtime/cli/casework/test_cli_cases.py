from __future__ import annotations

import json

import pytest

from tests.support.command_line import BLACKPOOL, ENTRY, RAVEN, ROUTE, Desk

ASHA = ("--by", "Asha Patel")


def test_the_list_shows_the_day_of_harm_and_how_far_it_is(desk: Desk) -> None:
    case = desk.with_a_case()
    listed = desk.run("cases", "--council", BLACKPOOL)
    assert f"{case} TC1 Thu 3 Dec 2026 confirmed open Raven Telecom not yet in 10 days" in listed.words
    assert "960123" not in listed.out


def test_on_a_terminal_of_a_hundred_columns_no_word_of_the_list_is_cut(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = desk.with_a_case()
    moved = {"id": "n1", "cli": "01632 960123", "planned_migration_date": "2026-12-03", "status": "completed"}
    desk.clock.advance(minutes=1)
    desk.done("import", "notices", desk.file("moved.json", json.dumps(moved)), "--provider", RAVEN)
    monkeypatch.setenv("COLUMNS", "100")
    words = desk.run("cases").out.split()
    assert {case, "Blackpool", "TC1", "2026", "confirmed", "migrated", "unconfirmed", "Telecom"} <= set(words)


def test_the_list_for_machines_has_the_same_cases(desk: Desk) -> None:
    case = desk.with_a_case()
    (one,) = json.loads(desk.run("cases", "--json").out)
    assert (one["case"], one["council"], one["harm_on"]) == (case, f"council:{BLACKPOOL}", "2026-12-03")


def test_the_list_is_cut_by_state_and_limit_and_says_how_many_there_are(desk: Desk) -> None:
    desk.with_a_case()
    desk.run("import", "register", desk.sheet("more.csv", [{**ENTRY, "Client Ref": "TC2"}]), "--council", BLACKPOOL)
    assert "1 of 2; --limit shows more" in desk.run("cases", "--limit", "1").words
    assert "No case" in desk.run("cases", "--state", "migrated").out


def test_a_case_whole_shows_the_place_the_reasons_the_alerts_and_the_history(desk: Desk) -> None:
    desk.with_an_officer()
    case = desk.with_a_case()
    desk.clock.advance(minutes=1)
    desk.send_what_is_due()
    desk.run("ack", case, *ASHA)
    shown = desk.run("case", "show", case.lower()).words
    assert "Telephone 01632 960123" in shown
    assert "14 Lapwing Close, FY3 8AB" in shown
    assert "confirmed same telephone number Raven Telecom" in shown
    assert "duty desk sent no" in shown
    assert "case opened, confirmed match" in shown
    assert "acknowledged Asha Patel" in shown


def test_an_alert_is_acknowledged_for_all_its_cases_and_pauses_them(desk: Desk) -> None:
    desk.with_an_officer()
    case = desk.with_a_case()
    desk.clock.advance(minutes=1)
    desk.send_what_is_due()
    alert = desk.channel.sent[0].reference.split(".")[0]
    done = desk.run("ack", alert, *ASHA)
    assert "1 case acknowledged. Their alerts pause until 26 Nov 2026 09:00" in done.words
    assert "acknowledged" in desk.run("cases").words
    assert f"{case}: acknowledged." in desk.run("ack", case, *ASHA).words


def test_an_act_needs_a_person_and_its_fields_and_says_how_to_give_them(desk: Desk) -> None:
    case = desk.with_a_case()
    nameless = desk.run("case", "record", case, "contact_resident", "--by", "System", "--field", "method=call")
    assert "--by is no person" in nameless.complaint
    short = desk.run("case", "record", case, "contact_resident", *ASHA)
    assert "--field method=… is missing" in short.complaint
    assert "method=letter|email|sms|call|door" in short.complaint
    unknown = desk.run("case", "record", case, "phoned", *ASHA)
    assert (unknown.code, "one of acknowledge, contact_resident" in unknown.complaint) == (2, True)


def test_a_telephone_number_in_a_note_is_refused_and_not_repeated(desk: Desk) -> None:
    case = desk.with_a_case()
    typed = ("--field", "method=call", "--field", "note=ring 01632 960999")
    printed = desk.run("case", "record", case, "contact_resident", *ASHA, *typed)
    assert printed.code == 2
    assert "960999" not in printed.out + printed.err


def test_a_test_call_is_recorded_with_its_time_in_uk_time(desk: Desk) -> None:
    case = desk.with_a_case()
    typed = ("--field", "arc_name=Fylde Shore", "--field", "tested_by=Asha Patel", "--field", "at=2026-11-23T09:30")
    assert "test passed" in desk.run("case", "record", case, "pass-test", *ASHA, *typed).words
    assert "at: 23 Nov 2026 09:30" in desk.run("case", "show", case).words


@pytest.mark.parametrize("typed", ["30/11/2026", "30-11-26", "Monday 30 November 2026", "30 Nov 2026", "2026-11-30"])
def test_a_day_is_typed_as_imports_read_it(desk: Desk, typed: str) -> None:
    case = desk.with_a_case()
    desk.done("case", "record", case, "book_visit", *ASHA, "--field", f"visit_on={typed}")
    assert "visit on: Mon 30 Nov 2026" in desk.run("case", "show", case).words


@pytest.mark.parametrize("typed", ["23/11/2026 09:30", "23 Nov 2026 09:30", "Mon 23/11/26 9.30 am"])
def test_a_time_is_typed_as_imports_read_it(desk: Desk, typed: str) -> None:
    case = desk.with_a_case()
    fields = ("--field", "arc_name=Fylde Shore", "--field", "tested_by=Asha Patel", "--field", f"at={typed}")
    desk.done("case", "record", case, "pass-test", *ASHA, *fields)
    assert "at: 23 Nov 2026 09:30" in desk.run("case", "show", case).words


@pytest.mark.parametrize("typed", ["46356", "31/02/2026", "Tuesday 30 November 2026", "next week", "30/11/2062"])
def test_a_day_that_nobody_can_have_meant_is_refused_and_records_nothing(desk: Desk, typed: str) -> None:
    case = desk.with_a_case()
    printed = desk.run("case", "record", case, "book_visit", *ASHA, "--field", f"visit_on={typed}")
    assert (printed.code, "visit_on" in printed.complaint) == (2, True)
    assert "visit on:" not in desk.run("case", "show", case).words


def test_an_act_that_makes_no_sense_is_refused_with_what_to_do_instead(desk: Desk) -> None:
    case = desk.with_a_case()
    printed = desk.run("case", "record", case, "close", *ASHA)
    assert printed.code == 2
    assert "pullcord: The" in printed.complaint
    assert "could not be recorded: closed" in desk.run("case", "show", case).words


def test_a_confirmation_needs_to_know_when_the_provider_was_told_and_then_stops_the_alerts(desk: Desk) -> None:
    case = desk.with_a_case()
    typed = ("confirm", case, *ASHA, "--party", "customer", "--evidence", "pressed the pendant, the centre answered")
    refused = desk.run(*typed)
    assert (refused.code, "--told-provider-at is missing" in refused.complaint) == (2, True)
    assert "Alerts about it have stopped." in desk.run(*typed, "--told-provider-at", "now").words


def test_a_match_rejected_by_a_person_ends_the_case_at_once_and_keeps_who_said_so(desk: Desk) -> None:
    case = desk.with_a_case()
    match = next(word for word in desk.run("case", "show", case).out.split() if word.startswith("M-"))
    assert desk.run("match", "reject", match, *ASHA, "--evidence", "the flat next door").code == 0
    assert "No case" in desk.run("cases").out
    assert "false match" in desk.run("cases", "--all").words
    assert "rejected by Asha Patel" in desk.run("case", "show", case).words


def test_a_match_confirmed_by_a_person_keeps_the_case(desk: Desk) -> None:
    case = desk.with_a_case()
    match = next(word for word in desk.run("case", "show", case).out.split() if word.startswith("M-"))
    desk.run("match", "confirm", match, *ASHA, "--evidence", "rang the resident")
    assert case in desk.run("cases").out
    assert "confirmed by Asha Patel" in desk.run("case", "show", case).words


@pytest.mark.parametrize(
    "typed",
    [
        ("case", "show", "C-2222-2222"),
        ("ack", "C-2222-2222", *ASHA),
        ("ack", "A-2222-2222", *ASHA),
        ("ack", "something", *ASHA),
        ("match", "reject", "M-2222-2222-2222-2222", *ASHA, "--evidence", "x"),
        ("match", "reject", "nonsense", *ASHA, "--evidence", "x"),
        ("cases", "--council", "E06000001"),
    ],
)
def test_what_does_not_exist_is_said_in_a_sentence(desk: Desk, typed: tuple[str, ...]) -> None:
    printed = desk.run(*typed)
    assert printed.code == 2
    assert printed.err.startswith("pullcord: ")


def test_status_of_a_quiet_deployment_is_well(desk: Desk) -> None:
    printed = desk.run("status")
    assert printed.code == 0
    assert "Nothing is overdue" in printed.out


def test_status_says_that_nobody_can_be_told_and_how_to_mend_it(desk: Desk) -> None:
    desk.with_a_case()
    printed = desk.run("status")
    assert printed.code == 1
    assert "Blackpool Council has open cases and nobody to tell: `pullcord policy contact add`" in printed.words
    desk.with_an_officer()
    assert desk.run("status").code == 0


def test_status_says_which_route_of_the_operator_reaches_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [ROUTE, "mailto://mail.example?from=alerts@secret-word.example"]
    monkeypatch.setenv("PULLCORD_FALLBACK_ROUTES", json.dumps(routes))
    printed = desk.run("status")
    assert printed.code == 1
    assert "PULLCORD_FALLBACK_ROUTES reaches nobody by its route 2: it names nobody who is told" in printed.words
    assert "secret-word" not in printed.out + printed.err


def test_status_says_what_is_overdue_and_asks_whether_serve_runs(desk: Desk) -> None:
    desk.with_an_officer()
    desk.with_a_case()
    desk.clock.advance(minutes=10)
    printed = desk.run("status")
    assert printed.code == 1
    assert "1 step overdue by more than two minutes: is `pullcord serve` running?" in printed.words
    desk.send_what_is_due()
    assert "Deliveries 1 sent" in desk.run("status").words


def test_status_for_machines_has_the_figures_and_the_faults(desk: Desk) -> None:
    desk.with_a_case()
    figures = json.loads(desk.run("status", "--json").out)
    assert figures["cases"] == {"open": 1}
    assert figures["matches"] == {"confirmed": 1}
    assert {feed["code"]: feed["live_rows"] for feed in figures["feeds"]} == {BLACKPOOL: 1, RAVEN: 1}
    assert figures["faults"] == ["Blackpool Council has open cases and nobody to tell: `pullcord policy contact add`"]


def test_a_case_past_its_day_is_a_fault_until_it_is_confirmed(desk: Desk) -> None:
    desk.with_an_officer()
    desk.with_a_case()
    desk.clock.advance(days=11)
    assert "1 case past the harmful day and not confirmed safe" in desk.run("status").words


def test_a_case_shows_two_versions_of_a_notice_and_how_they_are_settled(desk: Desk) -> None:
    desk.done("import", "register", desk.sheet("register.csv", [ENTRY]), "--council", BLACKPOOL)
    for day in ("2026-12-03", "2027-06-01"):
        notice = {"id": "n1", "cli": "01632 960123", "planned_migration_date": day, "issued_at": "2026-11-20T00:00:00Z"}
        desk.done("import", "notices", desk.file("n.json", json.dumps(notice)), "--provider", RAVEN)
    case = next(word for word in desk.run("cases").out.split() if word.startswith("C-"))
    shown = desk.run("case", "show", case).words
    assert "Note: Raven Telecom sent two versions of its notice: first switch Thu 3 Dec 2026; then" in shown
    assert "two versions of a notice differ: the earlier danger counts" in shown
    desk.done("case", "record", case, "settle_versions", *ASHA)
    assert "Note: " not in desk.run("case", "show", case).words


def test_a_case_shows_what_is_the_word_of_one_provider_only(desk: Desk) -> None:
    case = desk.with_a_case()
    desk.done("providers", "add", "HBRT", "Harbour Telecom")
    moved = {"id": "h1", "cli": "01632 960123", "planned_migration_date": "2026-11-22", "status": "completed"}
    desk.done("import", "notices", desk.file("h.json", json.dumps(moved)), "--provider", "HBRT")
    shown = desk.run("case", "show", case).words
    assert "Note: Harbour Telecom reported a change and gave no notice of it before: this is its word only." in shown
    assert "ring the line, make a test call, and ask the provider." in shown


def test_the_links_of_a_council_or_of_one_alert_are_revoked_in_a_persons_name(desk: Desk) -> None:
    desk.with_an_officer()
    desk.with_a_case()
    desk.clock.advance(seconds=31)
    desk.send_what_is_due()
    alert = desk.channel.sent[0].reference.split(".")[0]
    assert "open nothing any more" in desk.done("links", "revoke", alert, *ASHA).words
    assert "were revoked before" in desk.done("links", "revoke", alert, *ASHA).words
    assert "links of 0 alerts were revoked" in desk.done("links", "revoke", "--council", BLACKPOOL, *ASHA).words
    strange = ("links", "revoke", alert, "--contact", "nobody known", *ASHA)
    for faulty in (("links", "revoke", *ASHA), ("links", "revoke", alert, "--by", "system"), strange):
        assert desk.run(*faulty).code == 2
