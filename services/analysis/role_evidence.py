"""What agents and customers say, as weighted patterns. A weight is evidence in log-odds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A way of speaking that tells a role; each counts at most ``most`` times a speaker."""

    pattern: re.Pattern[str]
    weight: float
    most: int = 2


def _cues(rows: Iterable[tuple[float, str]]) -> tuple[Cue, ...]:
    return tuple(
        Cue(pattern=re.compile(rf"\b(?:{pattern})", re.IGNORECASE), weight=weight)
        for weight, pattern in rows
    )


_ASKED_FOR = (
    r"(?:\w+ ){0,3}(?:name|number|account|address|date of birth|birthday|e-?mail|zip|post ?code|"
    r"postal code|order|reference|policy|booking|card|digits|password|pin|passcode|security|phone)"
)
_OWN = (
    r"(?:account|bill|card|order|booking|flight|internet|phone|car|policy|insurance|prescription|"
    r"reservation|connection|router|invoice|statement|payment|package|parcel|delivery|contract|"
    r"subscription|room|claim|bank|husband|wife|mother|father|son|daughter|doctor|appointment|"
    r"vehicle|truck|password|plan|service|claim|refund|deposit|laptop|computer|device)"
)

AGENT_CUES = _cues(
    [
        (2.5, r"thank(?:s| you) (?:so much |very much )?for (?:calling|contacting|phoning)"),
        (2.5, r"how (?:may|can|could) (?:i|we) (?:be of )?(?:help|assist|direct)"),
        (1.2, r"what can i (?:do|help)"),
        (2.5, r"(?:is there )?anything else (?:that )?(?:i|we) (?:can|could|may)"),
        (1.5, r"is there anything else|anything else today"),
        (2.0, r"thank(?:s| you) (?:so much |very much )?for (?:\w+ )?(?:holding|waiting|"
              r"patience)"),
        (2.0, r"(?:this|the|your) call (?:may be|is|will be|is being) (?:\w+ )?record"),
        (1.8, r"(?:can|could|may|might) i (?:please )?(?:\w+ )?(?:have|get|take|grab|"
              rf"confirm) (?:your|the|a) {_ASKED_FOR}"),
        (1.8, r"(?:can|could|would) you (?:please )?(?:\w+ )?(?:give|tell|confirm|verify|"
              rf"provide|read|spell)(?: me| out)? (?:your|the) {_ASKED_FOR}"),
        (1.2, rf"what(?:'s| is) (?:your|the) {_ASKED_FOR}"),
        (1.5, r"(?:security|verification) (?:purposes?|questions?|check)|(?:just )?to "
              r"verify"),
        (1.2, r"(?:verify|confirm) (?:your|you\b|that you)"),
        (1.4, r"(?:put|place|have) you (?:on|through|back on)|(?:brief|quick|short) hold|"
              r"transfer you|connect you"),
        (0.9, r"bear with me|one moment(?: please)?|just a moment|let me (?:just "
              r")?(?:check|look|pull|see|have a look|bring|get that|take a look|go ahead)"),
        (1.0, r"(?:welcome to|you(?:'ve| have) reached|you(?:'re| are) (?:through|"
              r"speaking) (?:to|with))"),
        (0.9, r"i(?:'m| am) (?:so |very |really |truly |terribly )?sorry (?:to hear|about|"
              r"for)|i (?:do |sincerely )?apologi[sz]e|my apologies"),
        (0.8, r"i(?:'ve| have) (?:just |now |also )?(?:taken|removed|credited|waived|"
              r"processed|booked|arranged|updated|cancel+ed|sent|issued|reset|added|"
              r"applied|noted|refunded)"),
        (0.8, r"i(?:'ll| will| can) (?:\w+ )?(?:send|email|process|refund|credit|waive|"
              r"arrange|book|escalate|issue|transfer|look into|take care|get that|set "
              r"that|do that|help)"),
        (0.7, r"(?:i|we) can see|i(?:'m| am) (?:showing|seeing)|looking at (?:your|the)|"
              r"(?:on|in) (?:our|my) (?:system|records|end|side|file)"),
        (0.6, rf"your (?:\w+ )?{_OWN}"),
        (0.6, r"our (?:system|policy|records|team|department|records|technicians?|"
              r"engineers?)"),
        (0.5, r"you(?:'re| are) (?:very |most )?welcome|have a (?:great|good|nice|lovely|"
              r"wonderful|pleasant) |ma'am|\bsir\b"),
        (1.2, r"calling (?:you )?from|on behalf of|we(?:'re| are) calling"),
        (2.5, r"gracias por llamar|en qu[ée] (?:le |te |lo |la )?pued[oe]|le atiende|algo "
              r"m[áa]s en que|merci d'avoir appel|en quoi puis-je|que puis-je|wie kann "
              r"ich ihnen|was kann ich f[üu]r sie|in cosa posso|como posso ajud"),
        (1.2, r"me (?:puede|podr[íi]a) (?:dar|indicar|decir|confirmar)|ne quittez pas|"
              r"puis-je avoir|votre (?:nom|num[ée]ro|adresse)|su (?:nombre|n[úu]mero|"
              r"direcci[óo]n)"),
    ]
)  # fmt: skip

