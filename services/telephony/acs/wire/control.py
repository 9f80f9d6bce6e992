"""Places, answers, joins, transcribes and ends phone calls through the service's SDK.

The SDK is pinned to the one version whose requests carry every option. Where its methods lose one
on the way, the request's own field is set instead; the emulator's tests look at what arrives.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from services import telemetry
from services.domain.addresses import is_encrypted_or_here, is_on_this_machine
from services.domain.errors import (
    BadSettings,
    InvalidRequest,
    PhoneCallGone,
    TelephonyUnavailable,
    TooLarge,
    UnsupportedOption,
)
from services.telephony.acs.wire.access import AcsAccess, check_recording
from services.telephony.acs.wire.connections import PhoneConnection, connection_of
from services.telephony.acs.wire.control_errors import error_of
from services.telephony.acs.wire.wishes import (
    PhoneWish,
    check_can_start,
    check_can_switch,
    check_number,
)

if TYPE_CHECKING:
    from azure.communication.callautomation import (
        CallAutomationClient,
        CallConnectionClient,
        TranscriptionOptions,
    )

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 20.0
MOST_CONTEXT_CHARS = 4_096


class AcsControl:
    """Tells the service what to do with calls. Safe across threads; each method is one request.

    All raise from the telephone part of the error tree: TelephonyRefusedKey, TelephonyRejected,
    TelephonyBusy, TelephonyUnavailable, PhoneCallGone for a call that is over, UnsupportedOption
    for what can't be asked for, InvalidRequest for what was asked wrongly.
    """

    def __init__(self, access: AcsAccess, *, callback_url: str, transport_url: str) -> None:
        """Take where the service is to send events (https) and transcriptions (wss).

        Raises BadSettings for an address that others on the way could read.
        """
        if not (is_encrypted_or_here(callback_url) and is_encrypted_or_here(transport_url)):
            raise BadSettings("The telephone service calls back by https and wss only.")
        self._access = access
        self._callback_url = callback_url
        self._transport_url = transport_url
        self._lock = threading.Lock()
        self._made: CallAutomationClient | None = None

    # --- calls ----------------------------------------------------------------------------------

    def call(
        self, number: str, wish: PhoneWish, *, caller: str, context: str | None = None
    ) -> PhoneConnection:
        """Call a number from a number of the resource's own, and return the connection."""
        check_number(number)
        check_number(caller)
        return self._open(
            wish,
            context,
            lambda sdk, common: self._client().create_call(
                sdk.PhoneNumberIdentifier(number),
                self._callback_url,
                source_caller_id_number=sdk.PhoneNumberIdentifier(caller),
                **common,
            ),
        )

    def answer(
        self, incoming_context: str, wish: PhoneWish, *, context: str | None = None
    ) -> PhoneConnection:
        """Answer an incoming call by the context that its event carries."""
        if not incoming_context:
            raise InvalidRequest
        return self._open(
            wish,
            context,
            lambda _sdk, common: self._client().answer_call(
                incoming_context, self._callback_url, **common
            ),
        )

    def join_room(
        self, room_id: str, wish: PhoneWish, *, context: str | None = None
    ) -> PhoneConnection:
        """Connect to the call in a room. Its language can't be changed later, says the service."""
        if not room_id.strip():
            raise InvalidRequest
        return self._open(
            wish,
            context,
            lambda _sdk, common: self._client().connect_call(
                self._callback_url, room_id=room_id.strip(), **common
            ),
        )

    def hang_up(self, connection_id: str, *, for_everyone: bool = False) -> None:
        """Leave a call, or end it for everyone. One that is over counts as left."""
        try:
            with self._call(connection_id, "hang_up") as call:
                call.hang_up(is_for_everyone=for_everyone)
        except PhoneCallGone:
            return

    def look_up(self, connection_id: str) -> PhoneConnection | None:
        """Return how a call stands, None when it is over."""
        try:
            with self._call(connection_id, "look_up") as call:
                return connection_of(call.get_call_properties())
        except PhoneCallGone:
            return None

    # --- transcription --------------------------------------------------------------------------

    def start(
        self,
        connection_id: str,
        wish: PhoneWish,
        *,
        intermediate_before: bool,
        context: str | None = None,
    ) -> None:
        """Have a held call transcribed, or transcribed again.

        ``intermediate_before`` is what was asked for with the call: it can't be changed.
        """
        check_can_start(wish, intermediate_before=intermediate_before)
        with self._call(connection_id, "start_transcription") as call:
            call.start_transcription(
                locale=wish.locale or list(wish.locales),
                operation_context=_context(context),
                pii_redaction=_redaction(wish),
                enable_sentiment_analysis=wish.sentiment,
                summarization=_summarization(wish),
                **_model(wish.model),
            )

    def switch(
        self,
        connection_id: str,
        *locales: str,
        model: str | None = None,
        context: str | None = None,
    ) -> None:
        """Have a call go on in another locale."""
        locale = check_can_switch(locales)
        with self._call(connection_id, "update_transcription") as call:
            call.update_transcription(
                locale=locale, operation_context=_context(context), **_model(model)
            )

    def stop(self, connection_id: str, *, context: str | None = None) -> None:
        """Have a call transcribed no longer; it goes on."""
        with self._call(connection_id, "stop_transcription") as call:
            call.stop_transcription(operation_context=_context(context))

    def summarise(
        self, connection_id: str, *, locale: str | None = None, context: str | None = None
    ) -> None:
        """Ask for a summary of the call so far; it comes by an event."""
        from azure.communication.callautomation import SummarizationOptions

        options = SummarizationOptions(locale=locale) if locale else None
        with self._call(connection_id, "summarise") as call:
            call.summarize_call(operation_context=_context(context), summarization=options)

    def fetch(self, location: str, into: IO[bytes], *, most_bytes: int) -> None:
        """Write a recording that the service has ready into a file.

        Raises InvalidRequest for an address that isn't the service's: the request is signed with
        the resource's key. TooLarge beyond so many bytes.
        """
        check_recording(location, self._access.endpoint)
        with _translated("fetch"):
            answer: Any = self._client().download_recording(location)
            size = 0
            with answer:
                for block in answer.iter_bytes():
                    size += len(block)
                    if size > most_bytes:
                        raise TooLarge
                    into.write(block)

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    # --- the SDK --------------------------------------------------------------------------------

    def _open(
        self, wish: PhoneWish, context: str | None, ask: Callable[[Any, dict[str, Any]], Any]
    ) -> PhoneConnection:
        """Ask for a call with all that was wished for; ``ask`` takes the SDK and the options."""
        from azure.communication import callautomation as sdk

        if self._access.speech_endpoint is None:
            raise UnsupportedOption("Transcription needs the address of a speech resource.")
        common = {
            "cognitive_services_endpoint": self._access.speech_endpoint,
            "operation_context": _context(context),
            "transcription": self._transcription(wish),
        }
        with _translated("open"):
            told = ask(sdk, common)
        try:
            return connection_of(told)
        except PhoneCallGone:
            # It took the request and doesn't say what the call is named: an event will.
            raise TelephonyUnavailable from None

    def _transcription(self, wish: PhoneWish) -> "TranscriptionOptions":
        from azure.communication.callautomation import (
            StreamingTransportType,
            TranscriptionOptions,
        )

        return TranscriptionOptions(
            transport_url=self._transport_url,
            transport_type=StreamingTransportType.WEBSOCKET,
            start_transcription=wish.starts_at_once,
            locale=wish.locale,
            locales=None if wish.locale else list(wish.locales),
            speech_recognition_model_endpoint_id=wish.model,
            enable_intermediate_results=wish.intermediate,
            pii_redaction=_redaction(wish),
            enable_sentiment_analysis=wish.sentiment,
            summarization=_summarization(wish),
        )

    @contextmanager
    def _call(self, connection_id: str, action: str) -> "Iterator[CallConnectionClient]":
        if not connection_id:
            raise InvalidRequest
        with _translated(action):
            yield self._client().get_call_connection(connection_id)

    def _client(self) -> "CallAutomationClient":
        """Return the SDK's client; second tries and redirects are ours to decide on."""
        from azure.communication.callautomation import CallAutomationClient
        from azure.core.credentials import AzureKeyCredential

        with self._lock:
            if self._made is None:
                # They log addresses with ids of calls.
                telemetry.keep_texts_out("azure", "urllib3")
                self._made = CallAutomationClient(
                    self._access.endpoint,
                    AzureKeyCredential(self._access.key),
                    retry_total=0,
                    permit_redirects=False,
                    connection_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=READ_TIMEOUT_S,
                    use_env_settings=not is_on_this_machine(self._access.endpoint),
                )
            return self._made


@contextmanager
def _translated(action: str) -> Iterator[None]:
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        translated = error_of(error)
        telemetry.warning("phone.request_failed", request=action, error=translated.code)
        raise translated from None


def _context(context: str | None) -> str | None:
    if context is not None and len(context) > MOST_CONTEXT_CHARS:
        raise InvalidRequest
    return context


def _model(model: str | None) -> dict[str, Any]:
    """Return how a model of one's own is asked for in mid-call.

    The SDK's own name for it, speech_recognition_model_endpoint_id, never reaches the wire; what it
    doesn't know is passed to the request, which has the field under this name.
    """
    return {} if model is None else {"speech_model_endpoint_id": model}


def _redaction(wish: PhoneWish) -> Any:
    from azure.communication.callautomation import PiiRedactionOptions

    if wish.masking is None:
        return None
    return PiiRedactionOptions(enable=True, redaction_type=wish.masking.value)


def _summarization(wish: PhoneWish) -> Any:
    from azure.communication.callautomation import SummarizationOptions

    if not wish.summary:
        return None
    return SummarizationOptions(enable_end_call_summary=True, locale=wish.summary_locale)
