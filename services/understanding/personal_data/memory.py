"""What a conversation has asked for so far, and which codes may still go on."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

from services.domain.placeholders import placeholders_in
from services.domain.speech import Utterance
from services.understanding.personal_data.context import LASTS, Asked
from services.understanding.personal_data.subjects import TYPES, Subject

_SUBJECTS = {kind: subject for subject, kind in reversed(TYPES.items())}


@dataclass(slots=True)
class Memory:
    """What was asked so far, and the last code of each speaker that may still go on."""

    asked: list[Asked] = field(default_factory=list)
    unfinished: dict[str | None, Subject] = field(default_factory=dict)

    def subjects(self) -> list[Subject]:
        """Return what is being asked for, the latest first."""
        return [asked.subject for asked in reversed(self.asked)]

    def expect(self, questions: Sequence[Subject]) -> None:
        """Stop waiting for the rest of a code once something else is asked for."""
        if questions:
            self.unfinished = {k: s for k, s in self.unfinished.items() if s in questions}

    def ask(self, subjects: Sequence[Subject]) -> None:
        """Remember new questions; the same question again starts anew."""
        self.asked = [a for a in self.asked if a.subject not in subjects]
        self.asked += [Asked(subject=s, left=LASTS) for s in subjects]

    def copy(self) -> "Memory":
        """Return a memory that can be changed without changing this one."""
        return Memory(asked=[copy(a) for a in self.asked], unfinished=dict(self.unfinished))

    def recall(self, line: Utterance) -> None:
        """Expect what an earlier redaction took out of this line."""
        taken = taken_out(line.text)
        self.ask(taken)
        if taken:
            self.unfinished.setdefault(line.speaker, taken[-1])


def joined(memories: Sequence[Memory]) -> Memory:
    """Return all that any of them waits for, the questions of the last one as the latest."""
    if len(memories) == 1:
        return memories[0]
    asked: dict[Subject, Asked] = {}
    unfinished: dict[str | None, Subject] = {}
    for memory in memories:
        for one in memory.asked:
            before = asked.pop(one.subject, one)
            asked[one.subject] = max(before, one, key=lambda a: a.left)
        unfinished |= memory.unfinished
    return Memory(asked=list(asked.values()), unfinished=unfinished)


def taken_out(text: str) -> list[Subject]:
    """Return what the placeholders of an earlier redaction stand for, in order."""
    return [_SUBJECTS[mention.type] for mention in placeholders_in(text)]