CUSTOMER_CUES = _cues(
    [
        (1.5, r"i(?:'m| am| was|'ve been) (?:just )?(?:calling|phoning|ringing) (?:about|"
              r"because|to|regarding|for|with|in|you about)|i(?:'m| am) on the (?:line|"
              r"phone) about"),
        (1.3, r"i (?:already )?(?:called|phoned|rang|spoke) (?:\w+ ){0,3}(?:last|"
              r"yesterday|earlier|before|already|this morning|about|on|to)"),
        (1.3, r"i(?:'ve| have)?(?: got)? (?:a|an|this|some|another|two) (?:\w+ "
              r")?(?:problems?|questions?|issues?|complaints?|concerns?)"),
        (0.8, rf"my (?:\w+ )?{_OWN}"),
        (0.7, r"i(?:'d| would) (?:just )?like (?:to|a|my|some)|i (?:just )?want(?:ed)? "
              r"(?:to|my|a)|i need (?:to|a|an|my|your|some)|i was (?:wondering|hoping)"),
        (1.3, r"i was (?:charged|told|billed|promised|supposed|overcharged|given|quoted)|"
              r"(?:they|he|she|somebody|someone) (?:told|said|promised|charged) me|"
              r"you(?:'ve| have)? (?:charged|billed|sent) me"),
        (0.8, r"i (?:\w+ )?(?:ordered|bought|paid|received|got|opened|lost|tried|booked|"
              r"signed up|returned|noticed|found)\b"),
        (1.0, r"you (?:guys|people)|your (?:company|website|colleague)"),
        (1.3, r"i(?:'ve| have) been (?:waiting|a customer|with you|on hold|trying|calling|"
              r"told|charged)"),
        (1.5, r"(?:speak|talk) (?:to|with) (?:a|your|the|someone|somebody) ?(?:manager|"
              r"supervisor|human|person|else)?"),
        (0.7, r"(?:do|can|could|would|will) you (?:guys )?(?:check|fix|help|cancel|send|"
              r"look|have|do|sell|explain|change|waive|just)"),
        (0.6, r"how (?:much|long) (?:is|will|would|does|do|are)|when (?:will|can) (?:i|"
              r"you|it)|(?:will|do|can|am|should) i (?:get|have to|need|still|be)"),
        (0.8, r"(?:is|it's|it is|are|that's) not working|(?:isn't|doesn't|stopped|won't) "
              r"work|keeps? (?:dropping|cutting|saying|failing)"),
        (0.9, r"thank(?:s| you) (?:so much |very much )?for (?:your|the|all your) help|"
              r"you(?:'ve| have) been (?:very |so |really )?helpful|appreciate your help"),
        (0.6, r"cancel my|i(?:'ll| will) (?:be )?(?:cancel|switch|leav)|this is "
              r"ridiculous|unacceptable|fed up"),
        (1.0, r"quer[íi]a (?:saber|preguntar)|tengo un(?:a)? (?:problema|pregunta|duda|"
              r"consulta)|j'appelle (?:pour|parce)|je voudrais|j'ai un probl[èe]me|ich "
              r"habe (?:ein|eine)|me gustar[íi]a|quisiera"),
    ]
)  # fmt: skip

INTRODUCTION = re.compile(
    r"\b(?:this is|my name is|you(?:'re| are) speaking (?:with|to)|i(?:'m| am)) "
    r"(?P<name>[^\W\d_]+|\[PERSON\])",
    re.IGNORECASE,
)


def weigh(text: str, cues: Iterable[Cue]) -> float:
    """Add up the evidence of all cues found in a text, in log-odds."""
    plain = text.replace("’", "'")
    return sum(cue.weight * min(cue.most, len(cue.pattern.findall(plain))) for cue in cues)
