"""The whole server as it is served, with one call being held, and what an attacker may know of it.

Run as a module: writes the call's id, tokens of every purpose and the process's id as JSON to the
file it is given, then serves.
"""

import json
import os
import sys
from pathlib import Path

from app.serve import run_server
from app.settings import load_settings
from app.wiring import process_services
from services.access.tokens import ANY_CALL, Purpose
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER, Role, User

STRANGER = User(id="mallory", name="Mallory", org_id="elsewhere", role=Role.ADMIN)


def main(told: Path) -> int:
    """Begin a call, tell of it, and serve until stopped."""
    settings = load_settings()
    services = process_services()
    call = services.live.begin(
        LOCAL_USER,
        "A call",
        ProcessingOptions(provider="scripted"),
        CallDetails(),
        channels=1,
        source=LiveSource.MICROPHONE,
    )

    def token(purpose: Purpose, *, user: User = LOCAL_USER, ttl_s: int = 3_600) -> str:
        subject = ANY_CALL if purpose is Purpose.UPLOAD else call.id
        return services.tokens.issue(purpose, subject, user=user, session="s", ttl_s=ttl_s)

    known = {
        "pid": os.getpid(),
        "call": call.id,
        "tokens": {purpose: token(purpose) for purpose in Purpose},
        "expired": {purpose: token(purpose, ttl_s=-1) for purpose in Purpose},
        "strangers": {purpose: token(purpose, user=STRANGER) for purpose in Purpose},
    }
    told.write_text(json.dumps(known))
    return run_server(settings, workers=False)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
