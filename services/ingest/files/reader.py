from __future__ import annotations

from services.ingest.files.csv_file import read_csv
from services.ingest.files.heading_rows import KnownHeading
from services.ingest.files.problems import FileCode, FileRefused
from services.ingest.files.table import FileLimits, Table
from services.ingest.files.xlsx.xlsx_file import read_workbook

# First bytes of a zip, and of the older Microsoft container: .xls files and encrypted workbooks.
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
# HTML saved with the name .csv, PDF and RTF decode as text but are no tables.
_MARKUP = (b"<", b"%PDF", b"{\\rtf")
_WORKBOOK_NAMES = (".xlsx", ".xlsm", ".xltx", ".xltm")
_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_MACRO_TYPE = "application/vnd.ms-excel.sheet.macroenabled"


def read_table(
    data: bytes,
    *,
    media_type: str | None,
    file_name: str | None,
    limits: FileLimits,
    known_heading: KnownHeading | None = None,
) -> Table:
    """Raises `FileRefused` at once, or while the caller iterates over the rows."""
    # The bytes decide the format. A sender can give any name or media type, so these only refine the refusal.
    if not data.strip():
        raise FileRefused(FileCode.EMPTY)
    if len(data) > limits.bytes:
        raise FileRefused(FileCode.TOO_LARGE)
    if data.startswith(_ZIP):
        return read_workbook(data, limits, known_heading)
    if data.startswith(_OLE):
        raise FileRefused(FileCode.ENCRYPTED if _ENCRYPTED_PART in data else FileCode.LEGACY_WORKBOOK)
    # This is not a zip, although it is called a workbook. If it were read as text, the refusal would confuse the
    # sender.
    if _claims_workbook(media_type, file_name):
        raise FileRefused(FileCode.NOT_A_WORKBOOK)
    if data.lstrip().startswith(_MARKUP):
        raise FileRefused(FileCode.NOT_A_TABLE)
    return read_csv(data, limits, known_heading)


def _claims_workbook(media_type: str | None, file_name: str | None) -> bool:
    by_name = (file_name or "").lower().endswith(_WORKBOOK_NAMES)
    return by_name or (media_type or "").lower().startswith((_WORKBOOK_TYPE, _MACRO_TYPE))
