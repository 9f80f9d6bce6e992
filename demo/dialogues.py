"""The texts of the four demo calls. Every person, number and address in them is invented.

Phone numbers are from the 555-01xx range, mail is at example.com, the card is a public test
number. Numbers are written as they are spoken.
"""

from __future__ import annotations

from datetime import UTC, datetime

from demo import outcomes
from demo.script import CallScript, Hold, Voice, agent, customer, nod

NORA = Voice(name="af_heart", speed=1.12)
MARCUS = Voice(name="am_michael", speed=1.18)

BILLING = CallScript(
    agent="Nora Fields",
    customer="Daniel Price",
    customer_ref="C-1042",
    queue="Billing",
    started_at=datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
    agent_voice=NORA,
    customer_voice=Voice(name="am_fenrir", speed=1.16),
    container="ogg",
    channels=2,
    scenes=(
        agent(
            "Thank you for calling Harbor Energy, my name is {PERSON|Nora Fields}. "
            "This call is recorded for training. How can I help you today?",
            gap_ms=900,
        ),
        customer(
            "Yes, hi. I'm honestly furious. You charged me twice for October, a hundred and "
            "seven dollars each time, and nobody answers my messages!",
            "negative",
        ),
        agent(
            "I'm very sorry about that, I understand how frustrating this is. "
            "May I have your name and your account number, please?",
            gap_ms=480,
        ),
        customer(
            "It's {PERSON|Daniel Price}. The account is {ACCOUNT|seven three nine, two eight six}.",
            gap_ms=520,
        ),
        agent(
            "Thank you, Mr. {PERSON|Price}. And a phone number, in case we get cut off?", gap_ms=240
        ),
        customer("Sure. {PHONE|Three one two, five five five, zero one four seven}.", gap_ms=250),
        agent(
            "Thanks. Let me open your October statement. / I can see two payments here, both on "
            "the third of the month. / Usually that happens when the automatic payment and the "
            "one in our app are both",
        ),
        nod("customer", "Right.", into_ms=2500),
        nod("customer", "Uh-huh.", into_ms=6400),
        customer(
            "No, no! I never used the app. This is your mistake, "
            "and it's the second time this year!",
            "negative",
            gap_ms=-700,
            interrupts=True,
        ),
        agent(
            "You're right, and I'm sorry. I don't want to guess. / May I put you on hold for a "
            "moment while I ask our payments team?",
            gap_ms=260,
        ),
        customer("Fine. But please be quick.", "negative"),
        Hold(duration_ms=12_000),
        agent(
            "Thank you for waiting, Mr. {PERSON|Price}. You were right. "
            "Our system ran the October payment twice.",
            gap_ms=700,
        ),
        customer("So what happens now?", gap_ms=200),
        agent("I'm sending the money back to your card. One moment while I enter it.", gap_ms=420),
        agent("Could you read me the card number, please?", gap_ms=6200),
        customer(
            "It's {CARD|three zero five six, nine three zero nine}. / "
            "Sorry, do you really need all of it?",
        ),
        agent("No, only the last four digits, please."),
        customer("Okay. {CARD|Five nine zero four}.", gap_ms=600),
        agent(
            "Perfect. You will get the full refund of one hundred and seven dollars in three to "
            "five working days. / I will also send you a confirmation by email.",
            gap_ms=780,
        ),
        nod("customer", "Okay.", into_ms=5300),
        customer("Good. The address is {EMAIL|daniel dot price at example dot com}."),
        agent("Got it. And I added a ten dollar credit for the trouble.", gap_ms=900),
        customer(
            "Oh, that's really kind. Thank you so much, that is such a relief.",
            "positive",
            gap_ms=200,
        ),
        agent("You're very welcome. Is there anything else I can help you with?"),
        customer("No, that's all. You've been great. Have a nice day!", "positive", gap_ms=220),
        agent("Thank you for calling Harbor Energy. Goodbye."),
    ),
    facts=outcomes.BILLING,
)

DELIVERY = CallScript(
    agent="Marcus Bell",
    customer="Olivia Grant",
    customer_ref="C-2087",
    queue="Deliveries",
    started_at=datetime(2026, 11, 13, 14, 5, tzinfo=UTC),
    agent_voice=MARCUS,
    customer_voice=Voice(name="bf_emma", speed=1.16),
    container="wav",
    channels=1,
    telephone=True,
    scenes=(
        agent(
            "Harbor Energy deliveries, you're speaking with {PERSON|Marcus Bell}. How can I help?",
            gap_ms=700,
        ),
        customer(
            "Hello. I ordered a thermostat from you three weeks ago, and it still hasn't arrived.",
            "negative",
        ),
        agent("I'm sorry to hear that. Do you have the order number?", gap_ms=280),
        customer("Yes, it's {ACCOUNT|four eight, one nine, six two}.", gap_ms=900),
        agent("Thank you. And your name and the delivery address?"),
        customer("{PERSON|Olivia Grant}, {ADDRESS|eighteen Willow Lane, Springfield}."),
        agent(
            "Okay. The tracking says it was delivered last Tuesday, at ten in the morning.",
            gap_ms=700,
        ),
        customer(
            "Well, it wasn't. I was at home all day, and nobody rang the bell.",
            "negative",
            gap_ms=180,
        ),
        agent("Maybe the driver left it with a neighbor?", gap_ms=850),
        customer(
            "I asked all of them already. / This is the third time I've called about this, "
            "and every time I get a different story.",
            "negative",
        ),
        nod("agent", "Right.", into_ms=1600),
        agent(
            "I understand. I have to open an investigation with the carrier. / "
            "That can take up to ten days, and until then I can't"
        ),
        customer(
            "Ten days? I can't wait ten days! My heating isn't working, and it's freezing in here.",
            "negative",
            gap_ms=-550,
            interrupts=True,
        ),
        agent(
            "I know, and I apologize. I'm not allowed to send a replacement yet. / But I will "
            "ask my supervisor, and I will call you back tomorrow before noon."
        ),
        customer("You said that last week too. Nobody ever called me.", "negative", gap_ms=200),
        agent(
            "I will do it myself. Is {PHONE|two one seven, five five five, zero one eight three} "
            "still the best number?"
        ),
        customer(
            "Yes. But honestly, I'm very disappointed. "
            "If this isn't solved tomorrow, I will cancel the order.",
            "negative",
        ),
        agent("I understand. Thank you for your patience. Goodbye."),
        customer("Goodbye."),
    ),
    facts=outcomes.DELIVERY,
)

