"""How a phone call's transcription is asked for, as the text that is kept with the call.

So whoever goes on with a call, after the process that held it has died, asks for the same.
"""

import json
from dataclasses import asdict

from services.domain.errors import InvalidRequest
from services.telephony.acs.wire.wishes import Masking, PhoneWish


def wish_text(wish: PhoneWish) -> str:
    """Return the wish as a text."""
    return json.dumps(asdict(wish), separators=(",", ":"))


def wish_of(text: str | None) -> PhoneWish:
    """Return the wish that ``wish_text`` gave. Raises InvalidRequest when it is none."""
    try:
        told = json.loads(text or "")
        masking = told["masking"]
        return PhoneWish(
            **{
                **told,
                "locales": tuple(told["locales"]),
                "masking": Masking(masking) if masking else None,
            }
        )
    except (ValueError, KeyError, TypeError):
        raise InvalidRequest from None
