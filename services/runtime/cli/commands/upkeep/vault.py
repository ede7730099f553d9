from __future__ import annotations

from time import sleep
from typing import Annotated

import typer

from services.core.errors import RefusedError
from services.runtime.cli.support.help_texts import examples, group
from services.runtime.cli.support.open_deployment import opened
from services.runtime.cli.support.output import complain, counted, escaped, progress, say
from services.runtime.maintenance.keyring import change_keyring, with_new_key, with_newest_current, without_key
from services.runtime.settings import Settings
from services.storage.secrets.reseal import left_to_reseal, reseal_all, sealed_under
from services.storage.store import Store

app = group("The keys under which telephone numbers, addresses and names are encrypted.")

COPY_AGAIN = "Copies of the keys file made before this do not hold the new key: copy it again."

# The exit code if some values are still sealed under an older key.
SOMETHING_LEFT = 1

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("add-key", epilog=examples("pullcord vault add-key"))
def add_key() -> None:
    """Add a vault key to the keys file. The new key encrypts nothing until `vault rotate` makes it current.

    You need this command only if processes read copies of the keys file. Afterwards, give every process the new file.
    Then run `vault rotate`.
    """
    settings = _with_a_file()
    keyring = change_keyring(settings.keys_path, with_new_key)
    *_, added = keyring.vault
    say(
        f"The key {escaped(added)} is in {escaped(settings.keys_path)}; {escaped(keyring.current)} goes on sealing.",
        COPY_AGAIN,
    )


@app.command(epilog=examples("pullcord vault rotate", "pullcord vault rotate --yes"))
def rotate(yes: Yes = False) -> None:
    """Make the newest vault key current, and encrypt everything again with this key.

    If the newest key is already current, a new key is added first. Processes may keep running, because every process
    notices the change of the keys file. The old keys stay in the file, because older backups need them.
    """
    settings = _with_a_file()
    with opened(settings):
        if not yes:
            say(COPY_AGAIN)
            typer.confirm("Shall the key be changed?", abort=True)
    # The database is opened first, because keys must not change for a database that does not exist.
    keyring = change_keyring(settings.keys_path, with_newest_current)
    say(f"The key {escaped(keyring.current)} is in {escaped(settings.keys_path)} and seals from now on.", COPY_AGAIN)
    with opened(settings) as store:
        _reseal(store)


@app.command("reseal", epilog=examples("pullcord vault reseal"))
def reseal_() -> None:
    """Encrypt again, with the current key, all data that an older key encrypts.

    If the command was interrupted, run the command again for the remaining data.
    """
    with opened() as store:
        _reseal(store)


@app.command("remove-key", epilog=examples("pullcord vault remove-key k1"))
def remove_key(
    key: Annotated[str, typer.Argument(help="The key's id, as the keys file has it.", metavar="ID")],
    yes: Yes = False,
) -> None:
    """Remove an old vault key from the keys file, unless the key still encrypts a stored value.

    Without this key, nobody can read backups from the time when the key was in use.
    """
    settings = _with_a_file()
    with opened(settings) as store, store.reading() as connection:
        # Without the key these values could never be read again.
        count = sealed_under(connection, store.vault)[key]
    if count:
        raise RefusedError(f"{counted(count, 'value')} would be lost with it: run `pullcord vault reseal` first")
    if not yes:
        say(
            "Backups from the time when this key was in use cannot be read without it: keep a copy of the key for as "
            "long as you keep those backups."
        )
        typer.confirm("Shall it be taken away?", abort=True)
    change_keyring(settings.keys_path, lambda keyring: without_key(keyring, key))
    say(f"The key {escaped(key)} is no longer in {escaped(settings.keys_path)}.")


def _with_a_file() -> Settings:
    settings = Settings()
    if settings.keys is not None:
        raise RefusedError(
            "the keys come from PULLCORD_KEYS, which cannot be changed from here: docs/operations.md says how keys in "
            "the environment are changed without a stop"
        )
    return settings


def _reseal(store: Store) -> None:
    done = 0
    with progress() as bar:
        task = bar.add_task("Sealing anew", total=left_to_reseal(store))
        # In small parts with pauses, so that all other work goes on.
        for count in reseal_all(store, sleep):
            done += count
            bar.advance(task, count)
    # A process that has not read the new keys file yet may have sealed values under the old key meanwhile.
    left = left_to_reseal(store)
    if left:
        complain(
            f"{counted(done, 'value')} sealed anew, and {left:,} still under an older key: a process seals under it, "
            "or holds them. Run `pullcord vault reseal` again."
        )
        raise typer.Exit(SOMETHING_LEFT)
    say(f"{counted(done, 'value')} sealed anew; everything is under the key {escaped(store.vault.current)}.")
