from __future__ import annotations

from benchmarks.matching.runs.row_files import ROWS_A_BODY, RowFiles
from benchmarks.matching.world.addresses import STYLES
from services.ingest.reading.drafts import RecordKind
from services.ingest.reading.row_reader import ReadRows, in_this_process
from services.ingest.recording.service import accept
from services.ingest.recording.submission import Origin
from services.ingest.requests import raw_rows
from services.storage.feeds import add_feed
from services.storage.store import Store
from services.web.bodies import JSON, read_json_rows


class RowPoster:
    """Posts the rows of all councils and of one provider, body by body."""

    def __init__(self, store: Store, read: ReadRows = in_this_process) -> None:
        self._store, self._read = store, read
        # By style: the feed of the council that writes so.
        self.councils = {
            style: add_feed(store, "council", f"E9999990{place}", style.title()) for place, style in enumerate(STYLES)
        }
        self.provider = add_feed(store, "provider", "RAVN", "Raven Telecom")
        # Rows without anything that the ingest can use.
        self.refused = 0
        self._bodies = 0

    def post_entries(self, files: RowFiles) -> None:
        for style, body in files.entry_bodies():
            self._post(self.councils[style], RecordKind.ENTRY, "entries", body)

    def post_notices(self, files: RowFiles) -> None:
        for body in files.notice_bodies():
            self._post(self.provider, RecordKind.NOTICE, "notices", body)

    def _post(self, feed: str, kind: RecordKind, member: str, body: bytes) -> None:
        self._bodies += 1
        rows = raw_rows(read_json_rows(body, JSON, member, ROWS_A_BODY))
        source = Origin(feed, kind, "bench", self._bodies.to_bytes(32, "big"))
        receipt, _ = accept(self._store, source, rows, read=self._read)
        self.refused += receipt.counts["rejected"]
