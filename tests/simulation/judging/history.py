from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any


class What(StrEnum):
    POLICY = "policy"  # about a council: its contacts and numbers from now on
    ENTRY = "entry"  # about a resident: the register has the resident, or says that the service has ended
    NOTICE = "notice"  # about a resident: a provider's notice was accepted
    CASE = "case"  # about a resident: the reference of the case
    ATTEMPT = "attempt"  # about a contact: an attempt began, and what it says of each case
    ANSWER = "answer"  # about a contact: the service learned the outcome of an attempt
    ARRIVAL = "arrival"  # about a contact: a message arrived
    BOUNCE = "bounce"  # about a contact: a message that was accepted came back
    ACT = "act"  # about a resident: a person recorded an act, and the service accepted it
    REFUSED = "refused"  # about a resident or council: the service refused what a person or feed sent
    CHANNEL = "channel"  # about a contact: a channel has a fault until a time
    DOWN = "down"  # nothing runs until a time
    CLOCK = "clock"  # the clock of the service is wrong by some seconds until a time
    REPLAY = "replay"  # every event is published again
    KILLED = "killed"  # the process ended before a commit


@dataclass(frozen=True, slots=True)
class Happened:
    at: datetime
    what: What
    about: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        facts = " ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.at:%a %d %b %Y %H:%M:%S} {self.what} {self.about} {facts}".rstrip()


@dataclass
class Record:
    happened: list[Happened] = field(default_factory=list)

    def note(self, at: datetime, what: What, about: str = "", **facts: Any) -> None:
        self.happened.append(Happened(at, what, about, facts))

    def __iter__(self) -> Iterator[Happened]:
        return iter(self.happened)

    def digest(self) -> str:
        return sha256("\n".join(map(str, self.happened)).encode()).hexdigest()
