"""The name and the id of the deployment that a database belongs to.

Two deployments on one Kafka would take each other's events. The name keeps their topics and consumer groups apart. The
id shows to whom an event belongs, if both were given the same name.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from services.core.errors import RefusedError
from services.core.ids import RandomBytes
from services.storage.store import Store
from services.storage.tables import deployment

ID_BYTES = 16

# The key of the only row.
ONLY = 1


@dataclass(frozen=True, slots=True)
class DeploymentIdentity:
    """The name that the operator chose, and a random id."""

    name: str
    id: str


def identity_of(connection: Connection) -> DeploymentIdentity | None:
    """Return the identity of the database's deployment, or None if no process has claimed it yet."""
    row = connection.execute(select(deployment.c.name, deployment.c.id)).one_or_none()
    return None if row is None else DeploymentIdentity(*row)


def claim_database(store: Store, name: str) -> DeploymentIdentity:
    """Keep the name of the deployment, unless the database has one. Return what the database has.

    Raises RefusedError if the database belongs to a deployment of another name.
    """
    with store.reading() as connection:
        found = identity_of(connection)
    if found is None:
        with store.writing() as connection:
            found = _claimed(connection, name, store.random)
    if found.name != name:
        raise RefusedError(
            f"this database belongs to the deployment `{found.name}`, and PULLCORD_DEPLOYMENT says `{name}`: "
            f"set it to `{found.name}`, or PULLCORD_DATABASE_URL to the database of `{name}`"
        )
    return found


def _claimed(connection: Connection, name: str, random: RandomBytes) -> DeploymentIdentity:
    # Several roles start at the same time, so the row may be there by now.
    if (found := identity_of(connection)) is not None:
        return found
    made = DeploymentIdentity(name, random(ID_BYTES).hex())
    connection.execute(insert(deployment).values(key=ONLY, name=made.name, id=made.id))
    return made
