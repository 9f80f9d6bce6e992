"""What is said in an emulated call, and the frames in which the service would tell it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

TICKS_PER_MS = 10_000
PARTIALS = 3
FINAL_AFTER_MS = 300
PAUSE_MS = 500
AGENT = "8:acs:emulated-agent"
CUSTOMER = "4:+14255550123"
_PERSONAL = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True, kw_only=True)
class PhoneLine:
    """What one person says; personal data stands in braces. Times are those of the call."""

    text: str
    start_ms: int
    end_ms: int
    participant: str = AGENT
    sentiment: str = "neutral"
    language: str | None = None

    def said(self, *, masked: bool) -> str:
        """Return the text without braces, or with stars for what is in them."""
        return _PERSONAL.sub(lambda m: "*" * len(m[1]) if masked else m[1], self.text)


@dataclass(frozen=True, kw_only=True)
class DueFrame:
    """A frame and when it is sent, in milliseconds since the transcription began."""

    at_ms: int
    frame: Mapping[str, Any]


_SAID = (
    (AGENT, "Thank you for calling Northwind Energy, this is {Anna}, how can I help?", "neutral"),
    (CUSTOMER, "My bill is twice as high as last month and nobody can tell me why.", "negative"),
    (AGENT, "I'm sorry about that, may I have your name and number, please?", "neutral"),
    (CUSTOMER, "It's {Robert Hale}, and the number is {425 555 0199}.", "neutral"),
    (AGENT, "Thank you, I see that the discount of your first year has ended.", "neutral"),
    (CUSTOMER, "So I pay more for being a customer longer, that is ridiculous.", "negative"),
    (AGENT, "I can put you on the new rate, that is twelve dollars less a month.", "positive"),
    (CUSTOMER, "That sounds fair, thank you very much.", "positive"),
)
LINE_MS = 4_000


def dialogue() -> list[PhoneLine]:
    """Return the call that is told when nobody says otherwise: half a minute."""
    return [
        PhoneLine(
            text=text,
            participant=who,
            sentiment=sentiment,
            start_ms=number * LINE_MS,
            end_ms=(number + 1) * LINE_MS - PAUSE_MS,
        )
        for number, (who, text, sentiment) in enumerate(_SAID)
    ]


def endless(lines: Sequence[PhoneLine]) -> Iterator[PhoneLine]:
    """Return the lines again and again, one round after the other."""
    if not lines:
        return
    round_ms = max(line.end_ms for line in lines) + PAUSE_MS
    begin_ms = 0
    while True:
        for line in lines:
            yield replace(line, start_ms=begin_ms + line.start_ms, end_ms=begin_ms + line.end_ms)
        begin_ms += round_ms


def metadata(call: Mapping[str, str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first frame of a connection."""
    told: dict[str, Any] = {
        "subscriptionId": call["subscriptionId"],
        "callConnectionId": call["callConnectionId"],
        "correlationId": call["correlationId"],
        "locale": asked.get("locale"),
        "locales": asked.get("locales"),
        "speechModelEndpointId": asked.get("speechModelEndpointId"),
        "enableSentimentAnalysis": asked.get("enableSentimentAnalysis"),
        "piiRedactionOptions": asked.get("piiRedactionOptions"),
    }
    filled = {name: value for name, value in told.items() if value is not None}
    return {"kind": "TranscriptionMetadata", "transcriptionMetadata": filled}


def frames(
    lines: Iterator[PhoneLine], asked: Mapping[str, Any], *, renamed: bool = False
) -> Iterator[DueFrame]:
    """Return the frames of these lines in the order in which they are due.

    What was ``asked`` decides on masking, sentiment and unfinished lines. ``renamed`` spells the
    fields as other versions of the service do.
    """
    for line in lines:
        length = line.end_ms - line.start_ms
        if asked.get("enableIntermediateResults"):
            for part in range(1, PARTIALS + 1):
                share = part / (PARTIALS + 1)
                at_ms = line.start_ms + round(length * share)
                yield DueFrame(at_ms=at_ms, frame=_frame(line, asked, share, renamed))
        at_ms = line.end_ms + FINAL_AFTER_MS
        yield DueFrame(at_ms=at_ms, frame=_frame(line, asked, None, renamed))


def _frame(
    line: PhoneLine, asked: Mapping[str, Any], share: float | None, renamed: bool
) -> dict[str, Any]:
    masked = bool((asked.get("piiRedactionOptions") or {}).get("enable"))
    said = line.said(masked=masked).split()
    heard = said if share is None else said[: max(1, round(len(said) * share))]
    length = line.end_ms - line.start_ms
    state = "Final" if share is None else "Intermediate"
    told: dict[str, Any] = {
        "text": " ".join(heard),
        "format": "display",
        "offset": line.start_ms * TICKS_PER_MS,
        "duration": round(length * (share or 1.0)) * TICKS_PER_MS,
        "participantRawID": line.participant,
        ("resultState" if renamed else "resultStatus"): state.lower() if renamed else state,
    }
    if share is None:
        told |= {"confidence": 0.93, "words": _words(line, said)}
        if asked.get("enableSentimentAnalysis"):
            told["sentimentAnalysisResult"] = {"sentiment": line.sentiment}
        if asked.get("locales"):
            told["languageIdentified"] = line.language or asked["locales"][0]
    return {"kind": "TranscriptionData", "transcriptionData": told}


def _words(line: PhoneLine, said: Sequence[str]) -> list[dict[str, Any]]:
    length = line.end_ms - line.start_ms
    bounds = [line.start_ms + length * n // len(said) for n in range(len(said) + 1)]
    return [
        {
            "text": word.strip(".,?!").lower(),
            "offset": start * TICKS_PER_MS,
            "duration": (end - start) * TICKS_PER_MS,
        }
        for word, start, end in zip(said, bounds, bounds[1:], strict=False)
    ]
