from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import faust
import structlog
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP

log = structlog.get_logger()


# This thread logs a fault as one line of JSON, without a traceback.
class LoggedThread(AIOKafkaConsumerThread):  # type: ignore[misc,unused-ignore]
    def on_crash(self, msg: str, *fmt: Any, **kwargs: Any) -> None:  # noqa: ARG002 - the library's names
        # The library would print a traceback, which no reader of JSON lines understands. It may name hosts.
        log.error("consumer_crashed", error=type(sys.exc_info()[1]).__name__)


class RewindingConsumer(Consumer):  # type: ignore[misc,unused-ignore]
    """Starts at the beginning of a partition if the committed offset is beyond the end of the partition."""

    # Brokers can lose records. Faust itself would then skip new records.

    def _new_consumer_thread(self) -> Any:
        return LoggedThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        places: Mapping[TP, int] = await super().seek_to_committed()
        # The end of each partition as the brokers have it now.
        ends = await self.highwaters(*places)
        lost = [one for one, place in places.items() if place is not None and place > ends[one]]
        if not lost:
            return places
        # The beginning and not the end: records published since the loss must be handled too.
        begins = await self.earliest_offsets(*lost)
        for one, begin in begins.items():
            # One line for each partition. The metrics of the topic show the rest.
            log.error("records_lost", topic=one.topic)
            await self._seek(one, begin)
        return {**places, **begins}


class RewindingTransport(Transport):  # type: ignore[misc,unused-ignore]
    Consumer = RewindingConsumer


class RewindingApp(faust.App):  # type: ignore[misc,unused-ignore]
    def _new_transport(self) -> Any:
        # Faust has no setting for the class of its consumer.
        return RewindingTransport(self.conf.broker_consumer, self)
