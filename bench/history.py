"""A made-up history of many calls, written straight into the database: no recordings, varied words.

The talk is put together from openings, matters, small talk and closings with names, amounts and
dates filled in, so that every shipped rule applies to some share of the calls and no two are alike.
The same seed makes the same history.
"""

import random
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, insert

from services.analysis.metrics import analyse
from services.domain.calls import Call, CallDetails, CallState, Direction, ProcessingOptions, Run
from services.domain.ids import new_id
from services.domain.metrics import AnalysedTranscript
from services.domain.speech import (
    Hold,
    HoldKind,
    Sentiment,
    SentimentLabel,
    Span,
    Speaker,
    SpeakerRole,
    Transcript,
    Utterance,
    Word,
)
from services.storage.call_rows import call_to_row, run_to_row
from services.storage.categories import RuleReader, read_by_rules
from services.storage.database import writing
from services.storage.derived import write_derived
from services.storage.forms import pack_transcript
from services.storage.keys import MasterKey
from services.storage.models import CALLS, RUNS, TRANSCRIPTS, UTTERANCES
from services.storage.utterances import utterance_rows

CALLS_AT_ONCE = 200
LINES = 40
AGENT, CUSTOMER = "a", "c"
FIRST_DAY = date(2025, 1, 1)
DAYS = 300

AGENTS = (
    "Nora Fields", "Tomas Berg", "Aisha Karim", "Liam Doyle", "Priya Nair", "Mateo Ruiz",
    "Hanna Vogel", "Owen Price", "Sofia Conti", "Yusuf Demir", "Grace Lind", "Ivan Petrov",
)  # fmt: skip
QUEUES = ("Billing", "Support", "Sales", "Claims", "Travel")
COMPANIES = ("Harbor Energy", "Northwind Insurance", "Bluebell Telecom", "Oakline Bank")
NAMES = ("Dana", "Marcus", "Elena", "Peter", "Ruth", "Carlos", "Mei", "Anders", "Joan", "Victor")
DAYS_SAID = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
MONTHS = ("January", "March", "April", "June", "August", "October")
THINGS = ("kettle", "router", "charger", "lamp", "printer", "blender", "heater", "monitor")
PLACES = ("Leeds", "Boston", "Galway", "Denver", "Lisbon", "Perth", "Halifax", "Austin")

GREETINGS = (
    "Thank you for calling {company}, my name is {name}, how can I help you today?",
    "Good morning, {company}, this is {name} speaking.",
    "{company}, you're through to {name}, how may I help?",
)
BARE_GREETINGS = ("Hello?", "Yes, hi there.", "Hello, go ahead please.")
NOTICES = (
    "Just so you know, this call is recorded for quality and training purposes.",
    "Calls may be monitored or recorded.",
)
CHECKS = (
    ("Can I take your date of birth please?", "It's the {n} of {month} nineteen {n}."),
    ("Could you confirm the first line of your address?", "It's {n} Mill Lane in {place}."),
)
MATTERS = (
    ("My bill is far too high this month, I was charged {n} dollars twice.",
     "I can see the charge on your account from {month}."),
    ("My {thing} stopped working after {n} days and it's under warranty.",
     "I'll check the warranty on that {thing}."),
    ("My parcel hasn't arrived, the tracking says it was delivered on {day}.",
     "Let me look up where the parcel is."),
    ("There's been no internet at my house in {place} since {day}.",
     "I can see an outage in your area."),
    ("I need to change my flight to {place} to {day}.", "I can rebook you on a later flight."),
    ("My card is blocked and I'm at a shop in {place}.", "I'll look at why the card was declined."),
    ("There's a payment on my account that I don't recognise.", "That looks like fraud to me."),
    ("I need a refill of my prescription by {day}.", "The pharmacy can have that ready."),
    ("I had an accident on {day} and need to make a claim.", "I'll open a claim for you."),
    ("I've moved to {place} and need to change my address.", "I can update your address now."),
    ("The hotel room in {place} was dirty and nobody came.", "That's not what we want for guests."),
    ("My car makes a noise from the brakes, can I bring it to the garage?", "We can book you in."),
    ("Is a visit to the specialist covered by my plan?", "Let me check your coverage."),
    ("I can't log in to the app, it says my password is wrong.", "Let's reset it together."),
)  # fmt: skip
RARE = (
    (0.05, CUSTOMER, "I want to speak to a manager about the {thing}."),
    (0.06, CUSTOMER, "Honestly I'm thinking of switching to another provider."),
    (0.05, CUSTOMER, "I'd like to cancel my subscription from {day}."),
    (0.12, AGENT, "We'll refund {n} dollars to your account by {day}."),
    (0.10, AGENT, "I'll call you back on {day} with an answer."),
    (0.08, CUSTOMER, "This is the third time I've called about this."),
    (0.01, CUSTOMER, "I'll take this to my lawyer and the ombudsman."),
    (0.02, CUSTOMER, "A friend got a better deal from a competitor for {n} a month."),
    (0.04, AGENT, "Could you read me the long number on the card?"),
    (0.04, CUSTOMER, "It's four five three two, one one two two, three three four four, five six."),
    (0.08, AGENT, "The payment of {n} dollars has gone through."),
    (0.25, AGENT, "I'm sorry to hear that, I understand how frustrating it is."),
    (0.04, AGENT, "If you stay with us I can offer you {n} percent off for six months."),
    (0.10, CUSTOMER, "I want to make a complaint, this is unacceptable."),
    (0.02, CUSTOMER, "What the hell is wrong with you people?"),
    (0.15, AGENT, "I'll send you an email with the details by {day}."),
    (0.02, CUSTOMER, "No, I don't want to cancel it, I only have a question."),
)  # fmt: skip
HOLD_LINES = ("May I put you on hold for a minute?", "Thanks for holding, I'm back with you.")
SMALL_TALK_AGENT = (
    "Right, let me have a look.", "I see that here.", "One moment while the page loads.",
    "And the reference ends in {n}, is that right?", "It was updated on {day}.",
    "That makes sense.", "The system shows {n} entries for {month}.",
    "I've made a note of it for the team in {place}.", "Bear with me, it's a little slow today.",
    "So that was the {thing} from {month}, correct?", "You should see it in the app as well.",
)  # fmt: skip
SMALL_TALK_CUSTOMER = (
    "Okay.", "Yes, that's right.", "I think it was on {day}.",
    "My sister in {place} said the same.",
    "I looked at the {thing} again this morning.", "It says {n} on the letter.", "Sure, no rush.",
    "I was away in {month} so I only saw it now.", "All right.", "Hm, let me find it.",
    "The number on it is {n} dash {n}.", "We've had the {thing} for {n} weeks or so.",
)  # fmt: skip
CLOSINGS = (
    "Is there anything else I can help you with today?",
    "Anything else I can do for you?",
)
FAREWELLS = ("Thanks for calling, goodbye.", "Have a lovely day.", "Take care, bye.")


