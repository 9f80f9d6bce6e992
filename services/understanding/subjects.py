"""What a call is about and what is named in it: topics by lines, entities, organisations' names."""

import re
from collections.abc import Sequence
from dataclasses import replace

from services.analysis.entities.finding import EntityContext, line_entities, speaks
from services.analysis.entities.found import Found
from services.analysis.entities.products import terms_pattern
from services.analysis.topics import topics_of
from services.domain.speech import Transcript
from services.domain.topics import Entity, EntityKind
from services.understanding.personal_data.entities import Entity as Name
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.topics import TopicModel

STAGE = "local patterns + spacy en_core_web_sm"
_INTRODUCED = re.compile(
    r"\b(?:thank(?:s| you) for calling|welcome to|calling from|calling (?=[A-Z][a-z]+ [A-Z]))\s+"
    r"((?:[A-Z][\w'&-]+(?: (?:and|of|&)(?= [A-Z]))? ?){1,4})(?<! )"
)
_ENDING = (
    r"Bank|Insurance|Airways|Airlines?|Mobile|Energy|Fibre|Fiber|Telecom|Hotels?|Pharmacy|Motors|"
    r"Garage|Clinic|Hospital|University|Broadband|Finance|Logistics|Couriers?|Inc|Ltd|LLC"
)
_NAMED = re.compile(rf"\b((?:[A-Z][\w'&-]+(?: (?:and|of|&))? ){{1,3}}(?:{_ENDING}))\b")
_NO_NAME = re.compile(
    r"^(?:the|a|an|my|your|our|i|ok|okay|hi|hello|yes|no|good|wi-?fi|email|sms|pin|id|vat|usb|pdf|"
    r"app|tv|hr|it|this|that)$",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^(?:The|This|Your|Our|My|Is|At|From|With|And|But|So|Hi|Hello) ")
# A capital inside a sentence. Lines without one hold no name that would be kept, and the language
# model is most of the work.
_MAY_NAME = re.compile(r"(?<=[^.?!]\s)[A-Z][A-Za-z]")
LEAST_LETTERS = 3


class SubjectModel:
    """Finds topics and entities in English calls; loads its models at the first use."""

    def __init__(self, topics: TopicModel, names: EntityFinder) -> None:
        """Take the model of topics and what sees organisations' names, shared with others."""
        self._topics = topics
        self._names = names

    def classify(self, transcript: Transcript) -> Transcript:
        """Return the transcript with the topics of its lines and, from those, of the call."""
        marked = self._topics.mark(transcript)
        return replace(marked, topics=topics_of(marked))

    def extract(self, transcript: Transcript, context: EntityContext) -> Transcript:
        """Return the transcript with the entities of its text as it stands.

        Call it after redaction: what is redacted can't be found then, and what is only marked as
        personal data is passed over. None in other languages.
        """
        if not speaks(transcript.language):
            return replace(transcript, entities=())
        lines = [u for u in transcript.utterances if not u.is_backchannel]
        named = [u for u in lines if _MAY_NAME.search(u.text)]
        names = self._names.organisations([u.text for u in named])
        seen = {u.id: found for u, found in zip(named, names, strict=True)}
        terms = terms_pattern(context.terms)
        entities: list[Entity] = []
        for line in lines:
            more = organisations(line.text, seen.get(line.id, ()))
            entities += line_entities(line, context.day, terms, more)
        stages = {**transcript.stages, "entities": STAGE} if lines else transcript.stages
        return replace(transcript, entities=tuple(entities), stages=stages)


def organisations(text: str, seen: Sequence[Name]) -> list[Found]:
    """Return organisations' names: introduced, by their ending, or seen by the language model.

    What the model sees alone has to look like a name: more words than one or inside a sentence,
    each with a capital.
    """
    places = [m.span(1) for pattern in (_INTRODUCED, _NAMED) for m in pattern.finditer(text)]
    places += [(n.start, n.end) for n in seen if _looks_like_name(text, n)]
    return [
        Found(kind=EntityKind.ORGANISATION, value=text[start:end], start=start, end=end)
        for start, end in (_trimmed(text, *place) for place in places)
        if end - start >= LEAST_LETTERS and not _NO_NAME.match(text[start:end])
    ]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while opening := _OPENING.match(text[start:end]):
        start += opening.end()
    return start, start + len(text[start:end].rstrip(" .,"))


def _looks_like_name(text: str, name: Name) -> bool:
    words = [w for w in text[name.start : name.end].split() if w.lower() not in {"and", "of", "&"}]
    begins = not text[: name.start].strip() or text[: name.start].rstrip()[-1] in ".?!"
    capitals = bool(words) and all(w[0].isupper() for w in words)
    return capitals and (len(words) > 1 or not begins)
