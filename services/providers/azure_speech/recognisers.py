"""The Speech SDK's own objects, made as a call wishes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.domain.voices import VoiceSignature
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.addresses import key_of, region_of, stream_host_of
from services.providers.azure_speech.meeting import meeting_recogniser

SAMPLE_RATE = 16_000
SAMPLE_BITS = 16
# The SDK sends the first seconds at once and the rest at twice real time, unless told otherwise.
USUAL_SPEED = 2.0
# What stopping waits for at most when the service says nothing more.
STOPPING_S = 2


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is asked of the service.

    ``language`` is a locale; when None, it is found out among ``candidates``, once or, with
    ``detects_always``, again and again. ``speed`` is how much faster than real time sound is sent
    (None: as the SDK does), ``retries`` how often the SDK may connect anew by itself.
    """

    language: str | None
    candidates: Sequence[str] = ()
    detects_always: bool = False
    profanity: str = "masked"
    vocabulary: Sequence[str] = ()
    speed: float | None = None
    retries: int = 0


def config_of(access: AzureAccess, wishes: Wishes) -> Any:
    """Return the SDK's configuration. Raises ProviderNotConfigured."""
    import azure.cognitiveservices.speech as sdk

    key, host = key_of(access), stream_host_of(access)
    if host:
        config = sdk.SpeechConfig(host=host, subscription=key)
    else:
        config = sdk.SpeechConfig(subscription=key, region=region_of(access))
    config.output_format = sdk.OutputFormat.Detailed
    config.request_word_level_timestamps()
    config.set_profanity(
        {
            "removed": sdk.ProfanityOption.Removed,
            "raw": sdk.ProfanityOption.Raw,
        }.get(wishes.profanity, sdk.ProfanityOption.Masked)
    )
    if wishes.language:
        config.speech_recognition_language = wishes.language
    elif wishes.detects_always:
        config.set_property(sdk.PropertyId.SpeechServiceConnection_LanguageIdMode, "Continuous")
    # Who speaks is wanted while a line is still being understood, too.
    config.set_property(sdk.PropertyId.SpeechServiceResponse_DiarizeIntermediateResults, "true")
    named = {
        "SPEECH-Error-MaxRetryCount": str(wishes.retries),
        "SPEECH-StopRecognitionTimeoutInSeconds": str(STOPPING_S),
    }
    if wishes.speed:
        named["SPEECH-AudioThrottleAsPercentageOfRealTime"] = str(round(wishes.speed * 100))
    for name, value in named.items():
        config.set_property_by_name(name, value)
    return config


def push_stream(channels: int) -> Any:
    """Return a stream that takes 16-bit PCM at 16 kHz, channels interleaved."""
    from azure.cognitiveservices.speech import audio

    shape = audio.AudioStreamFormat(
        samples_per_second=SAMPLE_RATE, bits_per_sample=SAMPLE_BITS, channels=channels
    )
    return audio.PushAudioInputStream(shape)


def recogniser_of(
    config: Any, sound: Any, wishes: Wishes, participants: Sequence[VoiceSignature]
) -> tuple[Any, Any]:
    """Return the recogniser, and the meeting that has to live as long, if there is one."""
    import azure.cognitiveservices.speech as sdk

    stream = sdk.audio.AudioConfig(stream=sound)
    meeting = None
    if participants:
        recogniser, meeting = meeting_recogniser(config, stream, participants)
    elif wishes.language:
        recogniser = sdk.transcription.ConversationTranscriber(config, stream)
    else:
        among = sdk.languageconfig.AutoDetectSourceLanguageConfig(languages=list(wishes.candidates))
        recogniser = sdk.transcription.ConversationTranscriber(
            config, stream, auto_detect_source_language_config=among
        )
    if wishes.vocabulary:
        phrases = sdk.PhraseListGrammar.from_recognizer(recogniser)
        for phrase in wishes.vocabulary:
            phrases.addPhrase(phrase)
    return recogniser, meeting
