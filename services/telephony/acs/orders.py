"""What people ask of the telephone, and what it tells them, as values."""

from dataclasses import dataclass, field
from datetime import datetime

from services.domain.calls import CallDetails, ProcessingOptions
from services.telephony.acs.wire.wishes import PhoneWish


@dataclass(frozen=True, kw_only=True)
class PhoneOrder:
    """A phone call that somebody wants: what it is called, and how it is transcribed.

    ``wish`` is what the telephone service is asked for, ``options`` what is done here with what
    it sends.
    """

    name: str
    options: ProcessingOptions
    details: CallDetails
    wish: PhoneWish


@dataclass(frozen=True, kw_only=True)
class RingingCall:
    """Somebody calls, and nobody has answered yet.

    ``caller`` is their number and ``caller_name`` what they call themselves; of both all digits
    but the last three are masked.
    """

    id: str
    at: datetime
    caller: str | None = field(default=None, repr=False)
    caller_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class PhoneStanding:
    """How the transcription of a running phone call stands, as far as this process knows.

    ``wish`` is what was asked for last. Whether there are unfinished lines was settled with the
    call, see ``check_can_start``.
    """

    wish: PhoneWish
    is_transcribed: bool
