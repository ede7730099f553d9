"""The HTTP process and the background process send messages to each other. A message is one line of JSON."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

SECONDS_TO_SEND = 2


@dataclass(slots=True)
class TaskState:
    name: str
    alive: bool
    failing: int


class ProcessLink:
    """Any thread may call the methods."""

    def __init__(self, end: socket.socket) -> None:
        end.settimeout(None)
        # A process that does not read must not hold up the other: what cannot be sent in this time is dropped.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SECONDS_TO_SEND, 0))
        self._end = end
        self._sending = Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        # If the other process has ended, nothing is sent: `messages` then ends.
        line = json.dumps(message).encode() + b"\n"
        with self._sending, suppress(OSError):
            self._end.sendall(line)

    def messages(self) -> Iterator[dict[str, Any]]:
        with suppress(OSError), self._end.makefile("rb") as lines:
            for line in lines:
                # A line that was cut off is the last one of a process that died.
                with suppress(ValueError):
                    yield json.loads(line)

    def close(self) -> None:
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()


def handle_messages(link: ProcessLink, handlers: Mapping[str, Callable[[Any], None]]) -> None:
    for message in link.messages():
        for kind, content in message.items():
            if kind in handlers:
                handlers[kind](content)
