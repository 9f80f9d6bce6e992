"""What programs ask with: forms that take nothing they don't know."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.api.forms import Form
from services.domain.calls import CallDetails, Consent, ProcessingOptions
from services.live.desk import MOST_NAME_CHARS
from services.telephony.acs.orders import PhoneOrder
from services.telephony.acs.wire.wishes import MOST_LOCALES, Masking, PhoneWish, masking_of

MOST_NUMBER_CHARS = 32
MOST_ID_CHARS = 256
MOST_MODEL_CHARS = 128
MOST_DETAIL_CHARS = 80


def _listed(given: Any) -> Any:
    """Take one locale as a list of one."""
    return [given] if isinstance(given, str) else given


Locales = Annotated[
    list[str],
    BeforeValidator(_listed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "maxItems": MOST_LOCALES,
                },
            ]
        }
    ),
]
Detail = Annotated[str, Field(max_length=MOST_DETAIL_CHARS)]


class WishForm(Form):
    """How the telephone service is to transcribe a call.

    What is absent is as it was asked for last; for a new call it is as set in this installation.
    """

    locales: Locales | None = Field(
        default=None,
        description="One language with its region, as en-US, or several, of which the service "
        "finds out the one that is spoken. For a new call: those set as ACS_LOCALES.",
    )
    partials: bool | None = Field(
        default=None,
        description="Whether unfinished lines are told. New calls: true. Settled with the call.",
    )
    model: str | None = Field(
        default=None,
        max_length=MOST_MODEL_CHARS,
        description="Endpoint id of a custom speech model; null: the service's own.",
    )
    masking: str | None = Field(
        default=None,
        max_length=MOST_MODEL_CHARS,
        description="How the service masks personal data before words come here; null: it doesn't.",
        json_schema_extra={"examples": list(Masking)},
    )
    sentiment: bool | None = Field(
        default=None, description="Whether the service judges each line, beside our own finding."
    )
    summary: bool | None = Field(
        default=None, description="Whether the service sums the call up when it ends."
    )
    summary_locale: str | None = Field(
        default=None, description="The language of its summaries; null: that of the call."
    )

    def over(self, before: PhoneWish) -> PhoneWish:
        """Return the wish with what is given here in place of what it was before.

        Raises InvalidRequest, UnsupportedOption.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        changes: dict[str, Any] = {
            name: given[name] for name in ("model", "summary_locale") if name in given
        }
        if "masking" in given:
            masking = given["masking"]
            changes["masking"] = None if masking is None else masking_of(masking)
        chosen = {
            "locales": None if self.locales is None else tuple(self.locales),
            "intermediate": self.partials,
            "sentiment": self.sentiment,
            "summary": self.summary,
        }
        changes |= {name: value for name, value in chosen.items() if value is not None}
        return replace(before, **changes)


class BeginningForm(WishForm):
    """How the telephone service is to transcribe a call that is begun."""

    at_once: bool = Field(
        default=True,
        description="Whether it transcribes from the beginning; else it is started later.",
    )

    def over(self, before: PhoneWish) -> PhoneWish:
        """Return the wish, see WishForm."""
        return replace(super().over(before), starts_at_once=self.at_once)


class DetailsForm(Form):
    """What is known about the call besides its words."""

    agent_name: Detail | None = None
    queue: Detail | None = None
    customer_ref: Detail | None = None

    def details(self) -> CallDetails:
        """Return them; blank ones are None."""
        return CallDetails(
            agent_name=_text(self.agent_name),
            queue=_text(self.queue),
            customer_ref=_text(self.customer_ref),
        )


class PhoneCallForm(Form):
    """A call to begin: of ``number``, ``room_id`` and ``incoming_id`` exactly one is given."""

    number: str | None = Field(
        default=None,
        max_length=MOST_NUMBER_CHARS,
        repr=False,
        description="The number to call, in its international form, as +14255550123.",
    )
    room_id: str | None = Field(
        default=None,
        max_length=MOST_ID_CHARS,
        description="The room whose call is joined, by the id that Azure gave it.",
    )
    incoming_id: str | None = Field(
        default=None,
        max_length=MOST_ID_CHARS,
        description="The call to answer, by its id among those that ring.",
    )
    name: str = Field(
        default="",
        max_length=MOST_NAME_CHARS,
        description="What the call is called here; nothing: by the time at which it begins.",
    )
    redact: bool | None = Field(
        default=None,
        description="Whether personal data is taken out here before a line is shown or kept; null: "
        "as set in this installation.",
    )
    everybody_is_told: bool = Field(
        default=False,
        description="Everybody in the call is told that it is transcribed. Has to be true where "
        "PARTYLINE_CONSENT_REQUIRED is set.",
    )
    consent: Consent | None = Field(
        default=None,
        description="How everybody is told; with everybody_is_told alone: it is announced.",
    )
    transcription: BeginningForm = BeginningForm()
    details: DetailsForm = DetailsForm()

    def told(self) -> Consent | None:
        """Return how everybody is told; who only says that they are means that it is announced."""
        return self.consent or (Consent.ANNOUNCED if self.everybody_is_told else None)

    def order(self, usual: PhoneWish, options: ProcessingOptions) -> PhoneOrder:
        """Return what is ordered. Raises InvalidRequest, UnsupportedOption."""
        return PhoneOrder(
            name=self.name,
            options=options if self.redact is None else replace(options, redact=self.redact),
            details=replace(self.details.details(), consent=self.told()),
            wish=self.transcription.over(usual),
        )


class LanguageForm(Form):
    """The language in which a call goes on."""

    locale: str = Field(description="One language with its region, as es-ES.")


class HangUpQuery(BaseModel):
    """How a call is hung up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    for_everyone: bool = Field(
        default=False, description="Whether the call ends for all who are in it; else we leave it."
    )


def _text(given: str | None) -> str | None:
    """Return a text on one line, without space around it; None for a blank one."""
    return " ".join((given or "").split()) or None
