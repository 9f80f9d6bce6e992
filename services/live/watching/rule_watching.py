"""Watches a live call for rules: words on a watch list, and what else the rule book asks for."""

from collections.abc import Callable, Iterable

from services.analysis.metrics import analyse
from services.domain.live_warnings import LiveWarning, WarningKind
from services.domain.metrics import CallAnalysis
from services.domain.rules import (
    CallFacts,
    Category,
    Phrase,
    Rule,
    SentimentLevel,
    TalkShare,
)
from services.domain.speech import Transcript
from services.understanding.rules.evaluate import leaves_of
from services.understanding.rules.facts import facts_of
from services.understanding.rules.live import RuleWatch

FIGURES_FROM_MS = 120_000
"""Means and shares say nothing of a call that has hardly begun."""
MEASURED_EVERY_MS = 5_000
"""So often rules on figures are looked at, which takes all of the call."""
WORDS_PAUSE_MS = 2
MEASURED_PAUSE_MS = 20
"""So much longer pauses get for each line: a long call must not cost more than a short one."""


class RulesSoFar:
    """Tells each rule once, when it applies. Rules on words alone are looked at more often."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Watch for these rules. Raises BadRule."""
        rules = tuple(rules)
        spoken = [rule for rule in rules if _is_about_words(rule)]
        self._rules = rules
        self._spoken = RuleWatch(spoken)
        self._measured = RuleWatch(r for r in rules if r not in spoken and not _needs_time(r))
        self._late = RuleWatch(r for r in rules if r not in spoken and _needs_time(r))
        self._any_measured = len(spoken) < len(rules)
        self._measured_at_ms = 0
        self._heard_at_ms = 0
        self._anew = False
        self._lines = 0
        self._told: set[str] = set()

    def look(
        self, at_ms: int, heard_ms: int, whole: Callable[[int], Transcript], *, anew: bool
    ) -> tuple[LiveWarning, ...]:
        """Return the rules that newly apply; ``anew``: lines have changed since the last look.

        All words up to ``heard_ms`` are known: nothing later can be said to be missing.
        """
        if not self._rules or heard_ms <= 0:
            return ()
        measured_pause = max(MEASURED_EVERY_MS, MEASURED_PAUSE_MS * self._lines)
        measured = self._any_measured and at_ms - self._measured_at_ms >= measured_pause
        self._anew = self._anew or anew
        pause = WORDS_PAUSE_MS * self._lines if self._anew else measured_pause
        if not measured and at_ms - self._heard_at_ms < pause:
            return ()
        self._anew = False
        transcript = whole(heard_ms)
        self._lines = len(transcript.utterances)
        self._heard_at_ms = at_ms
        found = self._spoken.heard(_words_of(transcript, heard_ms))
        if measured:
            self._measured_at_ms = at_ms
            facts = facts_of(transcript, analyse(transcript), going_on=True)
            found += self._measured.heard(facts)
            if at_ms >= FIGURES_FROM_MS:
                found += self._late.heard(facts)
        return self._new(found, transcript, at_ms)

    def ended(self, transcript: Transcript, analysis: CallAnalysis) -> tuple[LiveWarning, ...]:
        """Return the rules that apply to the call now that it is over and weren't told before."""
        if not self._rules:
            return ()
        facts = facts_of(transcript, analysis)
        watches = (self._spoken, self._measured, self._late)
        found = [category for watch in watches for category in watch.ended(facts)]
        return self._new(found, transcript, transcript.duration_ms)

    def _new(
        self, found: Iterable[Category], transcript: Transcript, at_ms: int
    ) -> tuple[LiveWarning, ...]:
        new = [category for category in found if category.rule_id not in self._told]
        self._told.update(category.rule_id for category in new)
        return tuple(_warning(category, transcript, at_ms) for category in new)


def _warning(category: Category, transcript: Transcript, at_ms: int) -> LiveWarning:
    """Return what is told of a rule that applies: when and by whom, but not which words."""
    first = category.evidence[0] if category.evidence else None
    line = next((u for u in transcript.utterances if first and u.id == first.utterance), None)
    return LiveWarning(
        kind=WarningKind.RULE,
        start_ms=first.start_ms if first else at_ms,
        end_ms=first.end_ms if first else at_ms,
        at_ms=at_ms,
        speaker=line.speaker if line else None,
        rule_id=category.rule_id,
        rule_name=category.name,
        alert=category.alert,
    )


def _words_of(transcript: Transcript, at_ms: int) -> CallFacts:
    """Return the facts for rules on words, which take no figures."""
    return CallFacts(
        utterances=transcript.utterances,
        roles={speaker.id: speaker.role for speaker in transcript.speakers},
        covered=(0, at_ms),
        ends_early=True,
        language=transcript.language,
        holds=tuple((hold.start_ms, hold.end_ms) for hold in transcript.holds),
    )


def _is_about_words(rule: Rule) -> bool:
    return all(isinstance(leaf, Phrase) for leaf, _ in leaves_of(rule.condition))


def _needs_time(rule: Rule) -> bool:
    return any(
        isinstance(leaf, SentimentLevel | TalkShare) for leaf, _ in leaves_of(rule.condition)
    )
