"""A Faust consumer that notices when brokers have lost what it had read, and begins the partition anew.

A group's place may lie behind the end of its partition: the brokers have lost all, the topic was made anew, and a
worker that had lived through it has written down the place it knew. Faust leaves out whatever lies before that place,
without a word, until the partition has grown beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import faust
import structlog
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP

log = structlog.get_logger()


class RewindingConsumer(Consumer):  # type: ignore[misc,unused-ignore]
    """Seeks to where its group is, and to the beginning of a partition that does not reach so far."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        places: Mapping[TP, int] = await super().seek_to_committed()
        # The end of each partition as the brokers have it now.
        ends = await self.highwaters(*places)
        lost = [one for one, place in places.items() if place is not None and place > ends[one]]
        if not lost:
            return places
        # Not the end: what was published since the loss must be handled too.
        begins = await self.earliest_offsets(*lost)
        for one, begin in begins.items():
            # Once for each partition; the topic is enough to find the rest in the metrics.
            log.error("records_lost", topic=one.topic)
            await self._seek(one, begin)
        return {**places, **begins}


class RewindingTransport(Transport):  # type: ignore[misc,unused-ignore]
    """Makes such consumers."""

    Consumer = RewindingConsumer


class RewindingApp(faust.App):  # type: ignore[misc,unused-ignore]
    """A Faust application that reads with such a consumer."""

    def _new_transport(self) -> Any:
        # Faust offers no setting for its consumer.
        return RewindingTransport(self.conf.broker_consumer, self)
