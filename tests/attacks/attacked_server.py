"""The whole server as it is served, and what an attacker may know of it.

Run as a module: writes a call's id, tokens of every purpose and the process's id as JSON to the
file it is given, then serves. With ``holding`` behind it the call is being held, else it is stored.
"""

import json
import os
import sys
from pathlib import Path

from app.serve import run_server
from app.settings import load_settings
from app.wiring import Services, process_services
from services.access.tokens import ANY_CALL, Purpose
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER, Role, User

STRANGER = User(id="mallory", name="Mallory", org_id="elsewhere", role=Role.ADMIN)


def held_call(services: Services) -> str:
    """Begin a call and return its id."""
    begun = services.live.begin(
        LOCAL_USER,
        "A call",
        ProcessingOptions(provider="scripted"),
        CallDetails(),
        channels=1,
        source=LiveSource.MICROPHONE,
    )
    return begun.id


def stored_call(services: Services) -> str:
    """Hand a recording in and return the id of its call, which waits to be processed."""
    with services.intake.begin(LOCAL_USER, "a call.wav") as incoming:
        incoming.write(b"RIFF" + bytes(1_000))
        received = incoming.commit(ProcessingOptions(provider="scripted"), CallDetails())
    return received.call_id


def main(told: Path, *, holding: bool) -> int:
    """Tell what may be known, and serve until stopped."""
    settings = load_settings()
    services = process_services()
    call = held_call(services) if holding else stored_call(services)

    def token(purpose: Purpose, *, user: User = LOCAL_USER, ttl_s: int = 3_600) -> str:
        subject = ANY_CALL if purpose is Purpose.UPLOAD else call
        return services.tokens.issue(purpose, subject, user=user, session="s", ttl_s=ttl_s)

    known = {
        "pid": os.getpid(),
        "call": call,
        "tokens": {purpose: token(purpose) for purpose in Purpose},
        "expired": {purpose: token(purpose, ttl_s=-1) for purpose in Purpose},
        "strangers": {purpose: token(purpose, user=STRANGER) for purpose in Purpose},
    }
    told.write_text(json.dumps(known))
    return run_server(settings, workers=False)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), holding="holding" in sys.argv))
