"""Phone calls of Azure Communication Services in the web process."""

from collections.abc import Callable
from dataclasses import dataclass

from app.phone_settings import Answering
from app.settings import Settings
from app.wiring.processes import is_dead
from services.access.authority import Authority
from services.domain.live_calls import RunningCall
from services.live.recogniser.recognising import Recogniser
from services.live.recording.holding import Holding
from services.live.recording.landing import Landing
from services.live.telling.events import Told
from services.storage.live_calls import LiveCallStore
from services.storage.phone_recordings import PhoneRecordingStore
from services.storage.phone_seen import PhoneSeenStore
from services.storage.phone_words import PhoneWordStore
from services.telephony.acs.callers import PhoneCallers
from services.telephony.acs.calls.exchange import ExchangeParts, PhoneExchange
from services.telephony.acs.calls.held_phone import PhoneParts
from services.telephony.acs.calls.kept_words import KeptWords
from services.telephony.acs.calls.recordings import PhoneRecordings
from services.telephony.acs.calls.taking_up import TakingUp
from services.telephony.acs.desk import PhoneDesk, PhoneRules
from services.telephony.acs.hearing.participants import raw_id_of_number
from services.telephony.acs.paths import EVENTS_PATH, TRANSCRIPTION_PATH
from services.telephony.acs.wire.control import AcsControl
from services.telephony.acs.wire.keys import SigningKeys
from services.telephony.acs.wire.tokens import ISSUER, TokenCheck, keys_address


@dataclass(frozen=True, kw_only=True)
class HeldParts:
    """What phone calls share with the other live calls of the process."""

    holding: Holding
    landing: Landing
    store: LiveCallStore
    recogniser: Recogniser
    words: PhoneWordStore
    recordings: PhoneRecordingStore
    on_told: Callable[[RunningCall, Told], None]
    process: str
    authority: Authority


def build_phone(settings: Settings, parts: HeldParts) -> tuple[PhoneDesk, TakingUp]:
    """Return who takes phone calls, and who takes up those of processes that have died.

    Nothing is connected. Raises BadSettings.
    """
    control, own = _control(settings), settings.acs_caller_number
    kept = KeptWords(parts.words)
    phone = None
    if control is not None:
        phone = PhoneParts(
            control=control,
            recogniser=parts.recogniser,
            words=kept,
            then=parts.holding.conclude,
            note=parts.holding.note,
            most_ms=settings.max_duration_ms,
            own=own and raw_id_of_number(own),
        )
    given = ExchangeParts(
        holding=parts.holding,
        landing=parts.landing,
        store=parts.store,
        words=parts.words,
        phone=phone,
        recordings=PhoneRecordings(
            parts.recordings,
            control,
            parts.landing.attach_recording,
            folder=settings.working_folder,
            most_bytes=settings.max_upload_bytes,
        ),
        process=parts.process,
        is_dead=is_dead,
        on_told=parts.on_told,
    )
    exchange = PhoneExchange(given)
    rules = PhoneRules(
        owner=settings.phone_owner,
        missing=_missing(settings),
        caller=settings.acs_caller_number,
        prefixes=settings.phone_prefixes,
        answers=settings.acs_answer is Answering.RULE,
        needs_consent=settings.consent_required,
        locales=settings.acs_locale_names,
        options=settings.default_options,
    )
    desk = PhoneDesk(
        exchange,
        parts.holding,
        parts.store,
        control,
        rules,
        authority=parts.authority,
        process=parts.process,
    )
    return desk, TakingUp(given, exchange)


def build_callers(settings: Settings, desk: PhoneDesk, seen: PhoneSeenStore) -> PhoneCallers:
    """Return who checks that it is the telephone service that calls, and takes what it says."""
    issuer = settings.acs_token_issuer or ISSUER
    check = None
    if settings.acs_resource_id is not None:
        keys = SigningKeys(keys_address(issuer))
        check = TokenCheck(keys, audience=settings.acs_resource_id, issuer=issuer)
    secret = settings.acs_event_secret
    return PhoneCallers(desk, check, seen, secret=secret.get_secret_value() if secret else None)


def _missing(settings: Settings) -> tuple[str, ...]:
    address = () if settings.public_url else ("PARTYLINE_PUBLIC_URL",)
    return (*settings.acs_missing, *address)


def _control(settings: Settings) -> AcsControl | None:
    """Return what tells the service what to do, None while settings are missing."""
    access = settings.acs_access
    if access is None or _missing(settings):
        return None
    address = (settings.public_url or "").rstrip("/")
    return AcsControl(
        access,
        callback_url=address + EVENTS_PATH,
        transport_url=address.replace("http", "ws", 1) + TRANSCRIPTION_PATH,
    )
