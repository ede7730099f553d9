from __future__ import annotations

from collections.abc import Mapping

from tests.chaos.deployment.processes import Role
from tests.chaos.deployment.proxy import Proxy
from tests.chaos.faults.evidence import Bring
from tests.chaos.faults.schedule import Kind
from tests.chaos.faults.server_faults import restart_broker, restart_postgres, through_proxy, wipe_broker
from tests.chaos.faults.worker_faults import disorder, duplicates, full_outbox, kill, rebalance, slow_consumer

DELAY_SECONDS = 0.2

BRINGERS: Mapping[Kind, Bring] = {
    Kind.KILL_INGEST: kill(Role.INGEST),
    Kind.KILL_RELAY: kill(Role.RELAY),
    Kind.KILL_MATCHER: kill(Role.MATCHER),
    Kind.KILL_ALERTS: kill(Role.ALERTS),
    Kind.BROKER_RESTARTED: restart_broker,
    Kind.BROKER_WIPED: wipe_broker,
    Kind.POSTGRES_RESTARTED: restart_postgres,
    Kind.CUT: through_proxy(Proxy.cut, "cut"),
    Kind.DELAYED: through_proxy(lambda proxy: proxy.delay(DELAY_SECONDS), "delayed"),
    Kind.HALF_OPEN: through_proxy(Proxy.half_open, "silenced"),
    Kind.DUPLICATES: duplicates,
    Kind.REORDERING: disorder,
    Kind.REBALANCE: rebalance,
    Kind.SLOW_CONSUMER: slow_consumer,
    Kind.FULL_OUTBOX: full_outbox,
}
