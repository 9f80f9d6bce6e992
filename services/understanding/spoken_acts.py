"""What a sentence of a call does: states a problem, reports something done, promises, asks.

English patterns over single sentences. They know nothing of the rest of the call.
"""

import re

_I = re.IGNORECASE
_ADVERBS = (
    r"(?: (?:just|also|then|now|definitely|personally|certainly|already|gladly|go ahead and))*"
)

WISH = re.compile(
    r"\b(?:i(?:'m| am|'ve been| was) (?:calling|phoning|ringing)|reason (?:for|i)|"
    r"i(?:'d| would) (?:also )?like (?:to|you|my|a)|i (?:just )?want(?:ed)? (?:to|you|my)|"
    r"i need (?:to|you|my|a)|i have (?:a|an) (?:problem|question|issue|complaint|appointment)|"
    r"i just opened|i was (?:wondering|hoping)|how do i|can i (?:move|change|cancel|get)|"
    r"i can't (?:log|get|find|use|open|access)|i'm trying to)",
    _I,
)
PROBLEM = re.compile(
    r"\b(?:i(?:'ve| have) (?:got )?(?:a|an|some) \w+|i was (?:charged|told|billed)|you charged me|"
    r"(?:is|has|been|was|were|'s|just) (?:just |been )*(?:charged|declined|cancel+ed|blocked|"
    r"rejected|broken|delayed|down|off|late|wrong|estimated|locked|gone)|"
    r"(?:does|is|do|has|did|was|have|can|wo)n't|"
    r"stopped|not working|problem|wrong|refund|charged|cancel|lost|never (?:got|received|arrived|"
    r"ordered|came)|supposed to|goes off|keeps? \w+ing|missed|hit me|too (?:high|expensive|small|"
    r"late)|crack|damaged|worst|dirty|furious|(?:to )(?:refill|report|book|change|ask|complain|"
    r"find out|end|move))\b",
    _I,
)
_NOT_WORK = (
    r"(?:got|had|seen|looked|checked|noticed|found|heard|understood|tried|asked|received|spoken|"
    r"been|only|not|never|no|a|an|the|your|you|it|that|to)"
)
_COMPLETED = (
    r"(?:cancel+ed|fixed|booked|unblocked|unlocked|confirmed|done|refunded|approved|waived|"
    r"set up|sorted|moved|changed|updated|activated|closed|reserved|removed|credited|reset|"
    r"resolved|arranged|registered|extended|renewed)"
)
_DONE = re.compile(
    rf"\b(?:i|we)(?:'ve| have){_ADVERBS} (?!{_NOT_WORK}\b)(?:\w+ed|put|sent|set|taken|made|done|"
    r"given|reset|paid|found you|got you)\b"
    rf"|\b(?:i|we){_ADVERBS} (?:added|removed|cancel+ed|sent|changed|updated|booked|reset|"
    r"refunded|credited|waived|ordered|moved|fixed|upgraded)\b"
    rf"|\b(?:i'm|i am|we're|we are){_ADVERBS} (?:crediting|refunding|sending|emailing|booking|"
    r"issuing|waiving|removing|cancel+ing|upgrading|adding|ordering|doing that)\b"
    rf"|\b(?:that's|that is|it's|it is|is|are|you're|you are|your \w+ is)(?: (?:now|all))* "
    rf"{_COMPLETED}\b(?! (?:to|by the))"
    r"|\bthey(?:'ve| have)? approved\b",
    _I,
)
# Done, but it settles nothing: the matter has only been handed on.
_HANDED_ON = re.compile(
    r"\b(?:ticket|case|inquiry|enquiry|investigation|complaint|note[sd]?|passed|forwarded|"
    r"escalated|waitlist|waiting list|logged|raised|marked|urgent|reported|message)\b",
    _I,
)
_IDLE = (
    r"(?:need|have to|see|check|look|put you|take a|be right|be happy|be glad|try|ask you|let you|"
    r"bring up|pull|run|walk|grab|transfer you|connect you|be able|say|just need|need to|"
    r"open (?:up )?your|verify|start|read|repeat|explain|tell you|want)"
)
_PROMISED = re.compile(
    rf"\b(?:i|we)(?:'ll| will| can promise|'m going to| am going to|'re going to| are going to)"
    rf"{_ADVERBS} (?!{_IDLE}\b)\w+"
    r"|\byou(?:'ll| will)(?: also| then| just| now)* (?:get|receive|see|have|hear|pay|be "
    r"(?:contacted|called|refunded|credited|notified|charged only))\b(?! to\b)"
    r"|\byou (?:won't|will not) be (?:billed|charged)\b"
    r"|(?<!\bi)(?<!\bwe)(?<!\byou)(?:'ll| will)(?: also| then| just| now| personally)* "
    r"(?:call|ring|phone|contact|come|be (?:there|with you|delivered|in touch|sent|refunded|"
    r"credited|back|posted)|visit|arrive|reach|send|email|text|get back|get in touch|go through|follow up|"
    r"deliver|refund)\b"
    r"|\bi can (?:get|have|send) (?:an? |the |some)?\w+ (?:out|round|over|there)\b"
    r"|\b(?:refund|credit|payment|money|replacement)\b.*\b(?:coming (?:back )?to you|on (?:its|the)"
    r" way)\b",
    _I,
)
_INTERNAL = re.compile(
    rf"\b(?:i|we)(?:'ll| will){_ADVERBS} (?:log|note|report|tell|ask|check|pass|forward|update|"
    r"record|raise|escalate|speak|talk|mention)\b",
    _I,
)
_CUSTOMER_TASK = re.compile(
    rf"\bi(?:'ll| will|'m going to| am going to){_ADVERBS} (?:send|e-?mail|mail|upload|call|ring|"
    r"phone|bring|pay|check|fill|return|post|sign|try|drop|scan|fax|text|order|ask|look for|leave "
    r"(?!you)\w+ \w+|have .* ready|wait|print|talk|speak|let you know|do that|do it|pick)\b",
    _I,
)
_THREAT = re.compile(
    r"\b(?:ombudsman|lawyer|newspaper|court|regulator|go elsewhere|i'?(?:ll| will) (?:cancel|"
    r"leave (?:you|for)|sue)|cancel(?:ling)? my|closing my|won't be \w+ing)\b",
    _I,
)
_MOMENTARY = re.compile(
    r"\b(?:hang on|one (?:second|moment|sec)|hold on|just a (?:sec|moment))\b", _I
)
_BARE_LIMIT = re.compile(r"(?:up to |within |in )?\w+(?: to \w+)? (?:business|working) days", _I)
_INSTRUCTION = re.compile(
    r"\bplease (?:do )?(?:bring|send|keep|upload|call|see|check|return|wait|make sure|have|ring|"
    r"contact|quote|reply|print|allow|leave)\b"
    r"|\byou can(?: also| then| just)* (?:upload|pick|send|track|collect|bring|print|find|look|"
    r"download|return|use|drop|claim|call)\b"
    r"|\byou(?:'ll| will)? (?:just )?(?:need|have) to\b|\bdon't forget to\b"
    r"|\b(?:we'll|we will) know\b|\b(?:that|this|it) (?:can|may|usually|normally) takes?\b",
    _I,
)
_REFUSED = re.compile(
    r"\b(?:unfortunately|(?:we|i) (?:can't|cannot|am not able|'m not able|are not able|"
    r"aren't able|'m not allowed|am not allowed)|"
    r"not possible|isn't covered|not covered|is not refundable|nothing (?:more |else )?(?:that )?"
    r"(?:i|we) can)\b",
    _I,
)
_OFFER = re.compile(
    r"\b(?:(?:i|we) (?:can|could) (?:offer|give|add|take|refund|do)|we'd like to (?:refund|offer|"
    r"give)|what if i|i'm authorized to|would you like|i have (?:next |this )?\w+day)\b",
    _I,
)
_VISIT = re.compile(
    r"\b(?:engineer|technician|plumber|electrician|repair ?man|somebody|someone)\b.*\b(?:will|'ll|"
    r"out|round|come|visit)\b|\bcall(?:ing)? you back\b|\b(?:get|getting) back to you\b|"
    r"\b(?:'ll|will)(?: personally)? (?:call|ring|phone|contact) you\b(?! (?:if|when|before))|"
    r"\bask (?:him|her|them|\w+ \w+) to (?:call|ring|contact)\b|\bbe in touch\b|"
    r"\b(?:open|opened|start) an? (?:inquiry|enquiry|investigation|case|ticket)\b|"
    r"\bwait(?:ing )?list\b|\bnot yet\b",
    _I,
)