RETENTION = CallScript(
    agent="Marcus Bell",
    customer="Hannah Ortiz",
    customer_ref="C-3310",
    queue="Retention",
    started_at=datetime(2026, 11, 16, 16, 40, tzinfo=UTC),
    agent_voice=MARCUS,
    customer_voice=Voice(name="af_bella", speed=1.12),
    container="ogg",
    channels=2,
    scenes=(
        agent(
            "Harbor Energy customer care, {PERSON|Marcus Bell} speaking. What can I do for you?",
            gap_ms=800,
        ),
        customer(
            "Hi, this is {PERSON|Hannah Ortiz}. I'd like to cancel my plan at the end of the "
            "month, please."
        ),
        agent("Oh, I'm sorry to hear that. May I ask why?", gap_ms=300),
        customer(
            "It's just too expensive for me. I found a cheaper offer from Brightwater Power.",
            "negative",
        ),
        agent(
            "I see. Before you decide, let me tell you what we can do, because most people don't "
            "know everything that is included. / Your plan has a fixed price for two years, so "
            "when prices go up in winter, you don't pay a cent more. / You also get our repair "
            "service, day and night, and that alone is worth around eight dollars a month. / "
            "Many of those cheaper offers look good in the beginning, but after six months the "
            "price goes up, and then you are stuck with a long contract. / Now, because you have "
            "been with us for four years, I can give you something special. / I can take twenty "
            "percent off your bill for the next twelve months, and I would add a free inspection "
            "of your heating in the spring."
        ),
        nod("customer", "Okay.", into_ms=5600),
        nod("customer", "Uh-huh.", into_ms=14_000),
        customer(
            "That's nice of you, but I've already made up my mind. "
            "Honestly, I was never really happy with the service.",
            "negative",
            gap_ms=500,
        ),
        agent(
            "I understand, but think about the twenty percent. That's almost two hundred and "
            "forty dollars a year, and you don't need to do anything.",
            gap_ms=180,
        ),
        customer(
            "No, thank you. I'm afraid I feel a bit pushed here. I would just like to cancel.",
            "negative",
            gap_ms=600,
        ),
        agent(
            "All right. I have cancelled your plan for the thirtieth of November. "
            "You will get a letter to confirm it within a week.",
            gap_ms=800,
        ),
        customer("Thank you. Goodbye."),
        agent("Goodbye, and all the best."),
    ),
    facts=outcomes.RETENTION,
)

APPOINTMENT = CallScript(
    agent="Nora Fields",
    customer="Samuel Reed",
    customer_ref="C-1177",
    queue="Appointments",
    started_at=datetime(2026, 11, 17, 11, 15, tzinfo=UTC),
    agent_voice=NORA,
    customer_voice=Voice(name="bm_george", speed=1.14),
    container="ogg",
    channels=1,
    scenes=(
        agent(
            "Good morning, Harbor Energy, this is {PERSON|Nora Fields}. How can I help?",
            gap_ms=600,
        ),
        customer(
            "Good morning. A technician fixed my boiler yesterday, and I just wanted to say "
            "thank you. He was fantastic.",
            "positive",
        ),
        agent("Oh, that's lovely to hear! I will tell him today.", gap_ms=200),
        customer("Please do. I'd also like to book the yearly inspection, if that's possible."),
        agent(
            "Of course. I have next Thursday at nine in the morning, or Friday at two.", gap_ms=500
        ),
        customer("Thursday at nine is perfect.", "positive"),
        agent("Wonderful. Can I have your name, please?"),
        customer("It's {PERSON|Samuel Reed}.", gap_ms=240),
        agent(
            "Great, Mr. {PERSON|Reed}, you are booked for Thursday at nine. "
            "We will send you a reminder the day before."
        ),
        customer("Excellent. You've made this so easy. Thank you very much!", "positive"),
        agent("My pleasure. Have a wonderful day!"),
        customer("You too. Bye!", "positive"),
    ),
    facts=outcomes.APPOINTMENT,
)

CALLS = (BILLING, DELIVERY, RETENTION, APPOINTMENT)
