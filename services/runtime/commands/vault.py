"""`pullcord vault`: a new key for what is encrypted at rest."""

from __future__ import annotations

from typing import Annotated

import typer

from services.core.errors import RefusedError
from services.runtime.commands.opening import opened
from services.runtime.commands.shown import counted, examples, group, named, progress, say
from services.runtime.keyring import read_keyring, with_new_vault_key, write_keyring
from services.runtime.settings import Settings
from services.storage.reseal import left_to_reseal, reseal
from services.storage.store import Store

app = group("The keys under which telephone numbers, addresses and names are encrypted.")

STOP_FIRST = (
    "Stop `pullcord serve` first: one that is running does not know the new key and cannot read what is sealed "
    "with it. Copies of the keys file made before this do not hold the new key: copy it again."
)


@app.command(epilog=examples("pullcord vault rotate", "pullcord vault rotate --yes"))
def rotate(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Make a new vault key, and seal everything anew under it.

    The old keys stay in the keys file, for backups made before. Stop `pullcord serve` first, and start it after.
    """
    settings = Settings()
    if settings.keys is not None:
        raise RefusedError(
            "the keys come from PULLCORD_KEYS, which cannot be changed from here: add a vault key to it, name it in "
            "`current`, start anew, then run `pullcord vault reseal`"
        )
    with opened(settings):
        if not yes:
            say(STOP_FIRST)
            typer.confirm("Is it stopped, and shall the key be changed?", abort=True)
    keyring = with_new_vault_key(read_keyring(settings.keys_path))
    write_keyring(settings.keys_path, keyring)
    say(f"The key {keyring.current} is in {named(settings.keys_path)} and seals from now on.")
    with opened(settings) as store:
        _reseal(store)


@app.command("reseal", epilog=examples("pullcord vault reseal"))
def reseal_() -> None:
    """Seal everything anew that is not under the current key. It carries on where an earlier run was cut off."""
    with opened() as store:
        _reseal(store)


def _reseal(store: Store) -> None:
    total = left_to_reseal(store)
    with progress() as bar:
        task = bar.add_task("Sealing anew", total=total)
        for done in reseal(store):
            bar.advance(task, done)
    say(f"{counted(total, 'value')} sealed anew; everything is under the key {store.vault.current}.")
