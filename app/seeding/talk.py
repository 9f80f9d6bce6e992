"""What is said in a made-up call: lines put together from ours, filled with names and things."""

import random
from dataclasses import dataclass
from functools import cache

from app.seeding.words import COMPANIES, Ranked, brands, words

AGENT, CUSTOMER = "a", "c"


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something said; ``rule`` is the id of the rule that it makes apply, if it does."""

    who: str
    text: str
    rule: str | None = None


# What is said for a rule to apply, by whom, and in which share of calls.
EVENTS: tuple[tuple[str, float, str, tuple[str, ...]], ...] = (
    ("greeting_standard", 0.88, AGENT, (
        "Thank you for calling {company}, my name is {name}, how can I help you today?",
        "Good morning, you're through to {name} at {company}, how may I help?",
    )),
    ("recording_disclosure", 0.7, AGENT, (
        "Before we begin, this call is recorded for training purposes.",
        "Just to let you know, our calls are recorded.",
    )),
    ("identity_verification", 0.62, AGENT, (
        "Could you confirm your date of birth for me, please?",
        "For security, may I have your full name and the first line of your address?",
    )),
    ("empathy_expressed", 0.3, AGENT, (
        "I'm sorry to hear that, I understand how frustrating it must be.",
        "I do apologise, I can see why you are upset.",
    )),
    ("escalation_requested", 0.05, CUSTOMER, (
        "I would like to speak to a manager, please.",
        "Can you put me through to your supervisor?",
    )),
    ("cancel_intent", 0.06, CUSTOMER, (
        "I want to cancel my subscription at the end of {month}.",
        "To be honest I am thinking of switching to {brand}.",
    )),
    ("refund_or_credit_promised", 0.1, AGENT, (
        "We'll refund {money} dollars to your account by {weekday}.",
        "I have put a credit of {money} dollars on your next bill.",
    )),
    ("callback_promised", 0.1, AGENT, (
        "I'll call you back on {weekday} with an answer.",
        "One of us will ring you back before {weekday}.",
    )),
    ("repeat_contact", 0.09, CUSTOMER, (
        "This is the third time I've called about this.",
        "I already called last week about the same {thing}.",
    )),
    ("complaint", 0.08, CUSTOMER, (
        "I want to make a complaint about how this was handled.",
        "This is unacceptable, I have been waiting since {month}.",
    )),
    ("promise_made", 0.2, AGENT, (
        "I'll send you an email with the details by {weekday}.",
        "I will make sure that the {thing} goes out on {weekday}.",
    )),
    ("closing_offer", 0.64, AGENT, (
        "Is there anything else I can help you with today?",
        "Is there anything else I can do for you?",
    )),
)  # fmt: skip
MATTERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "billing_dispute": (
        ("My bill for {month} is far too high, I was charged {money} dollars twice.",),
        ("I can see two charges of {money} dollars on your bill.",),
    ),
    "payment": (
        ("I'd like to pay the {money} dollars that are due in {month}.",),
        ("I can take a payment of {money} dollars right now.",),
    ),
    "refund": (
        ("I sent the {thing} back in {month} and still have no refund.",),
        ("The refund for the {thing} is on its way to your account.",),
    ),
    "account_change": (
        ("I've moved to {place} and need to change my address.",),
        ("Your new address in {place} is on the account now.",),
    ),
    "loan_enquiry": (
        ("What would the monthly rate be for a loan of {money} thousand?",),
        ("For a loan like that the rate is fixed for {n} months.",),
    ),
    "technical_support": (
        ("My {brand} {thing} keeps restarting, it's really {manner}.",),
        ("Let's look at the settings of your {thing} step by step.",),
    ),
    "service_outage": (
        ("There's been no internet at my house in {place} since {weekday}.",),
        ("There is an outage around {brand} Street in {place}.",),
    ),
    "password_reset": (
        ("I can't log in to the app, it says that my password is wrong.",),
        ("I have sent you a link to choose a new password.",),
    ),
    "warranty": (
        ("The {brand} {thing} broke after {n} weeks and it's under warranty.",),
        ("Your warranty for the {thing} runs until {month}.",),
    ),
    "sales_enquiry": (
        ("How much is the {brand} plan compared with the small one?",),
        ("The {brand} plan is {money} dollars a month.",),
    ),
    "general_question": (
        ("I only have a question about your opening hours in {place}.",),
        ("Our shop in {place} is open until six on {weekday}.",),
    ),
    "booking": (
        ("I'd like to book a room in {place} for {n} nights in {month}.",),
        ("I have a room near {brand} Square for {money} dollars a night.",),
    ),
    "appointment": (
        ("Can I move my appointment from {weekday} to {weekday}?",),
        ("Doctor {last} has time for you on {weekday}.",),
    ),
    "insurance_claim": (
        ("I had an accident in {place} on {weekday} and need to make a claim.",),
        ("I'll open a claim and {first} {last} will look after it.",),
    ),
    "vehicle_repair": (
        ("My {brand} makes a {manner} noise from the brakes.",),
        ("The garage in {place} can look at your car on {weekday}.",),
    ),
    "fraud": (
        ("There's a payment of {money} dollars to {brand} that I don't recognise.",),
        ("That looks like fraud, I am stopping the payment to {brand}.",),
    ),
    "card_blocked": (
        ("My card is blocked and I'm standing in a shop in {place}.",),
        ("I can see that the card was declined after {n} attempts.",),
    ),
    "healthcare_coverage": (
        ("Is a visit to Doctor {last} covered by my plan?",),
        ("Your plan covers {n} visits a year to a specialist.",),
    ),
    "travel_rebooking": (
        ("I need to change my flight to {place} from {weekday} to {weekday}.",),
        ("I can rebook you on the later flight to {place}.",),
    ),
    "hospitality_complaint": (
        ("The hotel in {place} was dirty and the room was {manner}.",),
        ("That's not the room that our guests should find.",),
    ),
    "delivery_problem": (
        ("My {thing} hasn't arrived, the tracking says it was delivered on {weekday}.",),
        ("Let me find out where the driver left your {thing}.",),
    ),
    "cancellation": (
        ("Please cancel the {brand} subscription from {month} on.",),
        ("If you stay I can offer you {n} percent off the {brand} plan.",),
    ),
    "complaint_about_staff": (
        ("The man at your counter in {place} was really {manner} to me.",),
        ("I'll pass on what you told me about our branch in {place}.",),
    ),
}  # fmt: skip
SMALL_TALK = {
    AGENT: (
        "Right, let me have a look at that for you.", "I see that here, it was updated in {month}.",
        "One moment while the page loads.", "And the reference ends in {n}, is that right?",
        "That makes sense, thank you.", "The system shows {n} entries for {month}.",
        "I've made a note of it for {first} in {place}.", "Bear with me, it's a little {manner}.",
        "So that was the {brand} {thing}, correct?", "You should see it in the app as well.",
        "It was ordered by {first} {last}, is that you?", "The {brand} team usually answers soon.",
        "I'm going through the list now.", "Would {weekday} suit you?",
        "We have had a few calls about {brand} this week.", "Could you spell {brand} for me?",
        "It can take up to {n} working days.", "Our colleagues in {place} will check the {thing}.",
    ),
    CUSTOMER: (
        "Okay.", "Yes, that's right.", "I think it was on {weekday}.", "All right.",
        "My sister in {place} said the same about {brand}.", "Sure, no rush.",
        "I looked at the {thing} again this morning.", "It says {n} on the letter.",
        "I was away in {month} so I only saw it now.", "Hm, let me find it.",
        "The number on it is {n} dash {n}.", "We've had the {thing} for {n} weeks or so.",
        "It's the {manner} one from {brand}.", "I live near {brand} Road in {place}.",
        "My name is {first} {last}.", "Somebody called {first} told me that.",
        "It has been rather {manner} lately.", "No, the other {thing}, the one from {brand}.",
    ),
}  # fmt: skip
HOLD_LINE = "May I put you on hold for a minute?"
ENDINGS = {
    True: ("Great, that solves it, thank you so much.", "Perfect, it's working now, thank you."),
    False: ("So there's nothing you can do? That's really {manner}.", "It still doesn't work."),
    None: ("Okay, I'll wait for the letter then.", "All right, I'll think about it."),
}
FAREWELLS = ("Thanks for calling, goodbye.", "Have a lovely day.", "Take care, bye.")


def talk_lines(
    chance: random.Random,
    *,
    topic: str | None,
    events: frozenset[str],
    resolved: bool | None,
    talk_share: float,
    has_hold: bool,
    size: int,
) -> list[Line]:
    """Return about so many lines in which this happens; ``talk_share`` is the agent's of them."""
    said = {rule: Line(who=who, text=chance.choice(texts), rule=rule)
            for rule, _, who, texts in EVENTS if rule in events}  # fmt: skip
    opening = [said.pop(rule) for rule in ("greeting_standard", "recording_disclosure",
               "identity_verification") if rule in said]  # fmt: skip
    closing = [said.pop("closing_offer")] if "closing_offer" in said else []
    asked, answered = MATTERS[topic or "general_question"]
    opening.insert(1, Line(who=CUSTOMER, text=chance.choice(asked), rule=topic))
    middle = [Line(who=AGENT, text=chance.choice(answered)), *said.values()]
    if has_hold:
        middle.append(Line(who=AGENT, text=HOLD_LINE, rule="hold_used"))
    while len(opening) + len(middle) + len(closing) < size - 2:
        who = AGENT if chance.random() < talk_share else CUSTOMER
        middle.append(Line(who=who, text=chance.choice(SMALL_TALK[who])))
    chance.shuffle(middle)
    end = Line(who=CUSTOMER, text=chance.choice(ENDINGS[resolved]))
    return [*opening, *middle, end, *closing, Line(who=AGENT, text=chance.choice(FAREWELLS))]


@cache
def _choices() -> dict[str, Ranked]:
    kinds = ("first", "last", "place", "thing", "manner", "month", "weekday")
    found = {kind: Ranked(words(kind)) for kind in kinds}
    brand, company = Ranked(brands()), Ranked(COMPANIES)
    return {**found, "name": found["first"], "brand": brand, "company": company}


class Filling(dict[str, str]):
    """Gives ``str.format_map`` a fresh word for each gap."""

    def __init__(self, chance: random.Random) -> None:
        """Choose by this chance."""
        super().__init__()
        self._chance = chance

    def __missing__(self, gap: str) -> str:
        """Return a word that fits the gap."""
        if gap == "n":
            return str(self._chance.randrange(2, 99))
        if gap == "money":
            return str(self._chance.randrange(5, 900))
        return _choices()[gap].choose(self._chance)
