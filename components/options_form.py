"""How recordings are to be processed and what is known about them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import streamlit as st

from components._compat import Keep
from components.languages import LANGUAGES
from components.speaker_count import draw_speaker_count
from components.words_form import draw_words_and_part
from services.domain.calls import CallDetails, ProcessingOptions, SpeakerCount
from services.providers.capabilities import Capabilities, Readiness

FROM_NAME = "from the file name"
OPTION_WORDS = {
    "provider": "speech provider",
    "language": "language",
    "expected_speakers": "number of speakers",
    "min_speakers": "number of speakers",
    "max_speakers": "number of speakers",
    "redact": "taking out personal data",
    "vocabulary": "words to listen for",
    "spelling": "spelling",
    "keep_fillers": "keeping fillers",
    "start_ms": "start of the part",
    "end_ms": "end of the part",
}


@dataclass(frozen=True, kw_only=True)
class ProviderChoice:
    """A speech provider as it is offered: what it can do and whether it can be used now."""

    capabilities: Capabilities
    readiness: Readiness

    @property
    def label(self) -> str:
        """Its title, with what is missing if it can't be used."""
        if self.readiness.ready:
            return self.capabilities.title
        missing = " and ".join(self.readiness.missing)
        reason = f"set {missing}" if missing else self.readiness.hint or "not available"
        return f"{self.capabilities.title} (not configured: {reason})"


def draw_options(
    choices: Sequence[ProviderChoice],
    *,
    key: str,
    now: ProcessingOptions | None = None,
    keep: Keep = "session",
) -> ProcessingOptions | None:
    """Draw provider, language, number of speakers, redaction, words and part; return the choice.

    None when something typed can't be used: what it is stands below it. Providers that aren't
    configured are named below the choice with what they need. What was chosen is found again
    after a page switch, ahead of ``now``, unless ``keep`` is None.
    """
    now = now or ProcessingOptions()
    usable = [c for c in choices if c.readiness.ready] or list(choices)
    by_name = {c.capabilities.name: c for c in choices}
    names = [c.capabilities.name for c in usable]
    provider = st.selectbox(
        "Speech provider",
        names,
        index=names.index(now.provider) if now.provider in names else 0,
        format_func=lambda name: by_name[name].label,
        key=f"{key}_provider",
        persist_state=keep,
        help="Who turns the sound into words. Everything after that is done on this machine.",
    )
    chosen = by_name[provider or names[0]]
    _draw_unusable(choices)
    language = _language(chosen.capabilities, key, now, keep)
    # Every provider's transcript can be given speakers on this machine.
    speakers = draw_speaker_count(key=key, now=SpeakerCount.of(now), keep=keep)
    # Whom else to ask, and a provider's own options, mean nothing with another provider.
    is_same = chosen.capabilities.name == now.provider
    options = replace(
        now,
        provider=chosen.capabilities.name,
        fallback=now.fallback if is_same else (),
        provider_options=now.provider_options if is_same else (),
        language=language,
        redact=st.toggle(
            "Take personal data out of the text",
            value=now.redact,
            key=f"{key}_redact",
            persist_state=keep,
            help="Names, numbers and addresses are replaced by their kind, such as [PHONE]. "
            "The unredacted text is then never stored.",
        ),
    )
    wanted = draw_words_and_part(
        speakers.put_into(options),
        takes_vocabulary=chosen.capabilities.vocabulary,
        key=key,
        keep=keep,
    )
    if chosen.capabilities.leaves_machine:
        st.caption(":material/cloud_upload: The sound is sent to this provider.")
    return wanted


def shared_options(of_calls: Sequence[ProcessingOptions]) -> ProcessingOptions:
    """Return what to begin with when several calls are asked about at once.

    That is what the first has; redaction only where all have it, so that turning it on for all
    of them is a change that can be made.
    """
    return replace(of_calls[0], redact=all(own.redact for own in of_calls))


def differing(of_calls: Sequence[ProcessingOptions]) -> list[str]:
    """Return what calls don't have in common, in words."""
    different = (
        words
        for name, words in OPTION_WORDS.items()
        if len({getattr(own, name) for own in of_calls}) > 1
    )
    return list(dict.fromkeys(different))


def with_changes(
    own: ProcessingOptions, shown: ProcessingOptions, chosen: ProcessingOptions
) -> ProcessingOptions:
    """Return a call's own options with those that a person changed from what was shown."""
    changes = {
        f.name: getattr(chosen, f.name)
        for f in fields(ProcessingOptions)
        if getattr(chosen, f.name) != getattr(shown, f.name)
    }
    changed = replace(own, **changes)
    speakers = SpeakerCount.of(chosen)
    # A number and bounds only make sense together.
    return changed if speakers == SpeakerCount.of(shown) else speakers.put_into(changed)


def draw_details(*, key: str) -> CallDetails:
    """Draw agent, queue and customer reference for recordings; empty ones are None."""

    def field(label: str, name: str) -> str | None:
        typed: str | None = st.text_input(
            label,
            placeholder=FROM_NAME,
            key=f"{key}_{name}",
            max_chars=80,
            persist_state="session",
            help="Left empty, it is read from the file name, as in "
            "`call_AGENT_Nora-Fields_CUST_C-1042_QUEUE_Billing.ogg`.",
        )
        return (typed or "").strip() or None

    return CallDetails(
        agent_name=field("Agent", "agent"),
        queue=field("Queue", "queue"),
        customer_ref=field("Customer reference", "customer"),
    )


def _draw_unusable(choices: Sequence[ProviderChoice]) -> None:
    for choice in choices:
        if not choice.readiness.ready:
            st.caption(f":material/key_off: {choice.label}")


def _language(
    capabilities: Capabilities, key: str, now: ProcessingOptions, keep: Keep
) -> str | None:
    offered = [c for c in LANGUAGES if not capabilities.languages or c in capabilities.languages]
    codes: list[str | None] = [*offered]
    if capabilities.language_detection or not offered:
        codes.insert(0, None)
    return st.selectbox(
        "Language",
        codes,
        index=codes.index(now.language) if now.language in codes else 0,
        format_func=lambda code: "Detect automatically" if code is None else LANGUAGES[code],
        key=f"{key}_language",
        persist_state=keep,
    )