def make_history(
    engine: Engine,
    org_id: str,
    calls: int,
    key: MasterKey,
    read_rules: RuleReader,
    seed: int = 1,
) -> Iterator[int]:
    """Add so many calls; yields how many there are so far."""
    chance = random.Random(seed)
    for start in range(0, calls, CALLS_AT_ONCE):
        count = min(CALLS_AT_ONCE, calls - start)
        made = [_call(chance, org_id) for _ in range(count)]
        _write(engine, made, key, read_rules)
        yield start + count


def _write(
    engine: Engine,
    made: Iterable[tuple[Call, AnalysedTranscript]],
    key: MasterKey,
    read_rules: RuleReader,
) -> None:
    read = [
        (call, shown, read_by_rules(engine, read_rules, call.org_id, shown)) for call, shown in made
    ]
    with writing(engine) as connection:
        for call, shown, reading in read:
            transcript = shown.transcript
            run = Run(
                call_id=call.id,
                number=1,
                options=ProcessingOptions(),
                state=CallState.READY,
                transcript_id=transcript.id,
                created_at=call.created_at,
                finished_at=call.created_at,
            )
            connection.execute(insert(CALLS).values(call_to_row(call, key.new_data_key(call.id))))
            connection.execute(insert(RUNS).values(run_to_row(call.org_id, run)))
            connection.execute(
                insert(TRANSCRIPTS).values(
                    id=transcript.id,
                    org_id=call.org_id,
                    call_id=call.id,
                    run=1,
                    provider=transcript.provider,
                    language=transcript.language,
                    redacted=False,
                    created_at=call.created_at,
                    body=pack_transcript(transcript),
                )
            )
            connection.execute(insert(UTTERANCES), utterance_rows(call.org_id, call.id, transcript))
            write_derived(connection, call, shown, reading(connection) if reading else None)


def _call(chance: random.Random, org_id: str) -> tuple[Call, AnalysedTranscript]:
    transcript = _transcript(chance)
    held = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(
        days=chance.randrange(DAYS), seconds=chance.randrange(8 * 3600, 18 * 3600)
    )
    call_id = new_id()
    call = Call(
        id=call_id,
        org_id=org_id,
        source_name=f"call_{zlib.crc32(call_id.encode()):08x}.wav",
        content_hash=new_id(),
        size_bytes=transcript.duration_ms * 16,
        state=CallState.READY,
        created_at=held,
        details=CallDetails(
            agent_name=chance.choice(AGENTS),
            queue=chance.choice(QUEUES),
            direction=Direction.INBOUND,
            started_at=held,
        ),
        run=1,
        active_transcript_id=transcript.id,
    )
    return call, AnalysedTranscript(transcript=transcript, analysis=analyse(transcript))


