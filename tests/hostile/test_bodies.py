from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from tests.hostile.http_fuzz import TELLTALE, assert_refused, assert_silent, issues_of, named, outcomes_of
from tests.support.http import ENTRIES, MOST_ROWS, NDJSON, NOTICE_UPLOADS, NOTICES, Api

NUMBERS = count(1)
JSON = "application/json"
GOOD = {"id": "g", "cli": TELLTALE, "planned_migration_date": "2027-03-01"}
TEXT = json.dumps(GOOD)
MALFORMED = (400, "malformed-body")
UNSUPPORTED = (415, "unsupported-media-type")
LARGE = (413, "body-too-large")

BODIES = [
    ("nothing", b"", JSON, MALFORMED),
    ("blanks", b" \r\n\t ", JSON, MALFORMED),
    ("an empty list", b"[]", JSON, MALFORMED),
    ("an empty batch", b'{"notices": []}', JSON, MALFORMED),
    ("cut off inside a text", TEXT[:25].encode(), JSON, MALFORMED),
    ("cut off before its last brace", TEXT[:-1].encode(), JSON, MALFORMED),
    ("a comma too many", TEXT[:-1].encode() + b",}", JSON, MALFORMED),
    ("two objects", (TEXT + TEXT).encode(), JSON, MALFORMED),
    ("a comment", b"// hello\n" + TEXT.encode(), JSON, MALFORMED),
    ("single quotation marks", TEXT.replace('"', "'").encode(), JSON, MALFORMED),
    ("names without quotation marks", b"{id: 1}", JSON, MALFORMED),
    ("a hundred thousand brackets", b"[" * 100_000, JSON, MALFORMED),
    ("a hundred thousand braces", b'{"cli":' * 100_000, JSON, MALFORMED),
    ("nested deeply and closed", b"[" * 5_000 + b"]" * 5_000, JSON, MALFORMED),
    ("not a number", b'{"id": "h", "cli": NaN}', JSON, MALFORMED),
    ("infinity", b'{"id": "h", "cli": -Infinity}', JSON, MALFORMED),
    ("an integer of 10,000 digits", b'{"id": "h", "cli": ' + b"9" * 10_000 + b"}", JSON, MALFORMED),
    ("UTF-32", TEXT.encode("utf-32"), JSON, MALFORMED),
    ("Windows-1252", '{"id": "h", "brand": "Télécom"}'.encode("cp1252"), JSON, MALFORMED),
    ("bytes that are no text", b'{"id": "\xff\xfe\xfd"}', JSON, MALFORMED),
    ("an overlong encoding", b'{"id": "\xc0\xaf"}', JSON, MALFORMED),
    ("half of a surrogate pair", b'{"id": "\\ud800"}', JSON, MALFORMED),
    ("a surrogate pair the wrong way round", b'{"id": "\\udc00\\ud800"}', JSON, MALFORMED),
    ("a surrogate as bytes", b'{"id": "\xed\xa0\x80"}', JSON, MALFORMED),
    ("a raw NUL", b'{"id": "h\x00"}', JSON, MALFORMED),
    ("a raw line break in a text", b'{"id": "h\n"}', JSON, MALFORMED),
    ("XML", b"<notice><cli>01632 960777</cli></notice>", JSON, MALFORMED),
    ("a picture", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, JSON, MALFORMED),
    ("packed JSON", gzip.compress(TEXT.encode()), JSON, MALFORMED),
    ("a form", b"cli=01632960777", "application/x-www-form-urlencoded", UNSUPPORTED),
    ("plain text", TEXT.encode(), "text/plain", UNSUPPORTED),
    ("no media type", TEXT.encode(), "", UNSUPPORTED),
    ("a media type of nonsense", TEXT.encode(), "application/json/../../etc", UNSUPPORTED),
    ("another JSON", TEXT.encode(), "application/ld+json", UNSUPPORTED),
    ("a file at the wrong address", b"id,cli\nh,01632 960777", "text/csv", UNSUPPORTED),
    ("several parts", b"--x\r\n\r\n01632 960777\r\n--x--", "multipart/form-data; boundary=x", UNSUPPORTED),
    ("NDJSON of nothing", b"\n\n\n", NDJSON, MALFORMED),
    ("one row too many", json.dumps([GOOD] * (MOST_ROWS + 1)).encode(), JSON, (413, "too-many-rows")),
    ("one line too many", (TEXT + "\n").encode() * (MOST_ROWS + 1), NDJSON, (413, "too-many-rows")),
    ("a mebibyte and a byte", b" " * (1024 * 1024 + 1), JSON, LARGE),
]


@pytest.mark.parametrize(("body", "media", "answer"), named(BODIES))
def test_a_hostile_body_is_a_problem_of_a_stable_type(
    api: Api, body: bytes, media: str, answer: tuple[int, str]
) -> None:
    headers = {"Content-Type": media} if media else {}
    assert_refused(api.ask("raven", "POST", NOTICES, content=body, headers=headers), *answer)


