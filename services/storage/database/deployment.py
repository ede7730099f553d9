# Topics and consumer groups contain the name, so that deployments can share a Kafka.

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import IntegrityError

from services.core.errors import RefusedError
from services.core.ids import RandomBytes
from services.storage.database.engine import reading
from services.storage.tables import deployment

ID_BYTES = 16

# The key of the only row.
ONLY = 1


@dataclass(frozen=True, slots=True)
class DeploymentIdentity:
    name: str
    id: str


def identity_of(connection: Connection) -> DeploymentIdentity | None:
    row = connection.execute(select(deployment.c.name, deployment.c.id)).one_or_none()
    return None if row is None else DeploymentIdentity(*row)


def claim_database(engine: Engine, name: str, random: RandomBytes = os.urandom) -> DeploymentIdentity:
    """Return the identity of the database. A database without an identity gets one with this name.

    Raises RefusedError if the database belongs to another deployment.
    """
    found = _found(engine)
    if found is None:
        # Several roles start at the same time: the first one keeps its claim.
        with suppress(IntegrityError), engine.begin() as connection:
            connection.execute(insert(deployment).values(key=ONLY, name=name, id=random(ID_BYTES).hex()))
        found = _found(engine)
    # Whoever claimed first has committed by now.
    if found is None or found.name != name:
        kept = found.name if found else "another"
        raise RefusedError(
            f"this database belongs to the deployment `{kept}`, and PULLCORD_DEPLOYMENT says `{name}`: "
            f"set it to `{kept}`, or PULLCORD_DATABASE_URL to the database of `{name}`"
        )
    return found


def _found(engine: Engine) -> DeploymentIdentity | None:
    with reading(engine).begin() as connection:
        return identity_of(connection)
