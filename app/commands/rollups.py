"""The command that looks after the sums behind Analytics."""

from app.commands.console import say
from app.settings import Settings
from services.storage.database import open_engine
from services.storage.rollups import RollupStore
from services.storage.schema import migrate


def check_rollups(settings: Settings, *, rebuild: bool) -> int:
    """Make the sums anew if that is wanted, and compare them with the calls; the exit status.

    Raises DatabaseTooNew, StorageError.
    """
    engine = open_engine(settings.database_url)
    migrate(engine)
    store = RollupStore(engine)
    try:
        if rebuild:
            say(f"{store.rebuild():,} sums made anew.")
        else:
            store.fold()
        differing = store.differing()
    finally:
        engine.dispose()
    if differing:
        say(f"Sums differ from the calls in {', '.join(differing)}: use --rebuild.")
        return 1
    say("All sums are what the calls give.")
    return 0
