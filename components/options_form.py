"""How recordings are to be processed and what is known about them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import streamlit as st

from components._compat import Keep
from components.consent import CONSENT_TOLD
from components.languages import language_name, offered_languages
from components.provider_options import draw_provider_options
from components.speaker_count import draw_speaker_count
from components.wording import hourly_cost, plain
from components.words_form import draw_words_and_part
from services.domain.calls import CallDetails, Consent, ProcessingOptions, SpeakerCount
from services.providers.abilities import state_words
from services.providers.capabilities import Capabilities, Readiness

FROM_NAME = "from the file name"
FROM_NAME_HELP = (
    "Left empty, it is read from the file name, as in "
    "`call_AGENT_Nora-Fields_CUST_C-1042_QUEUE_Billing.ogg`."
)
DETECT = "Detect automatically"
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
    "fallback": "who is asked if the provider can't be reached",
    "provider_options": "what the provider is asked for",
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
        return f"{self.capabilities.title} (not configured: {state_words(self.readiness)})"


def draw_options(
    choices: Sequence[ProviderChoice],
    *,
    key: str,
    now: ProcessingOptions | None = None,
    keep: Keep = "session",
) -> ProcessingOptions | None:
    """Draw what is to be done with recordings; return the choice.

    None when something typed can't be used: what it is stands below it. Providers that aren't
    configured are named below the choice with what they need. What was chosen is found again
    after a page switch, ahead of ``now``, unless ``keep`` is None.
    """
    now = now or ProcessingOptions()
    chosen = _draw_provider(choices, key, now, keep)
    capabilities = chosen.capabilities
    draw_unusable(choices)
    fallback = _draw_fallback(choices, capabilities, key, now, keep)
    language = draw_language(capabilities, key, now, keep)
    # Every provider's transcript can be given speakers on this machine.
    speakers = draw_speaker_count(key=key, now=SpeakerCount.of(now), keep=keep)
    options = replace(
        now,
        provider=capabilities.name,
        language=language,
        redact=st.toggle(
            "Take personal data out of the text",
            value=now.redact,
            key=f"{key}_redact",
            persist_state=keep,
            help="Names, numbers and addresses are replaced by their kind, such as [PHONE]. "
            "The unredacted text is then never stored.",
        ),
        fallback=fallback,
        provider_options=draw_provider_options(capabilities, now, key=key, keep=keep),
    )
    wanted = draw_words_and_part(
        speakers.put_into(options),
        takes_vocabulary=capabilities.vocabulary,
        key=key,
        keep=keep,
    )
    draw_where_the_sound_goes(choices, capabilities, fallback)
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
    if changed.provider == chosen.provider != own.provider:
        # What another provider was asked for means nothing to this one.
        changed = replace(changed, provider_options=chosen.provider_options)
    elif changed.provider != chosen.provider:
        changed = replace(changed, provider_options=own.provider_options)
    instead = tuple(name for name in changed.fallback if name != changed.provider)
    changed = replace(changed, fallback=instead)
    speakers = SpeakerCount.of(chosen)
    # A number and bounds only make sense together.
    return changed if speakers == SpeakerCount.of(shown) else speakers.put_into(changed)


def draw_details(*, key: str, from_name: bool = True) -> CallDetails:
    """Draw agent, queue and customer reference for recordings; empty ones are None.

    ``from_name``: what is left empty is read from the file's name.
    """

    def field(label: str, name: str) -> str | None:
        typed: str | None = st.text_input(
            label,
            placeholder=FROM_NAME if from_name else None,
            key=f"{key}_{name}",
            max_chars=80,
            persist_state="session",
            help=FROM_NAME_HELP if from_name else None,
        )
        return (typed or "").strip() or None

    return CallDetails(
        agent_name=field("Agent", "agent"),
        queue=field("Queue", "queue"),
        customer_ref=field("Customer reference", "customer"),
        consent=_draw_told(key) if from_name else None,
    )


def _draw_told(key: str) -> Consent | None:
    """Draw how everybody on a recording was told of it; a call that begins asks elsewhere."""
    return st.selectbox(
        "How callers were told that it is recorded",
        list(CONSENT_TOLD),
        index=None,
        format_func=lambda way: CONSENT_TOLD[way],
        placeholder="Not noted",
        key=f"{key}_told",
        persist_state="session",
    )


def _draw_provider(
    choices: Sequence[ProviderChoice], key: str, now: ProcessingOptions, keep: Keep
) -> ProviderChoice:
    offered = [c for c in choices if c.capabilities.recorded]
    usable = [c for c in offered if c.readiness.ready] or offered
    by_name = {c.capabilities.name: c for c in usable}
    names = list(by_name)
    name = st.selectbox(
        "Speech provider",
        names,
        index=names.index(now.provider) if now.provider in names else 0,
        format_func=lambda name: by_name[name].label,
        key=f"{key}_provider",
        persist_state=keep,
        help="Who turns the sound into words. Everything after that is done on this machine.",
    )
    return by_name[name or names[0]]


def draw_unusable(choices: Sequence[ProviderChoice]) -> None:
    """Name the providers that aren't configured, with what they need."""
    for choice in choices:
        if not choice.readiness.ready:
            st.caption(f":material/key_off: {choice.label}")


