from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
import structlog
from sqlalchemy import select

from services.alerts import api as alerts_api
from services.alerts.policy.councils import set_policy
from services.alerts.policy.policy import Contact, CouncilPolicy, Tier
from services.ingest.reading.drafts import RecordKind
from services.runtime.bootstrap import make_parts
from services.runtime.demo.samples import SAMPLES, Sample
from services.runtime.logs import configure
from services.runtime.maintenance.exports import export_cases, export_matches
from services.runtime.settings import Settings
from services.storage.feeds import add_feed
from services.storage.secrets.keys import Role, create_key
from services.storage.tables import metadata
from tests.support.checks.personal_data_probe import People, add_sample
from tests.support.clock import START
from tests.support.deployment import BLACKPOOL, Deployment, sqlite_engine
from tests.support.http import CARDIFF, CSV, XLSX, Api, open_api, served_api

FOLDER = Path(__file__).parents[3] / "samples"
OFFICER, EVIDENCE = "Rosamund Featherstonehaugh", "the daughter has tried the pendant"
SENDERS = {
    BLACKPOOL: "blackpool",
    CARDIFF: "cardiff",
    "provider:RAVN": "raven",
    "provider:HBRT": "harbour",
    "provider:ALDR": "alder",
}
MEDIA = {".csv": CSV, ".xlsx": XLSX, ".json": "application/json"}


@pytest.fixture(scope="module")
def people() -> People:
    found = People()
    for sample in SAMPLES:
        add_sample(found, FOLDER / sample.file_name, kind_of(sample), START)
    found.streets |= {OFFICER.lower(), EVIDENCE}
    return found


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    # Logging is set up as in the service.
    handlers, level = logging.root.handlers[:], logging.root.level
    spoken = io.StringIO()
    monkeypatch.setattr(sys, "stdout", spoken)
    monkeypatch.setattr(sys, "stderr", spoken)
    configure("serve", level="DEBUG")
    yield spoken
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level = handlers, level


def kind_of(sample: Sample) -> RecordKind:
    return RecordKind.NOTICE if sample.feed_id.startswith("provider") else RecordKind.ENTRY


def test_everybody_in_the_samples_is_looked_for(people: People) -> None:
    assert len(people.numbers) > 2_000
    assert len(people.uprns) > 1_000
    assert len(people.postcodes) > 200
    assert len(people.streets) > 200


PLANTED = [
    "{number_e164}",
    "{number}",
    "0{number}",
    "44{number}",
    "+44 (0){number}",
    "tel:0{grouped}",
    "0{dashed}",
    "{uprn}",
    "000{uprn}",
    "at {postcode}.",
    "at {compact}.",
    "q={plus}",
    "{street}",
    "12 {shouted}, FLAT 3",
    OFFICER,
    EVIDENCE.upper(),
]


@pytest.mark.parametrize("form", PLANTED)
def test_a_planted_value_is_found_in_the_raw_database_in_every_usual_form(
    people: People, tmp_path: Path, form: str
) -> None:
    number = min(number for number in people.numbers if number.startswith("1632"))
    postcode = next(code for code in sorted(people.postcodes) if len(code) == 6)
    street = next(street for street in sorted(people.streets) if street.endswith(" road"))
    spaced = f"{postcode[:3]} {postcode[3:]}"
    planted = form.format(
        number=number,
        number_e164=f"+44{number}",
        grouped=f"{number[:4]} {number[4:7]} {number[7:]}",
        dashed=f"{number[:4]}-{number[4:]}",
        uprn=min(people.uprns),
        postcode=spaced,
        compact=postcode,
        plus=spaced.replace(" ", "+"),
        street=street.title(),
        shouted=street.upper(),
    )
    engine = sqlite_engine(tmp_path)
    deployment = Deployment(engine)
    assert people.found_in(raw_bytes(tmp_path)) == set()
    add_feed(deployment.store, "provider", "ZZZZ", planted)
    assert people.found_in(raw_bytes(tmp_path))
    assert people.found_in(stored_values(deployment))
    engine.dispose()


def test_a_planted_value_is_found_in_what_the_process_says(people: People, logs: io.StringIO) -> None:
    number = min(people.numbers)
    structlog.get_logger().info("request", route=f"/v1/cases/0{number}")
    assert people.found_in(logs.getvalue().encode()) == {number}


def test_the_samples_go_through_a_whole_house_and_nobody_of_them_is_named(
    people: People, tmp_path: Path, logs: io.StringIO
) -> None:
    engine = sqlite_engine(tmp_path)
    deployment = Deployment(engine).with_officers()
    with open_sample_api(deployment) as api:
        receipts = [send(api, sample) for sample in SAMPLES]
        mistakes = provoke(api, people)
        deployment.tick(seconds=31)
        pages = work_on_cases(api)
        for _ in range(3):
            deployment.tick(days=1)
        metrics = api.ask("operator", "GET", "/metrics").text
    assert len(deployment.cases()) > 100
    assert len(deployment.mails()) > 3
    mails = [
        f"{sent.route} {sent.message.subject} {sent.message.text} {sent.message.html}" for sent in deployment.mails()
    ]
    places = {
        "the database, its log and its index": raw_bytes(tmp_path),
        "what is stored, value by value": stored_values(deployment),
        "what the process says": logs.getvalue().encode(),
        "metrics": metrics.encode(),
        "mails": "\n".join(mails).encode(),
        "exports": exported(deployment, tmp_path),
        "receipts": json.dumps(receipts).encode(),
        "problems": "\n".join(mistakes).encode(),
        "acknowledgement pages": "\n".join(pages[:1]).encode(),
    }
    assert {name for name, data in places.items() if len(data) < 500} == set()
    assert {name: found for name, data in places.items() if (found := people.found_in(data))} == {}
    assert people.found_in(pages[1].encode()) == {OFFICER.lower()}
    engine.dispose()


