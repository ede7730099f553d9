"""All functions are pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.entities import html5
from typing import Final

# `&amp;`, `&#39;`, `&#x27;`. The semicolon is required: "AT&T" is no entity.
_ENTITY: Final = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,30}));")
# Web forms often escape twice, so `&amp;nbsp;` needs two passes.
_PASSES: Final = 2
# How a workbook writes a character that XML cannot hold: `_x000D_` is a carriage return.
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Controls, and signs that only direct, join or hide text. NUL stays: it marks a row whose bytes are not text.
_INVISIBLE: Final = re.compile(
    "[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_BLANK: Final = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_BREAK: Final = re.compile("[\x0b\x0c\x85\u2028\u2029]")
# Spreadsheets and word processors put these in place of the hyphen that was typed.
_HYPHEN: Final = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_SURROGATES: Final = range(0xD800, 0xE000)
_LAST_CHARACTER: Final = 0x10FFFF


def clean_cells(cells: Sequence[str]) -> list[str]:
    # Almost every row is clean: one look at the whole row is faster than one at each cell.
    return [cell.strip() for cell in cells] if _is_plain("".join(cells)) else [clean_text(cell) for cell in cells]


def clean_text(text: str) -> str:
    if _is_plain(text):
        return text.strip()
    for _ in range(_PASSES):
        text = _ENTITY.sub(_decoded, text)
    # Invisible signs are removed after both, because an entity or an escape may stand for one.
    text = _ESCAPE.sub(lambda escape: _character(int(escape[1], 16)), text)
    text = _LINE_BREAK.sub("\n", _BLANK.sub(" ", _INVISIBLE.sub("", text)))
    return _HYPHEN.sub("-", text).strip()


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "&" not in text and "_x" not in text


def _decoded(entity: re.Match[str]) -> str:
    decimal, hexadecimal, name = entity.groups()
    # An unknown name stays as it is written.
    if name:
        return html5.get(f"{name};", entity[0])
    return _character(int(decimal) if decimal else int(hexadecimal, 16))


def _character(code: int) -> str:
    # A surrogate alone is not text. A decoded NUL would be taken for damaged bytes.
    return chr(code) if 0 < code <= _LAST_CHARACTER and code not in _SURROGATES else ""
