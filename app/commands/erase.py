"""``partyline erase``."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from app.commands.console import operator, say
from app.settings import Settings
from app.wiring import Services, build_services
from app.wiring.upkeep import build_eraser, remains_finder, scrubber
from services.domain.errors import BackupMissing, NotFound
from services.storage.remains import Needles
from services.upkeep.erasing import TAPES_KEPT_DAYS, CustomerTraces
from services.upkeep.remains import Search

EXIT_REMAINS = 1


def erase_customer(
    settings: Settings, customer_ref: str, places: list[str], *, yes: bool, as_json: bool
) -> int:
    """Count what there is of a customer and, if ``yes``, erase it; counts go to standard output."""
    services = build_services(settings)
    try:
        eraser = build_eraser(services)
        if yes:
            traces = eraser.erase(operator(settings), customer_ref)
        else:
            traces = eraser.look(operator(settings), customer_ref)
        due = services.copies.due_count()
    finally:
        services.close()
    if as_json:
        print(json.dumps({"erased": yes, **asdict(traces), "copies_still_due": due}))
    else:
        print(_told(traces, yes=yes))
    if yes:
        _say_what_is_left(due, traces.tapes_elsewhere)
        # Also when nothing was there: it may have been interrupted before it came to these.
        _scrub(settings, places)
    return 0


def erase_call(
    settings: Settings, call_id: str, places: list[str], *, yes: bool, as_json: bool
) -> int:
    """Erase one call if ``yes``. Raises NotFound, unless it is gone and ``yes`` finishes it."""
    services = build_services(settings)
    try:
        if yes:
            try:
                build_eraser(services).erase_call(operator(settings), call_id)
            except NotFound:
                services.keeping.remover.finish(call_id)
                raise
        else:
            services.authority.reached(operator(settings), call_id)
        due = services.copies.due_count()
    finally:
        services.close()
    if as_json:
        print(json.dumps({"erased": yes, "copies_still_due": due}))
    else:
        print("Erased: one call." if yes else "There is this call. Nothing was erased: say --yes.")
    if yes:
        _say_what_is_left(due, 0)
        _scrub(settings, places)
    return 0


def verify_erased(
    settings: Settings,
    *,
    customer: str | None,
    call: str | None,
    content: str | None,
    places: list[str],
    logs: Iterable[Path],
    as_json: bool,
) -> int:
    """Print what was searched and what was found; 1 when anything was."""
    services = build_services(settings)
    try:
        needles = _needles(services, customer, call, content)
        with remains_finder(services, places, logs) as finder:
            search = finder.look(needles)
    finally:
        services.close()
    if as_json:
        told = {
            "searched": dict(search.searched),
            "found": list(map(asdict, search.found)),
            "kept": list(map(asdict, search.kept)),
        }
        print(json.dumps(told))
    else:
        _print_search(search, with_backups=bool([*settings.backup_places, *places]))
    return EXIT_REMAINS if search.found else 0


def _needles(
    services: Services, customer: str | None, call: str | None, content: str | None
) -> Needles:
    ids = {call} if call else set()
    if customer:
        ids |= set(build_eraser(services).call_ids(operator(services.settings), customer))
    if content:
        ids.add(content)
    for one in tuple(ids):
        try:
            ids.add(services.calls.get(services.settings.org, one).content_hash)
        except NotFound:
            continue
    return Needles(ids=frozenset(ids), refs=frozenset({customer.strip()} if customer else ()))


def _print_search(search: Search, *, with_backups: bool) -> None:
    for kind, count in sorted(search.searched.items()):
        print(f"searched {kind}: {count}")
    if not with_backups:
        print("not searched: backups; name places by --backup or PARTYLINE_BACKUPS")
    for kept in search.kept:
        print(f"kept on purpose: {kept.where}: {kept.what}")
    for found in search.found:
        print(f"FOUND in {found.where}: {found.what}")
    print(f"{len(search.found)} remains" if search.found else "Nothing is left.")


def _scrub(settings: Settings, places: list[str]) -> None:
    """Take what was erased out of all backups that can be reached."""
    named = tuple(dict.fromkeys([*settings.backup_places, *places]))
    if not named:
        say(
            "Backups made before still hold it: partyline backup scrub PLACE takes it out. "
            "A place that knows of it, or the next backup, keeps a restore from bringing it back."
        )
        return
    with scrubber(settings, say) as scrub:
        for number, place in enumerate(named, 1):
            try:
                done = scrub(place)
            except BackupMissing:
                say(f"Place {number} isn't there. What lies in it may still hold it.")
                continue
            say(f"Place {number}: taken out of {done.backups} backups, {done.sounds} sound files.")
            for backup_id in done.unread:
                say(f"Backup {backup_id} can't be looked into; it may still hold it.")


def _say_what_is_left(due: int, tapes_elsewhere: int) -> None:
    if due:
        say(f"{due} copies at providers could not be deleted yet; a worker keeps asking for it.")
    if tapes_elsewhere:
        say(
            f"{tapes_elsewhere} tapes of calls being held are on other machines: those "
            f"delete them {TAPES_KEPT_DAYS} days after the last sound. Delete them there (live/ of "
            "the data folder) if they have to go sooner."
        )


def _told(traces: CustomerTraces, *, yes: bool) -> str:
    if traces.is_nothing:
        return "Nothing is stored of this customer."
    counts = (
        f"{traces.calls} calls with {traces.transcripts} transcripts, {traces.runs} runs and "
        f"{traces.sound_files} sound files, {traces.copies} copies at providers, "
        f"{traces.live_calls} calls being held ({traces.tapes_elsewhere} of them with their sound "
        f"on other machines), {traces.uploads} uploads that are no calls yet"
    )
    return f"Erased: {counts}." if yes else f"There are {counts}. Nothing was erased: say --yes."
