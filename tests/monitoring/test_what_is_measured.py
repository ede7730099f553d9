from __future__ import annotations

import re
from datetime import timedelta
from random import Random
from shutil import disk_usage

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from services.core.audit import AuditAction
from services.ingest.reading.drafts import RecordKind
from services.ingest.recording.refused.files import note_refused_file
from services.runtime.health import add_health
from services.storage.audit import AuditRow, write_audit
from services.storage.secrets.keys import Role, create_key, list_keys, revoke_key
from tests.support.deployment import BLACKPOOL, RAVEN
from tests.support.http import CSV, NOTICE, NOTICE_UPLOADS, NOTICES, Api

REQUESTS, SECONDS = "pullcord_http_requests_total", "pullcord_http_request_seconds_count"
FILES_REFUSED = "pullcord_files_refused_overdue"
KEY_ENDS = "pullcord_api_key_expires_in_seconds"


def values(api: Api, name: str, **labels: str) -> list[float]:
    families = text_string_to_metric_families(api.ask("operator", "GET", "/metrics").text)
    samples = (sample for family in families for sample in family.samples if sample.name == name)
    return [sample.value for sample in samples if labels.items() <= sample.labels.items()]


def value(api: Api, name: str, **labels: str) -> float:
    return sum(values(api, name, **labels))


def make_backup(api: Api) -> None:
    store = api.deployment.store
    with store.writing() as connection:
        row = AuditRow(AuditAction.BACKUP_MADE, {"kind": "sqlite", "bytes": 4096})
        write_audit(connection, store.vault, [row], store.now())


def refuse(api: Api, sender: str, kind: RecordKind, channel: str = "file") -> None:
    note_refused_file(api.deployment.store, sender, kind, channel, "no_headings")


def test_a_refused_file_is_counted_from_one_working_day_later_on(api: Api) -> None:
    refuse(api, RAVEN, RecordKind.NOTICE)
    api.deployment.clock.advance(hours=23)
    assert value(api, FILES_REFUSED) == 0
    api.deployment.clock.advance(hours=1)
    assert value(api, FILES_REFUSED) == 1


@pytest.mark.parametrize("refused_after", [0, 30], ids=["before it counts", "while it counts"])
def test_a_refused_file_counts_no_more_once_one_is_taken_in(api: Api, refused_after: int) -> None:
    refuse(api, RAVEN, RecordKind.NOTICE)
    refuse(api, BLACKPOOL, RecordKind.ENTRY)
    api.deployment.clock.advance(hours=refused_after)
    sound = b"Reference,Landline,Migration date\r\nM-1,01632 960123,03/12/2027\r\n"
    taken = api.ask("raven", "POST", NOTICE_UPLOADS, content=sound, headers={"Content-Type": CSV})
    assert taken.status_code == 202
    api.deployment.clock.advance(hours=48)
    assert value(api, FILES_REFUSED) == 1


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_refused_each_sender_and_kind_counts_once(api: Api, seed: int) -> None:
    dice, refused = Random(seed), set()
    for _ in range(10):
        sender, kind = dice.choice(((RAVEN, RecordKind.NOTICE), (BLACKPOOL, RecordKind.ENTRY)))
        channel = dice.choice(("file", "command", "api"))
        refuse(api, sender, kind, channel)
        refused.add((sender, channel == "api"))
    api.deployment.clock.advance(days=4)
    assert value(api, FILES_REFUSED) == len(refused)


def test_the_room_on_the_disk_is_that_of_the_database(api: Api) -> None:
    database = api.deployment.store.engine.url.database
    assert database is not None
    assert value(api, "pullcord_disk_free_bytes") == pytest.approx(disk_usage(database).free, rel=0.2)


def test_a_deployment_that_was_never_backed_up_is_as_late_as_its_first_record_is_old(api: Api) -> None:
    api.deployment.clock.advance(days=2)
    assert value(api, "pullcord_backup_age_seconds") == 2 * 86_400


def test_a_backup_is_as_old_as_the_newest_on_record(api: Api) -> None:
    for _ in range(2):
        api.deployment.clock.advance(hours=5)
        make_backup(api)
    api.deployment.clock.advance(hours=3)
    assert value(api, "pullcord_backup_age_seconds") == 3 * 3600


def test_the_key_that_ends_first_is_counted_down_and_on_until_it_is_revoked(api: Api) -> None:
    store = api.deployment.store
    first = create_key(store, Role.REGULATOR, None, "for a month", lasts=timedelta(days=31))
    assert values(api, KEY_ENDS) == [31 * 86_400]
    api.deployment.clock.advance(days=31, hours=1)
    assert values(api, KEY_ENDS) == [-3600]
    revoke_key(store, first.split(".")[1])
    assert values(api, KEY_ENDS) == [334 * 86_400 - 3600]


def test_where_every_key_was_revoked_there_is_no_sample_of_one(api: Api) -> None:
    for key in list_keys(api.deployment.store):
        revoke_key(api.deployment.store, key.key_id)
    # No key opens the metrics on the port of the API any more.
    assert api.ask("operator", "GET", "/metrics").status_code == 401
    inside = FastAPI()
    add_health(inside, api.deployment.store)
    client = AsyncClient(transport=ASGITransport(inside), base_url="http://inside.example")
    answer = api.portal.call(client.get, "/metrics").text
    api.portal.call(client.aclose)
    assert f"# TYPE {KEY_ENDS} gauge" in answer
    assert f"\n{KEY_ENDS} " not in answer


def test_a_request_is_counted_and_timed_by_its_route_and_never_by_its_path(api: Api) -> None:
    posted = {"route": NOTICES, "method": "POST", "status": "202"}
    before, timed = value(api, REQUESTS, **posted), value(api, SECONDS, route=NOTICES, method="POST")
    assert api.ask("raven", "POST", NOTICES, json=NOTICE).status_code == 202
    assert value(api, REQUESTS, **posted) == before + 1
    assert value(api, SECONDS, route=NOTICES, method="POST") == timed + 1

    case, _, link = api.alerted_case()
    api.ask("blackpool", "GET", f"/v1/cases/{case}")
    api.ask(None, "GET", link)
    api.ask(None, "GET", "/01632960123")
    text = api.ask("operator", "GET", "/metrics").text
    assert 'route="unknown"' in text
    assert re.search(rf"{case}|{link}|960123", text) is None


def test_a_method_that_somebody_made_up_is_counted_as_other(api: Api) -> None:
    before = value(api, REQUESTS, method="other")
    api.ask(None, "JUMP", "/livez")
    assert value(api, REQUESTS, method="other") == before + 1
    assert "JUMP" not in api.ask("operator", "GET", "/metrics").text


def test_a_fault_that_nobody_foresaw_is_counted_as_ours(api: Api) -> None:
    @api.app.get("/broken")
    def broken() -> None:
        raise LookupError("01632 960123")

    async def ask() -> int:
        transport = ASGITransport(api.app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="https://pullcord.example") as client:
            return (await client.get("/broken")).status_code

    assert api.portal.call(ask) == 500
    assert value(api, REQUESTS, route="/broken", status="500") == 1
