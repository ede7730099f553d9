# openpyxl reads only the list of sheets: its reader of styles would keep every style in memory.

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zipfile import ZipFile

from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from services.ingest.files.problems import FileCode, FileRefused

GENERAL: Final = "General"
# Bytes of the parts that list sheets and relations: they become a tree in memory, which is about fifty times as large
# [P].
_SMALL_PART: Final = 2_000_000
# Characters in a number format, as in Excel.
_LONGEST_FORMAT: Final = 255
_MOST_FORMATS: Final = 5_000  # Excel allows some 250 of one's own
# Elements inside one that is read whole: a row may have 16,384 cells, and a workbook 65,490 styles of three.
_MOST_INSIDE: Final = 200_000
# Elements around each other.
_DEEPEST: Final = 100
_STRING: Final = f"{{{SHEET_MAIN_NS}}}si"
_RUN: Final = f"{{{SHEET_MAIN_NS}}}r"
_TEXT: Final = f"{{{SHEET_MAIN_NS}}}t"
_FORMAT: Final = f"{{{SHEET_MAIN_NS}}}numFmt"
_STYLES: Final = f"{{{SHEET_MAIN_NS}}}cellXfs"
# The most texts that cells may share. A file that reaches every limit needs no more [P].
_MOST_TEXTS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    title: str
    visible: bool
    # The name of the sheet's file in the workbook.
    part: str


@dataclass(frozen=True, slots=True)
class Book:
    archive: ZipFile
    sheets: tuple[WorkbookSheet, ...]
    texts: list[str]
    formats: list[str]
    date_styles: frozenset[int]
    duration_styles: frozenset[int]
    epoch: datetime

    def number_format(self, style: int) -> str:
        return self.formats[style] if style < len(self.formats) else GENERAL


def open_book(data: bytes) -> Book:
    """Call `check_archive` before this function. A damaged workbook may raise any exception."""
    reader = ExcelReader(io.BytesIO(data), read_only=True, keep_links=False)
    archive: ZipFile = reader.archive
    for part in archive.infolist():
        # openpyxl makes a tree of such a part. Sheets, texts and styles are read as streams, whatever their size.
        if part.filename.endswith((".rels", "workbook.xml", "[Content_Types].xml")) and part.file_size > _SMALL_PART:
            raise FileRefused(FileCode.UNPACKS_TOO_LARGE)
    reader.read_manifest()
    reader.read_workbook()
    formats = list(_formats(archive, ARC_STYLE))
    dates = {form for form in set(formats) if is_date_format(form)}
    durations = {form for form in set(formats) if is_timedelta_format(form)}
    return Book(
        archive=archive,
        sheets=tuple(_sheets(reader, archive)),
        texts=list(_texts(archive, _part_of(reader.package, SHARED_STRINGS))),
        formats=formats,
        date_styles=frozenset(at for at, form in enumerate(formats) if form in dates),
        duration_styles=frozenset(at for at, form in enumerate(formats) if form in durations),
        epoch=reader.wb.epoch,
    )


def elements(stream: Any, *whole: str) -> Iterator[Any]:
    """Yield each element with a tag in `whole`, with all its children.

    Raises FileRefused if an element is too large or too deep.
    """
    within, inside = 0, 0
    parents: list[Any] = []
    for happening, element in iterparse(stream, events=("start", "end")):
        if happening == "start":
            within += element.tag in whole
            inside += within
            parents.append(element)
            if inside > _MOST_INSIDE or len(parents) > _DEEPEST:
                raise FileRefused(FileCode.UNREADABLE)
            continue
        parents.pop()
        if element.tag in whole:
            within -= 1
            if not within:
                inside = 0
                yield element
        # Without this, the parent would keep an empty element for each element that has ended.
        if not within and parents:
            del parents[-1][:]


def _sheets(reader: ExcelReader, archive: ZipFile) -> Iterator[WorkbookSheet]:
    there = frozenset(archive.namelist())
    for sheet in reader.parser.sheets:
        relation = reader.parser.rels[sheet.id] if sheet.id else None
        if relation is not None and relation.target in there and "chartsheet" not in relation.Type:
            yield WorkbookSheet(str(sheet.name), sheet.state == "visible", relation.target)


def _part_of(package: Manifest, content_type: str) -> str | None:
    found = package.find(content_type)  # type: ignore[no-untyped-call]
    return found.PartName[1:] if found is not None else None


def _texts(archive: ZipFile, part: str | None) -> Iterator[str]:
    if part is None:
        return
    with archive.open(part) as stream:
        for count, item in enumerate(elements(stream, _STRING)):
            if count == _MOST_TEXTS:
                raise FileRefused(FileCode.UNPACKS_TOO_LARGE)
            yield string_text(item)


def string_text(item: Any) -> str:
    # Formats and the phonetic guide are left out.
    if len(item) == 1 and item[0].tag == _TEXT:
        found = [item[0].text or ""]
    else:
        found = [run.findtext(_TEXT) or "" for run in (item, *item.findall(_RUN))]
    # `_x005F_` stands for an underscore that is no escape.
    return "".join(found).replace("x005F_", "")


def _formats(archive: ZipFile, part: str) -> Iterator[str]:
    # The format of each style, by the order of the styles.
    if part not in archive.namelist():
        return
    own: dict[int, str] = {}
    styles: list[int] = []
    with archive.open(part) as stream:
        for element in elements(stream, _FORMAT, _STYLES):
            if element.tag == _STYLES:
                styles = [int(style.get("numFmtId", 0)) for style in element]
                continue
            code = element.get("formatCode") or GENERAL
            # No program writes a longer one, and the library's patterns take the square of its length.
            own[int(element.get("numFmtId"))] = code if len(code) <= _LONGEST_FORMAT else GENERAL
            if len(own) > _MOST_FORMATS:
                raise FileRefused(FileCode.UNPACKS_TOO_LARGE)
    for number in styles:
        yield own.get(number) or BUILTIN_FORMATS.get(number, GENERAL)
