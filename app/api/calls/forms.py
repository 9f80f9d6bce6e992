"""What programs ask with about calls."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from app.api.forms import Form
from services.domain.calls import (
    MOST_SPEAKERS,
    CallDetails,
    Consent,
    Direction,
    ProcessingOptions,
    providers_asked,
)
from services.domain.errors import InvalidRequest
from services.domain.vocabulary import clean_spelling, clean_terms

MOST_CHARS = 200
MOST_PROVIDERS = 10
MOST_OPTIONS = 50
MOST_TERMS = 1000
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

Text = Annotated[str, Field(max_length=MOST_CHARS)]
Speakers = Annotated[int, Field(ge=1, le=MOST_SPEAKERS)]
Milliseconds = Annotated[int, Field(ge=0, le=2**53)]


class RunForm(Form):
    """How a recording is to be processed. What is absent is as set in this installation."""

    provider: Text | None = Field(
        default=None, description="Who recognises the speech.", examples=["local"]
    )
    fallback: list[Text] | None = Field(
        default=None,
        max_length=MOST_PROVIDERS,
        description="Who is asked in turn when that provider can't be reached.",
    )
    provider_options: dict[Text, Text] = Field(
        default={}, max_length=MOST_OPTIONS, description="What a provider declares beyond all this."
    )
    language: str | None = Field(
        default=None, pattern=LANGUAGE, description="Language code; null: it is detected."
    )
    expected_speakers: Speakers | None = Field(
        default=None, description="How many people speak, if that is known."
    )
    min_speakers: Speakers | None = None
    max_speakers: Speakers | None = None
    redact: bool | None = Field(
        default=None, description="Whether personal data is taken out; null: it is."
    )
    vocabulary: list[Text] = Field(
        default=[], max_length=MOST_TERMS, description="Words to listen for."
    )
    spelling: list[tuple[Text, Text]] = Field(
        default=[],
        max_length=MOST_TERMS,
        description="Pairs of what is heard and how it is to be written.",
    )
    keep_fillers: bool | None = Field(
        default=None, description="Whether um, uh and their like are kept; null: they are."
    )
    start_ms: Milliseconds | None = Field(
        default=None, description="Only what comes from here on is transcribed."
    )
    end_ms: Milliseconds | None = Field(
        default=None, description="Only what comes before is transcribed."
    )

    def options(self, defaults: ProcessingOptions) -> ProcessingOptions:
        """Return the options; absent ones as in ``defaults``. Raises InvalidRequest."""
        provider, fallback = providers_asked(defaults, _text(self.provider), self.fallback)
        return ProcessingOptions(
            provider=provider,
            fallback=fallback,
            provider_options=tuple(self.provider_options.items()),
            language=self.language,
            expected_speakers=self.expected_speakers,
            min_speakers=self.min_speakers,
            max_speakers=self.max_speakers,
            redact=defaults.redact if self.redact is None else self.redact,
            vocabulary=clean_terms(self.vocabulary),
            spelling=clean_spelling(self.spelling),
            keep_fillers=(
                defaults.keep_fillers if self.keep_fillers is None else self.keep_fillers
            ),
            start_ms=self.start_ms,
            end_ms=self.end_ms,
        )

    def changed(self, before: ProcessingOptions, defaults: ProcessingOptions) -> ProcessingOptions:
        """Return the options of a run before, with what is given here in their place."""
        asked = self.options(replace(before, provider_options=()))
        given = {name: getattr(asked, name) for name in self.model_fields_set}
        if "provider" in given:
            given["fallback"] = self.options(defaults).fallback
        return replace(before, relabel_of=None, **given)


class CallForm(Form):
    """What is known of a recording besides its sound, and how it is to be processed."""

    name: str = Field(
        default="",
        max_length=MOST_CHARS,
        description="The recording's file name. What else is absent is read from it where it "
        "tells, as in x_AGENT_Nora-Fields_CUST_C-1042_QUEUE_Billing_2026-11-12T09-30-00.ogg.",
        examples=["call.wav"],
    )
    external_ref: Text | None = Field(
        default=None,
        description="What the system that it comes from calls it; calls can be found by it.",
        examples=["crm-4711"],
    )
    agent_name: Text | None = Field(default=None, examples=["Nora Fields"])
    queue: Text | None = Field(default=None, examples=["Billing"])
    customer_ref: Text | None = Field(default=None, examples=["C-1042"])
    direction: Direction | None = None
    started_at: datetime | None = Field(
        default=None, description="When the call was held; without a zone: in UTC."
    )
    consent: Consent | None = Field(
        default=None,
        description="How everybody on the call was told that it is recorded; who hands it in "
        "is noted with it.",
    )
    options: RunForm = RunForm()

    def details(self) -> CallDetails:
        """Return what is known; blank texts are None. Raises InvalidRequest."""
        return CallDetails(
            agent_name=_text(self.agent_name),
            queue=_text(self.queue),
            customer_ref=_text(self.customer_ref),
            direction=self.direction,
            started_at=_in_utc(self.started_at),
            external_ref=_text(self.external_ref),
            consent=self.consent,
        )


class UploadForm(CallForm):
    """An upload to begin: how large it will be, and what a recording comes with."""

    size: int = Field(gt=0, le=2**53, description="How many bytes are going to be sent.")
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Fa-f]{64}$",
        description="What their SHA-256 will be; anything else is refused then.",
    )


def _text(given: str | None) -> str | None:
    """Return a text on one line without what doesn't show; None for a blank one."""
    shown = "".join(c if c.isprintable() else " " for c in given or "")
    return " ".join(shown.split()) or None


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        in_utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise InvalidRequest("Look at started_at.") from None
    if not EARLIEST <= in_utc <= LATEST:
        raise InvalidRequest("Look at started_at.")
    return in_utc
