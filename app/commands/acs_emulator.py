"""``partyline emulator acs``: phone calls that nobody makes."""

from dataclasses import dataclass
from threading import Event

from emulators.acs.handler import Refused
from emulators.acs.plans import CallPlan, SeenCall
from emulators.acs.server import AcsEmulator
from emulators.acs.tokens import TokenKind
from services.domain.errors import InvalidRequest

LOOK_EVERY_S = 0.2
OWN_NUMBER = "+14255550100"


@dataclass(frozen=True, kw_only=True)
class PhoneScript:
    """What is to happen: without ``to`` nothing before somebody asks for it."""

    to: str = ""
    calls: int = 1
    events: str = ""
    speed: float = 1.0
    rounds: int | None = 1
    tokens: str = TokenKind.GOOD.value
    drop_after: int | None = None
    malformed_every: int | None = None


def run_acs(script: PhoneScript, port: int) -> int:
    """Serve an emulated telephone service until interrupted, or until its calls are over.

    Returns 1 when a call could not be delivered. Raises InvalidRequest for what it can't do.
    """
    plan = _plan(script)
    with AcsEmulator(plan, port=port) as service:
        told = {
            "ACS_ENDPOINT": service.endpoint,
            "ACS_ACCESS_KEY": service.key,
            "ACS_RESOURCE_ID": service.issuer.audience,
            "ACS_TOKEN_ISSUER": service.endpoint,
            # Nothing is sent there; one's own number and speech resource have to be something.
            "ACS_SPEECH_ENDPOINT": service.endpoint,
            "ACS_CALLER_NUMBER": OWN_NUMBER,
            "PARTYLINE_PHONE_PREFIXES": "+",
        }
        print(" ".join(f"{name}={value}" for name, value in told.items()), flush=True)
        if not script.to:
            Event().wait()
        try:
            for _ in range(script.calls):
                service.dial(script.to, callback_url=script.events)
        except Refused:
            raise InvalidRequest("Calls go to addresses of this machine only.") from None
        while not all(call.is_over for call in service.calls):
            service.stopping.wait(LOOK_EVERY_S)
        return _report(service.calls)


def _report(calls: list[SeenCall]) -> int:
    """Print what was sent and how much of it was not wanted; return the exit status."""
    refused = sum(call.refused for call in calls)
    lost = sum(call.lost for call in calls)
    print(
        f"{len(calls)} calls, {sum(call.frames for call in calls)} frames, "
        f"{refused} connections refused, {lost} lost",
        flush=True,
    )
    return 1 if refused or lost else 0


def _plan(script: PhoneScript) -> CallPlan:
    try:
        tokens = TokenKind(script.tokens)
    except ValueError:
        raise InvalidRequest(f"Tokens are {', '.join(TokenKind)}.") from None
    return CallPlan(
        speed=script.speed,
        rounds=script.rounds,
        tokens=tokens,
        callback_tokens=tokens,
        hangs_up=bool(script.to),
        drop_after_frames=script.drop_after,
        malformed_every=script.malformed_every,
    )
