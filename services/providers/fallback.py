"""Several providers asked in turn: the next one when one can't do it at the moment.

Each has its own attempts first. What another provider could not do better (a refused key, a
recording that is refused, a full disk here, a cancelled run) ends it at once; but a recording that
is too long for one may not be for the next.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace

from services import telemetry
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions, Stage
from services.domain.errors import (
    InternalFault,
    InvalidRequest,
    PartylineError,
    ProviderBusy,
    ProviderError,
    ProviderRefusedKey,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    StorageError,
    TooLongForProvider,
)
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.providers.base import SpeechProvider
from services.providers.capabilities import Capabilities

STAGE = "fallback"
NOT_CONFIGURED = "is not configured"
REASONS: tuple[tuple[type[PartylineError], str], ...] = (
    (ProviderBusy, "was limiting requests"),
    (ProviderTimeout, "did not answer in time"),
    (ProviderUnavailable, "could not be reached"),
    (ProviderRefusedKey, "refused the key"),
    (TooLongForProvider, "does not take recordings this long"),
    (ProviderRejected, "rejected the recording or the options"),
    (PartylineError, "could not be used"),
)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A transcript, and what the provider that made it can do."""

    transcript: Transcript
    by: Capabilities


def transcribe_in_turn(
    providers: Sequence[SpeechProvider],
    recording: Recording,
    options: ProcessingOptions,
    context: RunContext,
) -> Heard:
    """Return the transcript of the first provider that can make one.

    When that isn't the first of them, ``stages`` say so in a sentence. A run that goes on after a
    kill doesn't ask again who has failed in it. Raises the last provider's error, saying who had
    failed before.
    """
    passed_over: list[str] = []
    failure: PartylineError = InternalFault()
    for place, provider in enumerate(providers):
        is_first, is_last = place == 0, place == len(providers) - 1
        reason = _known_reason(provider, context, is_first=is_first, is_last=is_last)
        if reason is None:
            try:
                transcript = _ask(provider, recording, options, context, is_first=is_first)
            except PartylineError as error:
                failure = error
                reason = _reason(error)
                if is_last or not _may_work_elsewhere(error):
                    passed_over.append(_sentence(provider, reason, passed_over))
                    break
                _remember(error, reason, provider, context)
            else:
                told = _told(transcript, provider.capabilities, passed_over)
                return Heard(transcript=told, by=provider.capabilities)
        passed_over.append(_sentence(provider, reason, passed_over))
    if len(providers) > 1 and isinstance(failure, ProviderError):
        raise _with_reasons(failure, passed_over) from failure
    raise failure


def _ask(
    provider: SpeechProvider,
    recording: Recording,
    options: ProcessingOptions,
    context: RunContext,
    *,
    is_first: bool,
) -> Transcript:
    name = provider.capabilities.name
    context.take_turn(name)

    def note_copy(reference: str) -> None:
        context.note_copy(reference)
        context.keep_copy(name, reference)

    own = replace(context, note_copy=note_copy)
    if is_first:
        return provider.transcribe(recording, options, own)
    # What somebody else has remembered under the same name is not this one's.
    own = replace(own, checkpoints=_Apart(context.checkpoints, f"{name}/"))
    own.report(Stage.RECOGNISE, 0.0)
    return provider.transcribe(recording, fitting(options, provider.capabilities), own)


def fitting(options: ProcessingOptions, capabilities: Capabilities) -> ProcessingOptions:
    """Return the options without values that this provider doesn't take.

    They were chosen for the first provider; another's option of the same name may mean something
    else.
    """
    pairs = options.provider_options
    kept = tuple((name, value) for name, value in pairs if takes(capabilities, name, value))
    return replace(options, provider_options=kept)


def takes(capabilities: Capabilities, name: str, value: str) -> bool:
    """Whether a provider has this option and the option this value."""
    option = capabilities.option(name)
    if option is None:
        return False
    try:
        option.check(value)
    except InvalidRequest:
        return False
    return True


def _may_work_elsewhere(error: PartylineError) -> bool:
    """Whether another provider may manage: this machine's storage is the same to all."""
    if isinstance(error, TooLongForProvider):
        return True
    return error.retryable and not isinstance(error, StorageError)


def _known_reason(
    provider: SpeechProvider, context: RunContext, *, is_first: bool, is_last: bool
) -> str | None:
    """Return why a provider isn't even asked: what it did earlier in this run, or no settings."""
    kept = None if is_last else context.checkpoints.get(_key(provider))
    if kept is not None:
        return kept.decode()
    if not is_first and not provider.readiness().ready:
        return NOT_CONFIGURED
    return None


def _reason(error: PartylineError) -> str:
    return next(words for kind, words in REASONS if isinstance(error, kind))


def _sentence(provider: SpeechProvider, reason: str, before: Sequence[str]) -> str:
    return f"{_named(provider.capabilities, begins=not before)} {reason}"


def _remember(
    error: PartylineError, reason: str, provider: SpeechProvider, context: RunContext
) -> None:
    """Keep why a provider is passed over for as long as the run lasts."""
    context.checkpoints[_key(provider)] = reason.encode()
    telemetry.event("provider.passed_over", provider=provider.capabilities.name, error=error.code)


def _key(provider: SpeechProvider) -> str:
    return f"passed over {provider.capabilities.name}"


def _told(transcript: Transcript, by: Capabilities, passed_over: Sequence[str]) -> Transcript:
    if not passed_over:
        return transcript
    done = f"{' and '.join(passed_over)}; {_named(by)} transcribed the call instead."
    return replace(transcript, stages={**transcript.stages, STAGE: done})


def _named(capabilities: Capabilities, *, begins: bool = False) -> str:
    """Return the title as it stands in a sentence: "This machine" is no name."""
    title = capabilities.title
    return title if begins or capabilities.leaves_machine else title[:1].lower() + title[1:]


def _with_reasons(error: PartylineError, reasons: Sequence[str]) -> PartylineError:
    """Return the same error, saying what came of each provider."""
    told = f"Asked in turn: {', '.join(reasons)}."
    return type(error)(f"{error.detail} {told}" if error.detail else told)


class _Apart(MutableMapping[str, bytes]):
    """Checkpoints under names of their own within a run's."""

    def __init__(self, all_kept: MutableMapping[str, bytes], prefix: str) -> None:
        self._all = all_kept
        self._prefix = prefix

    def __getitem__(self, name: str) -> bytes:
        return self._all[self._prefix + name]

    def __setitem__(self, name: str, content: bytes) -> None:
        self._all[self._prefix + name] = content

    def __delitem__(self, name: str) -> None:
        del self._all[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        mine = [name for name in self._all if name.startswith(self._prefix)]
        return iter([name.removeprefix(self._prefix) for name in mine])

    def __len__(self) -> int:
        return sum(1 for _ in self)
