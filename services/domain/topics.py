"""What a call is about and what is named in it: topics with their evidence, and entities."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

TOPIC_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "billing_dispute": "Billing dispute",
        "payment": "Payment",
        "refund": "Refund",
        "card_blocked": "Card blocked or lost",
        "fraud": "Fraud",
        "travel_rebooking": "Travel rebooking",
        "booking": "Booking",
        "service_outage": "Service outage",
        "technical_support": "Technical support",
        "password_reset": "Password or login",
        "hospitality_complaint": "Hotel or restaurant complaint",
        "complaint_about_staff": "Complaint about staff",
        "insurance_claim": "Insurance claim",
        "cancellation": "Cancellation",
        "pharmacy_refill": "Pharmacy refill",
        "appointment": "Appointment",
        "healthcare_coverage": "Healthcare coverage",
        "delivery_problem": "Delivery problem",
        "vehicle_repair": "Vehicle repair",
        "warranty": "Warranty",
        "account_change": "Account change",
        "sales_enquiry": "Sales enquiry",
        "loan_enquiry": "Loan or mortgage",
        "general_question": "General question",
    }
)
"""The taxonomy: every topic's id and what people call it. No topic means: not sure of any."""


def topic_name(topic: str) -> str:
    """Return what people call a topic; one of another version's taxonomy by its id's words."""
    return TOPIC_NAMES.get(topic) or topic.replace("_", " ").capitalize()


@dataclass(frozen=True, kw_only=True)
class LineTopics:
    """How probably one utterance, heard alone, speaks of which topics: (topic id, 0..1)."""

    utterance: str
    probabilities: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Something a call is about; ``utterances`` are the lines that carried it, strongest first."""

    id: str
    confidence: float
    utterances: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call the topic."""
        return topic_name(self.id)


class EntityKind(StrEnum):
    """What can be named in a call; none of them is personal data."""

    AMOUNT = "amount"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    PERCENTAGE = "percentage"
    QUANTITY = "quantity"
    PRODUCT = "product"
    ORGANISATION = "organisation"


@dataclass(frozen=True, kw_only=True)
class Entity:
    """Something named in an utterance: ``text`` stands at [start_char, end_char) of its text.

    ``value`` is the normalised form, equal for what means the same: ``131.00 USD`` (``131.00``
    when no currency is told), ``2026-11-17``, ``20:30``, ``08:00-12:00``, ``P2W``, ``40 %``. What
    can't be resolved keeps its words. ``amount_minor`` counts hundredths of the currency.
    """

    kind: EntityKind
    text: str
    value: str
    utterance: str
    start_ms: int
    end_ms: int
    start_char: int
    end_char: int
    amount_minor: int | None = None
    currency: str | None = None