def _transcript(chance: random.Random) -> Transcript:
    talk = _talk(chance)
    utterances: list[Utterance] = []
    holds: list[Hold] = []
    at_ms = chance.randrange(200, 1_500)
    for number, (speaker, text) in enumerate(talk):
        said = _filled(chance, text)
        words = said.split()
        spoken, start_ms = [], at_ms
        for word in words:
            lasts_ms = 120 + 45 * len(word)
            spoken.append(Word(text=word, start_ms=at_ms, end_ms=at_ms + lasts_ms - 30))
            at_ms += lasts_ms
        utterances.append(
            Utterance(
                id=f"u{number}",
                speaker=speaker,
                start_ms=start_ms,
                end_ms=at_ms,
                text=said,
                words=tuple(spoken),
                sentiment=_mood(chance, said),
                is_backchannel=speaker == CUSTOMER and text in ("Okay.", "All right."),
            )
        )
        if text == HOLD_LINES[0]:
            lasts_ms = chance.randrange(10_000, 180_000)
            holds.append(
                Hold(start_ms=at_ms + 500, end_ms=at_ms + 500 + lasts_ms, kind=HoldKind.MUSIC)
            )
            at_ms += lasts_ms + 1_000
        pause_ms = chance.choice((-300, 100, 250, 400, 700, 1_200))
        at_ms += pause_ms if chance.random() > 0.01 else chance.randrange(6_000, 30_000)
    return Transcript(
        id=new_id(),
        provider="local",
        duration_ms=max(at_ms, utterances[-1].end_ms) + 500,
        speakers=(
            Speaker(id=AGENT, label="Agent", role=SpeakerRole.AGENT, role_confidence=0.9),
            Speaker(id=CUSTOMER, label="Customer", role=SpeakerRole.CUSTOMER, role_confidence=0.9),
        ),
        utterances=tuple(utterances),
        spans=tuple(
            Span(speaker=u.speaker or AGENT, start_ms=u.start_ms, end_ms=u.end_ms)
            for u in utterances
        ),
        holds=tuple(holds),
        language="en",
    )


def _talk(chance: random.Random) -> list[tuple[str, str]]:
    greets = chance.random() < 0.9
    talk = [(AGENT, chance.choice(GREETINGS if greets else BARE_GREETINGS))]
    if chance.random() < 0.6:
        talk.append((AGENT, chance.choice(NOTICES)))
    problem, answer = chance.choice(MATTERS)
    talk.append((CUSTOMER, problem))
    if chance.random() < 0.7:
        asked, told = chance.choice(CHECKS)
        talk += [(AGENT, asked), (CUSTOMER, told)]
    talk.append((AGENT, answer))
    middle = [(who, text) for share, who, text in RARE if chance.random() < share]
    if chance.random() < 0.15:
        talk.append((AGENT, HOLD_LINES[0]))
        if chance.random() < 0.8:
            talk.append((AGENT, HOLD_LINES[1]))
    while len(talk) + len(middle) < LINES - 2:
        who = AGENT if chance.random() < 0.5 else CUSTOMER
        lines = SMALL_TALK_AGENT if who == AGENT else SMALL_TALK_CUSTOMER
        middle.append((who, chance.choice(lines)))
    chance.shuffle(middle)
    talk += middle
    if chance.random() < 0.6:
        talk.append((AGENT, chance.choice(CLOSINGS)))
    talk.append((AGENT, chance.choice(FAREWELLS)))
    return talk


def _filled(chance: random.Random, text: str) -> str:
    if "{" not in text:
        return text
    return text.format(
        company=chance.choice(COMPANIES),
        name=chance.choice(NAMES),
        day=chance.choice(DAYS_SAID),
        month=chance.choice(MONTHS),
        thing=chance.choice(THINGS),
        place=chance.choice(PLACES),
        n=chance.randrange(2, 99),
    )


def _mood(chance: random.Random, text: str) -> Sentiment:
    score = round(chance.gauss(-0.3 if "n't" in text or "wrong" in text else 0.05, 0.3), 3)
    score = max(-1.0, min(1.0, score))
    label = SentimentLabel.NEUTRAL
    if abs(score) > 0.3:
        label = SentimentLabel.POSITIVE if score > 0 else SentimentLabel.NEGATIVE
    return Sentiment(label=label, score=score)