def _draw_fallback(
    choices: Sequence[ProviderChoice],
    first: Capabilities,
    key: str,
    now: ProcessingOptions,
    keep: Keep,
) -> tuple[str, ...]:
    """Draw who is asked, in which order, when the first provider can't be reached."""
    titles = {
        c.capabilities.name: c.capabilities.title
        for c in choices
        if c.readiness.ready and c.capabilities.recorded and c.capabilities.name != first.name
    }
    if not titles:
        return ()
    # Whoever chooses another provider has not asked for the sound to go anywhere else.
    usual = [n for n in now.fallback if n in titles] if first.name == now.provider else []
    chosen = st.multiselect(
        "If it can't be reached",
        list(titles),
        default=usual,
        format_func=lambda name: titles[name],
        placeholder="Nobody: the call fails and can be retried",
        key=f"{key}_fallback_{first.name}",
        persist_state=keep,
        help="Who is asked instead, in the order chosen here, when the provider can't be reached "
        "or takes no more requests. The call says who did it in the end. A recording that a "
        "provider refuses isn't passed on.",
    )
    return tuple(chosen)


def draw_where_the_sound_goes(
    choices: Sequence[ProviderChoice], first: Capabilities, fallback: Sequence[str]
) -> None:
    """Say whether the sound leaves this machine, and what that costs."""
    known = {c.capabilities.name: c.capabilities for c in choices}
    if first.leaves_machine:
        st.caption(f":material/cloud_upload: The sound is sent to this provider.{_cost(first)}")
    for name in fallback:
        if known[name].leaves_machine:
            st.caption(
                f":material/cloud_upload: If need be, the sound is sent to "
                f"{plain(known[name].title)}.{_cost(known[name])}"
            )


def _cost(capabilities: Capabilities) -> str:
    if capabilities.cost_per_hour is None:
        return ""
    return f" That costs {hourly_cost(capabilities.cost_per_hour)}."


def draw_language(
    capabilities: Capabilities, key: str, now: ProcessingOptions, keep: Keep
) -> str | None:
    """Draw which language is spoken; None where it is to be found out."""
    codes: list[str | None] = [*offered_languages(capabilities.languages)]
    if capabilities.language_detection or not codes:
        codes.insert(0, None)
    return st.selectbox(
        "Language",
        codes,
        index=codes.index(now.language) if now.language in codes else 0,
        format_func=lambda code: DETECT if code is None else language_name(code),
        # What stands for none is not remembered across pages, as none chosen.
        placeholder=DETECT,
        key=f"{key}_language",
        persist_state=keep,
    )
