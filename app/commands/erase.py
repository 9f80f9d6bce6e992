"""``partyline erase``."""

import json
from dataclasses import asdict

from app.commands.console import say
from app.settings import Settings
from app.wiring import build_services
from app.wiring.upkeep import build_eraser
from services.domain.people import LOCAL_USER
from services.upkeep.erasing import TAPES_KEPT_DAYS, CustomerTraces


def erase_customer(settings: Settings, customer_ref: str, *, yes: bool, as_json: bool) -> int:
    """Count what there is of a customer and, if ``yes``, erase it; counts go to standard output."""
    services = build_services(settings)
    try:
        eraser = build_eraser(services)
        if yes:
            traces = eraser.erase(LOCAL_USER, customer_ref)
        else:
            traces = eraser.look(LOCAL_USER, customer_ref)
        due = services.copies.due_count()
    finally:
        services.close()
    if as_json:
        print(json.dumps({"erased": yes, **asdict(traces), "copies_still_due": due}))
    else:
        print(_told(traces, yes=yes))
    if yes and due:
        say(f"{due} copies at providers could not be deleted yet; a worker keeps asking for it.")
    if yes and traces.tapes_elsewhere:
        say(
            f"{traces.tapes_elsewhere} tapes of calls being held are on other machines: those "
            f"delete them {TAPES_KEPT_DAYS} days after the last sound. Delete them there (live/ of "
            "the data folder) if they have to go sooner."
        )
    if yes and not traces.is_nothing:
        say("Backups made before still hold these calls: make a new one and prune the old ones.")
    return 0


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
