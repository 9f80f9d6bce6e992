"""``partyline keys``."""

import json
from dataclasses import asdict

from app.commands.console import operator, say
from app.settings import Settings
from app.wiring import build_services
from app.wiring.upkeep import build_rotator


def show_keys(settings: Settings) -> int:
    """Print how many data keys are under which master key; never a key."""
    services = build_services(settings)
    try:
        standing = build_rotator(services, [], say).standing(operator(settings))
    finally:
        services.close()
    print(json.dumps(asdict(standing)))
    return 0


def rotate_keys(settings: Settings, places: list[str]) -> int:
    """Bring everything under a new master key. Raises KeysUnsettled."""
    services = build_services(settings)
    try:
        done = build_rotator(services, places, say).rotate(operator(settings))
    finally:
        services.close()
    print(f"Sealed anew: {done.keys} keys, {done.tapes} tapes, {done.backups} backups.")
    if settings.has_given_key:
        say("Take the earlier key out of PARTYLINE_KEY_PREVIOUS once keys show tells of none.")
    else:
        say(
            f"The earlier key is kept beside {settings.key_file} for what is being written; "
            "in an hour partyline keys forget deletes it. Keep a copy of the new key."
        )
    say("Calls in backups made before are under the earlier key: keep it as long as those.")
    return 0


def forget_key(settings: Settings) -> int:
    """Delete the key that was replaced. Raises KeysUnsettled while it is needed."""
    services = build_services(settings)
    try:
        build_rotator(services, [], say).forget_previous(operator(settings))
    finally:
        services.close()
    return 0