HEADERS = [
    ("a bomb, said to be packed", {"Content-Encoding": "gzip"}, UNSUPPORTED),
    ("packed twice", {"Content-Encoding": "gzip, br"}, UNSUPPORTED),
    ("packed in a way nobody knows", {"Content-Encoding": "middle-out"}, UNSUPPORTED),
    ("said to be of a gigabyte", {"Content-Length": "1073741824"}, LARGE),
    ("said to be of more bytes than there are", {"Content-Length": "9" * 5_000}, LARGE),
]


@pytest.mark.parametrize("path", [NOTICES, NOTICE_UPLOADS])
@pytest.mark.parametrize(("headers", "answer"), named(HEADERS))
def test_a_body_that_is_announced_as_hostile_is_refused_unread(
    api: Api, path: str, headers: dict[str, str], answer: tuple[int, str]
) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""  # type: ignore[unreachable]  # makes it a generator

    media = "text/csv" if path == NOTICE_UPLOADS else JSON
    sent = {"Content-Type": media, **headers}
    assert_refused(api.ask("raven", "POST", path, content=unread(), headers=sent), *answer)


@pytest.mark.parametrize(("path", "media"), [(NOTICES, JSON), (NOTICES, NDJSON), (NOTICE_UPLOADS, "text/csv")])
def test_a_body_without_an_end_is_refused_once_it_passes_the_limit(api: Api, path: str, media: str) -> None:
    sizes: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sizes.append(1_000_000)
            yield b"[" * 1_000_000

    headers = {"Content-Type": media}
    assert_refused(api.ask("raven", "POST", path, content=endless(), headers=headers), *LARGE)
    assert sum(sizes) <= 21_000_000


@pytest.mark.parametrize("size", ["\N{SUPERSCRIPT TWO}", "-1", "0x10", "twelve"])
def test_a_size_that_is_no_number_is_not_believed(api: Api, size: str) -> None:
    headers = {"Content-Type": JSON, "Content-Length": size.encode("latin-1")}
    body = {**GOOD, "id": f"size {next(NUMBERS)}"}
    assert api.ask("raven", "POST", NOTICES, content=json.dumps(body), headers=headers).status_code == 202


LINES = [
    ("no JSON", b"{"),
    ("a text", b'"01632 960777"'),
    ("a list", b'[{"id": "h"}]'),
    ("nothing", b"null"),
    ("a number", b"1632960777"),
    ("half of a surrogate pair", b'{"id": "\\ud800"}'),
    ("bytes that are no text", b'{"id": "\xff"}'),
    ("a raw NUL", b"\x00"),
    ("a hundred thousand brackets", b"[" * 100_000),
    ("an integer of 10,000 digits", b"9" * 10_000),
    ("infinity", b'{"id": Infinity}'),
    ("two objects on one line", b"{} {}"),
]


@pytest.mark.parametrize("line", named(LINES))
def test_a_hostile_line_of_ndjson_is_refused_by_its_number_and_the_lines_beside_it_are_kept(
    api: Api, line: bytes
) -> None:
    number = next(NUMBERS)
    before, after = (json.dumps({**GOOD, "id": f"line {number}{side}"}).encode() for side in "ab")
    response = api.ask(
        "raven", "POST", NOTICES, content=b"\n".join([before, line, b"", after]), headers={"Content-Type": NDJSON}
    )
    assert response.status_code == 202
    assert outcomes_of(response.json()) == {2: "rejected"}
    assert ("row", "not_an_object") in issues_of(response.json(), 2)
    assert response.json()["counts"]["accepted"] == 2
    assert_silent(response)


ITEMS = [("nothing", None), ("a text", TELLTALE), ("a number", 1632960777), ("a list", [GOOD]), ("true", True)]


@pytest.mark.parametrize("item", named(ITEMS))
def test_a_hostile_item_of_a_batch_is_refused_by_its_number_and_the_items_beside_it_are_kept(
    api: Api, item: Any
) -> None:
    number = next(NUMBERS)
    good = [{"entry_id": f"item {number}{side}", "cli": TELLTALE, "uprn": "100012345678"} for side in "ab"]
    response = api.ask("blackpool", "PUT", ENTRIES, json={"entries": [good[0], item, good[1]]})
    assert response.status_code == 202
    assert outcomes_of(response.json()) == {2: "rejected"}
    assert ("row", "not_an_object") in issues_of(response.json(), 2)
    assert response.json()["counts"]["accepted"] == 2
    assert_silent(response)


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"\xef\xbb\xbf" + TEXT.encode(), JSON),
        (b"\xef\xbb\xbf" + TEXT.encode() + b"\r\n", NDJSON),
        (TEXT.encode("utf-16"), JSON),
        (TEXT.encode(), 'Application/JSON; charset="utf-8"'),
        (json.dumps({**GOOD, "brand": "\U0001f4a3" * 200}).encode(), JSON),
    ],
    ids=["a byte order mark", "one before NDJSON", "UTF-16", "a media type with ornaments", "emoji"],
)
def test_what_is_odd_but_clear_is_taken(api: Api, body: bytes, media: str) -> None:
    response = api.ask("raven", "POST", NOTICES, content=body, headers={"Content-Type": media})
    assert response.status_code == 202
    assert response.json()["counts"]["rejected"] == 0
