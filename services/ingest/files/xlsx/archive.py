"""Checks a zip file before it is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib

from services.ingest.files.problems import FileCode, FileRefused
from services.ingest.files.table import FileLimits

_ENCRYPTED_FLAG = 0x1
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
_HEAD = 4_096  # bytes
# Unpacked bytes below which the packing ratio of a part is not checked: small XML can pack very well.
_SMALL_PART = 1_000_000
# The methods that spreadsheet programs use. Other methods are rare, and their unpackers are less tested.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def check_archive(data: bytes, limits: FileLimits) -> None:
    """Raises `FileRefused` if the archive is no workbook or exceeds the limits."""
    # The stated sizes can be trusted: zipfile never unpacks more than the directory states.
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            is_strict = _is_strict(archive)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FileRefused(FileCode.UNREADABLE) from error
    _check_kind({part.filename for part in parts})
    if is_strict:
        raise FileRefused(FileCode.STRICT_WORKBOOK)
    if any(part.flag_bits & _ENCRYPTED_FLAG for part in parts):
        raise FileRefused(FileCode.ENCRYPTED)
    if any(part.compress_type not in _METHODS for part in parts):
        raise FileRefused(FileCode.NOT_A_WORKBOOK)
    _check_size(parts, limits)


def _is_strict(archive: zipfile.ZipFile) -> bool:
    # The namespace stands in the first element. Other faults of the part are found when it is read.
    try:
        with archive.open("xl/workbook.xml") as part:
            return _STRICT in part.read(_HEAD)
    except (KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError):
        return False


def _check_kind(names: set[str]) -> None:
    # Binary workbooks (.xlsb) and OpenDocument files are zips as well.
    if "xl/workbook.bin" in names or "mimetype" in names:
        raise FileRefused(FileCode.LEGACY_WORKBOOK)
    if "[Content_Types].xml" not in names:
        raise FileRefused(FileCode.NOT_A_WORKBOOK)


def _check_size(parts: list[zipfile.ZipInfo], limits: FileLimits) -> None:
    too_many = len(parts) > limits.parts
    too_large = sum(part.file_size for part in parts) > limits.unpacked_bytes
    too_dense = any(part.file_size > max(_SMALL_PART, part.compress_size * limits.unpacked_ratio) for part in parts)
    if too_many or too_large or too_dense:
        raise FileRefused(FileCode.UNPACKS_TOO_LARGE)
