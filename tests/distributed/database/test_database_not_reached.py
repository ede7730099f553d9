from __future__ import annotations

import pytest
from psycopg import OperationalError as DriverError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from services.runtime.cli.commands.running.waiting import meaning
from services.storage.database.engine import make_engine

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


def failure(url: str) -> OperationalError:
    engine = make_engine(url)
    with pytest.raises(OperationalError) as raised, engine.connect():
        pass
    engine.dispose()
    return raised.value


def test_of_a_server_that_has_no_such_database(engine: Engine) -> None:
    url = engine.url.set(database="elsewhere").render_as_string(hide_password=False)
    assert meaning(failure(url)) == "the server has no database of the name in PULLCORD_DATABASE_URL"


def test_of_a_server_that_does_not_know_the_user(engine: Engine) -> None:
    url = engine.url.set(username="stranger").render_as_string(hide_password=False)
    assert meaning(failure(url)) == "the database does not know the user of PULLCORD_DATABASE_URL"


def test_where_nobody_answers() -> None:
    said = meaning(failure("postgresql+psycopg://u:p@127.0.0.1:9/pullcord"))
    assert said == "nobody answers at PULLCORD_DATABASE_URL"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ('FATAL:  password authentication failed for user "pullcord"', "with its password"),
        ("fe_sendauth: no password supplied", "wants a password"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "p", database "d"', "lets nobody in"),
        ('root certificate file "/root.crt" does not exist', "sslrootcert"),
        ("could not resolve host 'db.example.org'", "no host of the name"),
    ],
)
def test_what_servers_say_otherwise(words: str, meant: str) -> None:
    said = meaning(OperationalError("", None, DriverError(words)))
    assert meant in said
    assert "10.0.0.1" not in said
    assert "example" not in said


def test_what_is_not_understood_is_told_by_its_kind() -> None:
    assert meaning(OperationalError("", None, DriverError("something else"))) == "OperationalError"
