from __future__ import annotations

import random
import tracemalloc

import pytest

from services.web.bodies import JSON, NDJSON, read_json_rows
from services.web.problems import ProblemError
from tests.hostile.http_fuzz import named

MOST = 10_000
MIB = 1024 * 1024
SHORT = [b"1", b"{}", b"[]", b'""', b'{"a":1}', b"null", b"[[]]", b'{"a":{}}', b"1e9"]

BODIES = [
    ("eight MiB of numbers, a line each", b"1\n" * (4 * MIB), NDJSON),
    ("eight MiB of empty objects, a line each", b"{}\n" * (8 * MIB // 3), NDJSON),
    ("line breaks alone", b"\n" * (8 * MIB), NDJSON),
    ("blanks and line breaks", b" \r\n" * (8 * MIB // 3), NDJSON),
    ("a list of numbers", b"[" + b"1," * (4 * MIB) + b"1]", JSON),
    ("a list of lists", b"[" + b"[]," * (8 * MIB // 3) + b"1]", JSON),
    ("a batch of empty objects", b'{"entries":[' + b"{}," * (8 * MIB // 3) + b"1]}", JSON),
    ("objects within one field of one row", b'{"a":[' + b'{"a":1},' * MIB + b"1]}", JSON),
    ("lists within lists of one row", b'{"a":[' + b"[[]]," * MIB + b"1]}", JSON),
    ("one line of objects", b'{"a":[' + b"{}," * (8 * MIB // 3) + b"1]}\n", NDJSON),
]


def peak_of(body: bytes, media: str) -> tuple[int, str]:
    """Read a body that must be refused. Return the peak memory in bytes, and the type of the problem."""
    tracemalloc.start()
    try:
        with pytest.raises(ProblemError) as refused:
            read_json_rows(body, media, "entries", MOST)
        return tracemalloc.get_traced_memory()[1], refused.value.type
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("body", "media"), named(BODIES))
def test_a_body_of_far_too_many_rows_is_refused_before_it_fills_the_memory(body: bytes, media: str) -> None:
    peak, refusal = peak_of(body, media)
    assert refusal in ("too-many-rows", "malformed-body")
    assert peak < 2 * len(body)


@pytest.mark.parametrize("seed", range(6))
def test_no_mix_of_short_rows_takes_many_times_its_size(seed: int) -> None:
    source = random.Random(seed)
    items = source.choices(SHORT, k=1_200_000)
    body, media = ((b"\n".join(items), NDJSON), (b"[" + b",".join(items) + b"]", JSON))[seed % 2]
    peak, refusal = peak_of(body, media)
    assert refusal == "too-many-rows"
    assert peak < 4 * len(body)


@pytest.mark.parametrize("media", [JSON, NDJSON])
def test_a_full_batch_with_every_field_filled_is_read(media: str) -> None:
    contacts = b",".join([b'{"method":"letter","date":"2026-01-01"}'] * 10)
    lines = b",".join([b'"12, Tower Road"'] * 8)
    fields = b",".join(b'"field%d":"a, b"' % number for number in range(40))
    row = b'{"customer_contacts":[' + contacts + b'],"address_lines":[' + lines + b"]," + fields + b"}"
    joined = (b"[" + b",".join([row] * MOST) + b"]") if media == JSON else b"\n".join([row] * MOST)
    assert len(read_json_rows(joined, media, "entries", MOST)) == MOST


def test_blank_lines_are_counted_as_lines_and_not_as_rows() -> None:
    rows = read_json_rows(b'\n\n{"id": "a"}\n\r\n{"id": "b"}\n', NDJSON, "notices", 2)
    assert [number for number, _ in rows] == [3, 5]