def is_question(sentence: str) -> bool:
    """Whether a sentence asks."""
    return sentence.rstrip().endswith("?")


def is_conditional(sentence: str) -> bool:
    """Whether all of it hangs on a condition."""
    return bool(re.match(r"(?:and |but |so )?(?:if|unless|would|could|should)\b", sentence, _I))


def states_wish(sentence: str) -> bool:
    """Whether a customer says what they want or call about."""
    return bool(WISH.search(sentence))


def states_problem(sentence: str) -> bool:
    """Whether a customer says that something is wrong."""
    return bool(PROBLEM.search(sentence))


def is_done(sentence: str) -> bool:
    """Whether an agent says that they have done something, or are doing it this moment."""
    return bool(_DONE.search(sentence)) and not is_question(sentence)


def settles(sentence: str) -> bool:
    """Whether what is done settles a matter, rather than hands it on."""
    return is_done(sentence) and not _HANDED_ON.search(sentence)


def is_promise(sentence: str) -> bool:
    """Whether an agent commits the company to something."""
    if is_question(sentence) or is_conditional(sentence):
        return False
    said = _PROMISED.search(sentence) or _BARE_LIMIT.match(sentence)
    return bool(said) and not is_internal_task(sentence)


def is_internal_task(sentence: str) -> bool:
    """Whether an agent takes on a task that doesn't reach the customer."""
    return (
        bool(_INTERNAL.search(sentence))
        and not re.search(r"\byou(?:r|'ll)?\b", sentence, _I)
        and not is_question(sentence)
    )


def is_customer_task(sentence: str) -> bool:
    """Whether a customer takes on a task."""
    return (
        bool(_CUSTOMER_TASK.search(sentence))
        and not is_question(sentence)
        and not is_conditional(sentence)
        and not _THREAT.search(sentence)
        and not _MOMENTARY.search(sentence)
    )


def is_instruction(sentence: str) -> bool:
    """Whether an agent says what the customer has to do, or what happens by itself."""
    return bool(_INSTRUCTION.search(sentence)) and not is_question(sentence)


def is_refusal(sentence: str) -> bool:
    """Whether an agent refuses something."""
    return bool(_REFUSED.search(sentence)) and not is_question(sentence)


def is_offer(sentence: str) -> bool:
    """Whether an agent offers something."""
    return bool(_OFFER.search(sentence))


def leaves_open(sentence: str) -> bool:
    """Whether an agent says that the matter goes on after the call."""
    return bool(_VISIT.search(sentence)) and not is_question(sentence)


def is_threat(sentence: str) -> bool:
    """Whether a customer threatens to leave or to go to law."""
    return bool(_THREAT.search(sentence))
