"""How each demo call ends: what a reader would note down after listening."""

from __future__ import annotations

from collections.abc import Mapping

Outcome = Mapping[str, object]

BILLING: Outcome = {
    "reason": "The October bill was charged twice, 107 dollars each time",
    "resolution": "The duplicate payment is refunded and a 10 dollar credit was added",
    "resolved": True,
    "promises": [
        {"by": "agent", "what": "refund of 107 dollars", "when": "in 3 to 5 working days"},
        {"by": "agent", "what": "confirmation by e-mail", "when": None},
    ],
    "callback_promised": False,
    "first_customer_sentiment": "negative",
    "final_customer_sentiment": "positive",
    "categories": [
        "greeting_standard",
        "recording_disclosure",
        "empathy_expressed",
        "hold_used",
        "refund_or_credit_promised",
        "repeat_contact",
        "closing_offer",
    ],
    "categories_ambiguous": ["identity_verification", "card_number_spoken"],
}

DELIVERY: Outcome = {
    "reason": "A thermostat ordered three weeks ago has not arrived",
    "resolution": None,
    "resolved": False,
    "promises": [
        {"by": "agent", "what": "call the customer back", "when": "tomorrow before noon"},
        {"by": "agent", "what": "ask the supervisor about a replacement", "when": None},
    ],
    "callback_promised": True,
    "first_customer_sentiment": "negative",
    "final_customer_sentiment": "negative",
    "categories": [
        "greeting_standard",
        "empathy_expressed",
        "callback_promised",
        "repeat_contact",
        "cancel_intent",
    ],
    "categories_ambiguous": ["identity_verification", "escalation_requested"],
}

RETENTION: Outcome = {
    "reason": "The customer cancels because the plan is too expensive",
    "resolution": "The plan ends on 30 November; the retention offer was declined",
    "resolved": True,
    "promises": [
        {"by": "agent", "what": "letter that confirms the cancellation", "when": "in a week"},
    ],
    "callback_promised": False,
    "first_customer_sentiment": "neutral",
    "final_customer_sentiment": "negative",
    "categories": [
        "greeting_standard",
        "cancel_intent",
        "competitor_mention",
        "retention_offer",
    ],
    "categories_ambiguous": ["refund_or_credit_promised", "empathy_expressed"],
}

APPOINTMENT: Outcome = {
    "reason": "The customer thanks for a repair and books the yearly inspection",
    "resolution": "The inspection is booked for Thursday at nine",
    "resolved": True,
    "promises": [
        {"by": "agent", "what": "tell the technician", "when": "today"},
        {"by": "agent", "what": "send a reminder", "when": "the day before"},
    ],
    "callback_promised": False,
    "first_customer_sentiment": "positive",
    "final_customer_sentiment": "positive",
    "categories": ["greeting_standard"],
    "categories_ambiguous": [],
}
