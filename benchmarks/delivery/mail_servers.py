"""Runs mail servers in one process. The process prints the ports, and ends when its standard input ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP

# Seconds between two bytes of a stuttering server, and until a late server answers to a mail.
STUTTER_SECONDS, LATE_SECONDS = 0.5, 20.0


class ServerKind(StrEnum):
    WELL = "well"
    STUTTERING = "stuttering"  # sends a byte of its greeting now and then
    DEAD = "dead"  # accepts connections and never answers
    LATE = "late"  # answers to the whole mail after LATE_SECONDS


class _Taking:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - the library's name
        await asyncio.sleep(self._seconds)
        return "250 OK"


async def _stutter(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(STUTTER_SECONDS)
    except OSError:
        writer.close()


async def _never_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3_600)
    writer.close()


async def _started(kind: ServerKind) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    if kind is ServerKind.STUTTERING:
        return await asyncio.start_server(_stutter, "127.0.0.1", 0)
    if kind is ServerKind.DEAD:
        return await asyncio.start_server(_never_answer, "127.0.0.1", 0)
    seconds = LATE_SECONDS if kind is ServerKind.LATE else 0.0
    return await loop.create_server(lambda: SMTP(_Taking(seconds), hostname="localhost"), "127.0.0.1", 0, backlog=512)


async def _serve(kinds: Sequence[ServerKind]) -> None:
    servers = [await _started(kind) for kind in kinds]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def mail_servers(*kinds: ServerKind) -> Iterator[list[int]]:
    """Run one mail server for each item of `kinds`. Yield the ports of the servers, in the order of `kinds`."""
    command = [sys.executable, "-m", "benchmarks.delivery.mail_servers", *kinds]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield [int(port) for port in process.stdout.readline().split()]
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve([ServerKind(kind) for kind in sys.argv[1:]]))
