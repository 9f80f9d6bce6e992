"""What AssemblyAI can be asked for in recorded calls beyond what all providers share."""

from services.domain.errors import InvalidRequest
from services.domain.speech import PiiType
from services.providers.capabilities import OptionKind, OptionValues, ProviderOption

MODEL = "model"
LEAST_CONFIDENCE = "language_confidence"
EXPECTED_LANGUAGES = "expected_languages"
CHANNELS = "multichannel"
SENTIMENT = "sentiment"
SUMMARY = "summary"
REDACTION = "redaction"
POLICIES = "redaction_policies"
SUBSTITUTION = "redaction_style"
COVERED_SOUND = "covered_sound"
PROFANITY = "filter_profanity"

BEST = "best"
AUTO, OFF = "auto", "off"
BEEP, SILENCE = "beep", "silence"
ENTITY_NAME, HASH = "entity_name", "hash"

# What the service calls a kind of personal data, and what it is here.
KINDS: dict[str, PiiType] = {
    "person_name": PiiType.PERSON,
    "phone_number": PiiType.PHONE,
    "email_address": PiiType.EMAIL,
    "credit_card_number": PiiType.CARD,
    "credit_card_expiration": PiiType.CARD,
    "credit_card_cvv": PiiType.CVV,
    "us_social_security_number": PiiType.SSN,
    "location_address": PiiType.ADDRESS,
    "location_address_street": PiiType.ADDRESS,
    "location_zip": PiiType.ADDRESS,
    "date_of_birth": PiiType.DOB,
    "account_number": PiiType.ACCOUNT,
    "banking_information": PiiType.ACCOUNT,
    "number_sequence": PiiType.ACCOUNT,
    "healthcare_number": PiiType.POLICY,
}
# Kinds of the service's that have no name of their own here.
OTHER_KINDS = frozenset(
    [
        "blood_type",
        "date",
        "date_interval",
        "drivers_license",
        "drug",
        "gender_sexuality",
        "injury",
        "ip_address",
        "location",
        "location_city",
        "location_country",
        "location_state",
        "marital_status",
        "medical_condition",
        "medical_process",
        "money_amount",
        "nationality",
        "occupation",
        "organization",
        "passport_number",
        "password",
        "person_age",
        "political_affiliation",
        "religion",
        "url",
        "username",
        "vehicle_id",
    ]
)
# What is taken out when nobody names kinds.
USUAL_POLICIES = (
    "person_name",
    "phone_number",
    "email_address",
    "credit_card_number",
    "credit_card_expiration",
    "credit_card_cvv",
    "us_social_security_number",
    "location_address",
    "date_of_birth",
    "account_number",
    "banking_information",
    "healthcare_number",
)

RECORDED_OPTIONS: tuple[ProviderOption, ...] = (
    ProviderOption(
        name=MODEL,
        title="Speech model",
        help="Which of AssemblyAI's models recognises the words.",
        choices=(
            ("", "The newest that knows the language"),
            ("universal-3-5-pro", "Universal-3.5 Pro"),
            ("universal-3-pro", "Universal-3 Pro (six languages)"),
            ("universal-2", "Universal-2 (99 languages)"),
            (BEST, "Best (the earlier default)"),
        ),
    ),
    ProviderOption(
        name=CHANNELS,
        title="Channels",
        help="Whether each channel of a two-channel call is taken for one speaker.",
        choices=((AUTO, "One speaker per channel"), (OFF, "Tell voices apart in the mix")),
        default=AUTO,
    ),
    ProviderOption(
        name=LEAST_CONFIDENCE,
        title="Least confidence in the language",
        help="When the language is detected less surely than this (0 to 1), the call fails.",
        kind=OptionKind.NUMBER,
        least=0,
        most=1,
    ),
    ProviderOption(
        name=EXPECTED_LANGUAGES,
        title="Languages to expect",
        help="Language codes between commas, such as en, es: the detected one is among them.",
        kind=OptionKind.TEXT,
    ),
    ProviderOption(
        name=SENTIMENT,
        title="AssemblyAI's sentiment",
        help="Shown beside Partyline's own; English only, charged by AssemblyAI.",
        kind=OptionKind.TOGGLE,
        default="no",
    ),
    ProviderOption(
        name=SUMMARY,
        title="AssemblyAI's summary",
        help="In place of Partyline's own; not where personal data is taken out at AssemblyAI, "
        "whose summaries keep it. Charged by AssemblyAI.",
        choices=(
            ("", "No"),
            ("bullets", "Points"),
            ("bullets_verbose", "Many points"),
            ("paragraph", "A paragraph"),
            ("headline", "One sentence"),
        ),
    ),
    ProviderOption(
        name=REDACTION,
        title="Take personal data out at AssemblyAI",
        help="The words without it are all that leaves AssemblyAI; charged by AssemblyAI.",
        kind=OptionKind.TOGGLE,
        default="no",
        redacts=True,
    ),
    ProviderOption(
        name=POLICIES,
        title="Kinds of personal data",
        help="AssemblyAI's names between commas, such as person_name, occupation. Without any: "
        "names, phone, card, account, policy and social security numbers, e-mail and street "
        "addresses, dates of birth.",
        kind=OptionKind.TEXT,
    ),
    ProviderOption(
        name=SUBSTITUTION,
        title="What stands in its place",
        help="Names of kinds become Partyline's, such as [PHONE]; signs don't tell the kind.",
        choices=((ENTITY_NAME, "The kind of data"), (HASH, "Signs (#)")),
        default=ENTITY_NAME,
    ),
    ProviderOption(
        name=COVERED_SOUND,
        title="Covered sound at AssemblyAI",
        help="With personal data taken out there: a copy of the recording without it, to be "
        "fetched within a day (partyline assemblyai sound). Until then AssemblyAI keeps the call.",
        leaves_copy=True,
        choices=(("", "No"), (BEEP, "With a tone"), (SILENCE, "With silence")),
    ),
    ProviderOption(
        name=PROFANITY,
        title="Swear words as asterisks",
        help="AssemblyAI writes swear words as asterisks.",
        kind=OptionKind.TOGGLE,
        default="no",
    ),
)


def policies_of(values: OptionValues) -> list[str]:
    """Return the kinds of personal data that are to be taken out. Raises InvalidRequest."""
    policies = [one.casefold() for one in values.parts(POLICIES) or USUAL_POLICIES]
    if not set(policies) <= KINDS.keys() | OTHER_KINDS:
        raise InvalidRequest(f"The option {POLICIES} takes names of AssemblyAI's policies.")
    return policies
