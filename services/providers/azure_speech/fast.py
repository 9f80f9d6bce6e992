"""Fast transcription: a whole recording in one request, answered faster than it lasts.

The SDK (azure-ai-transcription) sends it; its own second tries and redirects are switched off, so
that the base's are the only ones.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import requests

from services.audio.recording import ChannelLayout, Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import (
    ProviderAnswerLost,
    ProviderTimeout,
    ProviderUnavailable,
)
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.addresses import endpoint_of, key_of
from services.providers.azure_speech.asking import CONNECT_TIMEOUT_S, ask, posted
from services.providers.azure_speech.http_errors import error_of_status, wait_s
from services.providers.azure_speech.locales import language_of, locale_of
from services.providers.azure_speech.phrases import transcript_of
from services.providers.azure_speech.sending import SentSound, check_length, sound_to_send
from services.providers.capabilities import OptionValues
from services.providers.waiting import wait

CHECKPOINT = "azure.fast"
# Who speaks in a call: two, and those it is passed on to.
USUAL_MOST_SPEAKERS = 4
MOST_SPEAKERS = 35
# The answer comes in one piece; until then the bar follows how long such a call usually takes.
USUAL_START_S = 3.0
USUAL_SPEED = 30.0
MOST_BEFORE_ANSWER = 0.45
LEAST_TIMEOUT_S = 120.0
CHECK_TIMEOUT_S = 15.0
_PROFANITY = {"masked": "Masked", "removed": "Removed", "raw": "None"}


def transcribe_fast(
    access: AzureAccess,
    recording: Recording,
    options: ProcessingOptions,
    values: OptionValues,
    context: RunContext,
) -> Transcript:
    """Return the transcript of a recording, or of the part that it is.

    The answer is a checkpoint, so that a run killed after it doesn't pay for it again. Raises from
    the error tree.
    """
    check_length(recording)
    definition = definition_of(recording, options, values)
    kept = context.checkpoints.get(CHECKPOINT)
    if kept is None:
        context.report(Stage.RECOGNISE, 0.0)
        sound = sound_to_send(recording, between=lambda: context.report(Stage.RECOGNISE, 0.0))
        answer = _answered(access, sound, definition, recording.duration_ms, context)
        kept = json.dumps(answer).encode()
        _read(kept, recording, options, definition)
        context.checkpoints[CHECKPOINT] = kept
    context.report(Stage.RECOGNISE, 1.0)
    transcript = _read(kept, recording, options, definition)
    context.report(Stage.SPEAKERS, 1.0)
    return transcript


def check_access(access: AzureAccess) -> None:
    """Ask for a token, the cheapest request there is, and forget it. Raises from the error tree."""
    posted(
        endpoint_of(access),
        "/sts/v1.0/issueToken",
        key_of(access),
        b"",
        "application/x-www-form-urlencoded",
        timeout_s=CHECK_TIMEOUT_S,
    )


def definition_of(
    recording: Recording, options: ProcessingOptions, values: OptionValues
) -> dict[str, Any]:
    """Return what is asked for, in the service's words."""
    definition: dict[str, Any] = {
        "profanityFilterMode": _PROFANITY.get(values.text("profanity") or "", "Masked")
    }
    languages = (options.language,) if options.language else values.parts("languages")
    if languages:
        definition["locales"] = [locale_of(language) for language in languages]
    if recording.layout is ChannelLayout.SEPARATE:
        definition["channels"] = [0, 1]
    elif options.expected_speakers != 1:
        most = options.expected_speakers or options.max_speakers or USUAL_MOST_SPEAKERS
        # The service needs to be told of two at least.
        most = min(MOST_SPEAKERS, max(2, most))
        definition["diarization"] = {"enabled": True, "maxSpeakers": most}
    if options.vocabulary:
        definition["phraseList"] = {"phrases": list(options.vocabulary)}
    return definition


def _read(
    kept: bytes,
    recording: Recording,
    options: ProcessingOptions,
    definition: Mapping[str, Any],
) -> Transcript:
    """Return the transcript of an answer. Raises ProviderUnavailable for one of another form."""
    one_voice = "diarization" not in definition and "channels" not in definition
    language = language_of(locale_of(options.language)) if options.language else None
    try:
        return transcript_of(json.loads(kept), recording, language, one_voice=one_voice)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ProviderUnavailable from None


def _answered(
    access: AzureAccess,
    sound: SentSound,
    definition: Mapping[str, Any],
    duration_ms: int,
    context: RunContext,
) -> Mapping[str, Any]:
    """Return the service's answer. Raises from the error tree."""
    endpoint, key = endpoint_of(access), key_of(access)
    timeout_s = max(LEAST_TIMEOUT_S, duration_ms / 4_000)
    usual_s = USUAL_START_S + duration_ms / 1_000 / USUAL_SPEED

    def watch(gone_s: float) -> None:
        context.report(Stage.RECOGNISE, MOST_BEFORE_ANSWER * min(1.0, gone_s / usual_s))

    from azure.core.exceptions import (
        AzureError,
        HttpResponseError,
        ServiceRequestTimeoutError,
        ServiceResponseTimeoutError,
    )

    try:
        send = _sender(endpoint, key, sound, definition, timeout_s)
        return ask(endpoint, send, timeout_s=timeout_s, watch=watch)
    except HttpResponseError as failure:
        # Broken answers come this way too, with the status of a good one.
        status = failure.status_code or 0
        if status in {0, 200}:
            raise ProviderUnavailable from None
        headers = getattr(failure.response, "headers", None) or {}
        wait(wait_s(headers.get("Retry-After")), context)
        raise error_of_status(status) from None
    except ServiceRequestTimeoutError:
        raise ProviderTimeout from None
    except (ServiceResponseTimeoutError, ProviderTimeout):
        # The sound is there by now, or much of it: what the service does with it may be charged.
        raise ProviderAnswerLost from None
    except (AzureError, requests.RequestException, OSError, ValueError):
        raise ProviderUnavailable from None


def _sender(
    endpoint: str, key: str, sound: SentSound, definition: Mapping[str, Any], timeout_s: float
) -> Callable[[requests.Session], Mapping[str, Any]]:
    """Return what sends the recording through a session and gives the answer."""

    def send(session: requests.Session) -> Mapping[str, Any]:
        from azure.ai.transcription import TranscriptionClient
        from azure.core.credentials import AzureKeyCredential
        from azure.core.pipeline.policies import RetryPolicy
        from azure.core.pipeline.transport import RequestsTransport

        transport = RequestsTransport(
            session=session,
            session_owner=False,
            connection_timeout=CONNECT_TIMEOUT_S,
            read_timeout=timeout_s,
        )
        with TranscriptionClient(
            endpoint,
            AzureKeyCredential(key),
            transport=transport,
            retry_policy=RetryPolicy.no_retries(),
            permit_redirects=False,
        ) as client:
            # As plain values: the SDK's own classes leave out that speakers are to be told apart.
            answer = client.transcribe(
                {
                    "definition": definition,
                    "audio": (sound.name, sound.content, sound.media_type),
                }
            )
            return dict(answer.as_dict())

    return send