@pytest.mark.network
@pytest.mark.enable_socket
def test_a_server_that_stumbles_over_somebody_does_not_say_whom(
    people: People, deployment: Deployment, logs: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = min(people.numbers)

    def stumble(*_args: object, **_more: object) -> None:
        raise LookupError(f"no case for 0{number}")

    monkeypatch.setattr(alerts_api, "page_of_council", stumble)
    with served_api(deployment) as (url, keys):
        headers = {"Authorization": f"Bearer {keys['blackpool']}", "X-Number": f"0{number}"}
        answers = [
            httpx.get(f"{url}/v1/cases", headers=headers),
            httpx.get(f"{url}/v1/cases/0{number}?of=0{number}", headers=headers),
            httpx.get(f"{url}/0{number}", headers=headers),
        ]
    assert [answer.status_code for answer in answers] == [500, 422, 404]
    assert answers[0].json()["type"] == "urn:pullcord:problem:internal"
    assert "LookupError" in logs.getvalue()
    assert people.found_in("\n".join([logs.getvalue(), *(answer.text for answer in answers)]).encode()) == set()


def open_sample_api(deployment: Deployment) -> AbstractContextManager[Api]:
    # Blackpool has a contact, and Cardiff has none.
    add_feed(deployment.store, "provider", "ALDR", "Alder Broadband")
    desk = Contact(person="duty desk", channel="route", address="mailto://desk.example")
    set_policy(
        deployment.store,
        BLACKPOOL,
        CouncilPolicy(tiers=(Tier(label="duty", from_days=56, contacts=(desk,)),)),
        by=OFFICER,
    )
    return open_api(deployment, parts=make_parts(Settings(_env_file=None), deployment.store, None, deployment.channel))


def send(api: Api, sample: Sample) -> dict[str, object]:
    who, path = SENDERS[sample.feed_id], FOLDER / sample.file_name
    if who not in api.keys:
        api.keys[who] = create_key(api.deployment.store, Role.PROVIDER, sample.feed_id, who)
    register = f"/v1/telecare-registers/{sample.feed_id.partition(':')[2]}/uploads"
    notices = "/v1/migration-notices" + ("" if path.suffix == ".json" else "/uploads")
    place = notices if kind_of(sample) is RecordKind.NOTICE else register
    media = {"Content-Type": MEDIA[path.suffix]}
    answer = api.ask(who, "POST", place, content=path.read_bytes(), headers=media)
    assert answer.status_code == 202, answer.text
    return {"receipt": answer.json(), "outcomes": api.ask(who, "GET", answer.headers["Location"]).json()}


def provoke(api: Api, people: People) -> list[str]:
    """Send faulty requests that contain personal data, and return the answers."""
    number, street = f"0{min(people.numbers)}", min(people.streets)
    attempts = [
        api.ask("raven", "POST", "/v1/migration-notices", json={"id": number, "cli": number, number: street}),
        api.ask("raven", "POST", "/v1/migration-notices", json={"id": street, "address_lines": [street]}),
        api.ask("raven", "POST", "/v1/migration-notices", content=f'{{"cli": "{number}'),
        api.ask("blackpool", "GET", f"/v1/cases/{number}"),
        api.ask("blackpool", "GET", f"/v1/cases?state={number}"),
        api.ask("blackpool", "DELETE", f"/v1/telecare-registers/E06000009/entries/{street}"),
        api.ask(None, "GET", "/v1/cases", headers={"Authorization": f"Bearer {number}"}),
        api.ask(None, "GET", f"/a/{number}"),
    ]
    assert all(answer.status_code >= 400 for answer in attempts[1:])
    return [f"{answer.headers} {answer.text}" for answer in attempts]


def work_on_cases(api: Api) -> list[str]:
    message = next(sent.message for sent in api.deployment.mails() if "Blackpool" in sent.message.text)
    link = re.search(r"https?://\S+?(/a/\S+)", message.text)
    assert link
    cases = [case["case"] for case in api.ask("blackpool", "GET", "/v1/cases").json()]
    before = api.ask(None, "GET", link[1])
    after = api.send_form(link[1], name=OFFICER, case=cases)
    assert (before.status_code, after.status_code) == (200, 200)
    record = {"by": OFFICER, "party": "provider", "evidence": EVIDENCE}
    body = {"event": "confirm_safe", "record": record}
    assert api.ask("blackpool", "POST", f"/v1/cases/{cases[0]}/events", json=body).status_code == 200
    match = api.ask("blackpool", "GET", f"/v1/cases/{cases[1]}").json()["matches"][0]["match"]
    decision = {"decision": "rejected", "by": OFFICER, "evidence": EVIDENCE}
    assert api.ask("blackpool", "POST", f"/v1/matches/{match}/decision", json=decision).status_code == 204
    return [before.text, after.text]


def raw_bytes(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.glob("pullcord.db*")))


def stored_values(deployment: Deployment) -> bytes:
    with deployment.store.reading() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return "\n".join(repr(tuple(row)) for row in rows).encode()


def exported(deployment: Deployment, folder: Path) -> bytes:
    for suffix in ("csv", "ndjson"):
        export_cases(deployment.store, folder / f"cases.{suffix}", references=True)
        export_matches(deployment.store, folder / f"matches.{suffix}", references=True)
    return b"\n".join(path.read_bytes() for path in sorted(folder.glob("*s.*")))
