"""Counts of words and phrases that speak well or ill of things, with negation taken into account.

Sentence embeddings know what a text is about, but see little difference between "it works" and "it
doesn't work". These counts see it; both together go into the sentiment classifier.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GOOD = frozenset({
    "amazing", "angel", "appreciate", "appreciated", "awesome", "beautiful", "best", "better",
    "bless", "brilliant", "compliment", "congratulations", "decent", "delighted", "easier",
    "easy", "ecstatic", "excellent", "excited", "fabulous", "fantastic", "faster", "favourite",
    "fixed", "flawless", "friendly", "generous", "genius", "glad", "good", "gorgeous",
    "grateful", "great", "happier", "happy", "heaven", "helpful", "helps", "honest", "ideal",
    "impressed", "incredible", "joy", "kind", "lifesaver", "love", "loved", "lovely",
    "luckily", "lucky", "marvellous", "nice", "outstanding", "patient", "perfect", "perfectly",
    "phew", "pleasant", "pleased", "quick", "recommend", "relief", "relieved", "resolved",
    "satisfied", "saved", "smooth", "solved", "sorted", "star", "straightforward", "super",
    "superb", "sweet", "sweetest", "terrific", "thankful", "thrilled", "tremendous", "well",
    "wonderful", "worked", "works", "worth", "wow", "yay",
})  # fmt: skip
BAD = frozenset({
    "abysmal", "afraid", "angry", "annoyed", "annoying", "appalling", "ashamed", "atrocious",
    "awful", "bad", "badly", "broke", "broken", "careless", "charged", "chasing", "cheated",
    "complain", "complaint", "complicated", "confused", "confusing", "crash", "crashes",
    "crying", "damaged", "dead", "declined", "defective", "delay", "delayed", "desperate",
    "died", "dire", "disappointed", "disappointing", "disappointment", "disaster", "disgrace",
    "disgraceful", "disgusted", "disgusting", "dishonest", "dissatisfied", "downhill",
    "dreadful", "embarrassed", "embarrassing", "fail", "failed", "fails", "failure", "faulty",
    "fed", "freezing", "frightened", "frightening", "frustrated", "frustrating", "furious",
    "garbage", "hate", "hated", "hell", "hidden", "hopeless", "horrendous", "horrible",
    "horrid", "hurt", "hurts", "ignored", "impossible", "incompetent", "inconvenience",
    "insane", "insulting", "irritated", "joke", "kept", "lied", "lies", "lost", "lousy",
    "lying", "mess", "misled", "mistake", "mistakes", "mixed", "nightmare", "nonsense",
    "outrageous", "overcharged", "painful", "pathetic", "poor", "poorly", "problem",
    "problems", "refuse", "refused", "rejected", "ridiculous", "rip-off", "ripped", "robbed",
    "rubbish", "rude", "ruined", "sad", "scam", "scared", "shame", "shameful", "shocking",
    "sick", "silly", "sloppy", "slow", "spoiled", "stolen", "stressed", "stressful", "stuck",
    "stupid", "suffered", "tears", "terrible", "tired", "ugly", "unacceptable", "unbelievable",
    "unfair", "unfortunately", "unhappy", "unhelpful", "unprofessional", "unreliable", "upset",
    "useless", "void", "waste", "wasted", "wasting", "worried", "worries", "worry", "worrying",
    "worse", "worst", "wrong",
})  # fmt: skip
_NEGATION = re.compile(
    r"^(?:not|no|never|nothing|nobody|none|neither|nor|hardly|barely|without|cannot|cant|wont|dont|"
    r"doesnt|didnt|isnt|wasnt|arent|werent|wouldnt|couldnt|shouldnt|havent|hasnt|hadnt|aint|"
    r"\w+n't)$"
)
_WISH = re.compile(r"^(?:would|wouldnt|could|\w+['’]d|itd|thatd|youd|wed)$")
_REACH = 4
_HALFWAY = 1.5
_EXCLAMATION = re.compile("!")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PHRASES = tuple(
    # recognisers leave apostrophes out
    re.compile(pattern.replace("'", "'?"), re.IGNORECASE)
    for pattern in (
        # complaints without a bad word: what was owed and didn't come, again and again
        r"\b(?:still (?:not|no|haven't|hasn't|isn't|waiting)|nobody|no one|never (?:arrived|came|"
        r"called|told)|every (?:single )?time|(?:third|fourth|second|fifth) time|(?:again|already) "
        r"(?:and again|told)|for (?:\w+ )?(?:hours|weeks|months)|(?:isn't|doesn't|didn't|not|won't|"
        r"stopped|never) work(?:ed|s|ing)?|supposed to|promised|told me|hung up|"
        r"on hold|waiting|you people|you guys)\b",
        # threats and demands
        r"\b(?:supervisor|manager|lawyer|ombudsman|cancel(?:ling)?|leaving|money back|bad review|"
        r"won't be|not (?:paying|happy|satisfied|fair|good enough|helpful)|how (?:dare|can you)|"
        r"what was the point|this is (?:absolutely )?(?:un|ridic)\w+|with (?:all due )?respect)\b",
        # thanks and relief beyond manners
        r"\b(?:thank (?:god|goodness|heavens)|can't thank|thank you so much|you(?:'ve| have) been "
        r"(?:so|very|really|great|ever)|made my day|saved my|what a relief|no complaints|can't "
        r"complain|couldn't be (?:better|happier)|no (?:more )?problems|extra mile|weight off|"
        r"looking forward|over the moon|really appreciate)\b",
        # something is granted
        r"\b(?:good news|great news|free of charge|no extra cost|waived?|won't (?:have to|cost|"
        r"charge)|refund(?:ed)? (?:was|is|has been) approved|approved|credited|at no (?:extra "
        r")?cost|"
        r"you (?:get|will get|'ll get) (?:all|the full|your)|under warranty|went through)\b",
        # something is refused
        r"\b(?:i'm afraid|unfortunately|we (?:can't|cannot|don't|won't)|nothing (?:more )?(?:i|"
        r"we) can|"
        r"not covered|isn't covered|not possible|no longer|has passed|fully booked|completely "
        r"full)\b",
        # manners
        r"\b(?:thank you for (?:calling|holding|waiting|your patience|confirming|bearing)|"
        r"thanks for "
        r"(?:calling|holding|waiting|bearing)|how (?:can|may) i|is there anything else|anything "
        r"else|"
        r"have a (?:nice|good|great|lovely|wonderful)|bear with me|take your time|let me|"
        r"may i|could you|can you|i (?:completely )?understand|apologi[sz]e|apologies|"
        r"sorry (?:to hear|about|for)|you're welcome|please)\b",
        # praise that is meant badly
        r"\b(?:just (?:great|wonderful|fantastic|brilliant|love)|oh,? (?:great|wonderful|fantastic|"
        r"brilliant|no problem)|what a surprise|of course (?:there|it) is|thanks for nothing|"
        r"how (?:generous|hard)|yeah,? sure|five stars|truly)\b",
        # a turn: what stands before it is manners, what comes after is meant
        r"\b(?:but|though|although|however|yet|unfortunately|only wish|i wish|would(?:'ve| have) "
        r"(?:been|liked|expected|hoped)|expected (?:better|more)|rather)\b",
        r"\b(?:but|although|however|yet)\b.{0,60}?(?:n't|\b(?:not|no|never|nobody|still|too|again|"
        r"late|wrong|only|broke|cold|keeps?))\b",
        # a wish for what ought to be there already
        r"\b(?:would|'d) (?:really )?(?:be|have been|help)\b.{0,40}?\b(?:if|to)\b",
        # the same, with what gives away that it has been waited for
        r"\b(?:would|'d|could)\b.{0,50}?\b(?:if|to|like|love|hope|could)\b.{0,50}?\b(?:finally|for "
        r"once|ever|actually|any(?:body|one|thing)?|some(?:body|one)|at some point|stop(?:ped|s)?|"
        r"weren't|didn't|hadn't|instead|again|next time|too much)\b",
        # manners that open a complaint
        r"\b(?:don't (?:want to|mean to|wish to|like)|hate to|not to be|to be (?:honest|fair)|"
        r"sorry to (?:bother|trouble|say)|i'm sure|no offen[cs]e|i (?:do )?(?:understand|"
        r"appreciate|realise|know)|must say|i'm afraid|i'd (?:like|love|be))\b",
        # praise by way of negation
        r"\b(?:nothing to complain|can(?:no|')t (?:complain|fault|thank|go wrong)|couldn't (?:be|"
        r"ask|fault)|never (?:been|had|met|seen) (?:a )?(?:better|happier|nicer|easier)|(?:isn't|"
        r"wasn't|not) (?:bad|difficult|hard|expensive|half|a problem any)|(?:no|without(?: any| a)?"
        r") (?:problems?|trouble|complaints?|issues?|hassle|fuss|delays?)|(?:no longer|not|never) "
        r"(?:worried|let me down|disappointed|regret)|(?:don't|didn't) (?:regret|let|expect)|"
        r"hasn't (?:failed|crashed|stopped))\b",
        # relief
        r"\b(?:phew|finally|thank (?:god|goodness|heavens)|hallelujah|hooray|(?:weight|load) off|"
        r"hurra(?:y|h)|no idea how (?:much|happy|glad|grateful|good)|can't (?:tell|say) (?:you )?"
        r"how|relie(?:f|ved)|breathe again|sleep (?:again|tonight)|so worried|given up hope|"
        r"at last|after all|feel (?:so |much |a lot )*better|music to my ears)\b",
        # what was feared and didn't come
        r"\b(?:(?:was|were|'d been|had been|'d|had) (?:so |really |quite |always )?(?:dread(?:ed|"
        r"ing)|fear(?:ed|ing)|expect(?:ed|ing)|afraid|worried|scared|braced|prepared)|"
        r"no longer (?:have|need)|(?:don't|won't|didn't) (?:have|need) to (?:worry|pay|wait|call|"
        r"queue|get up)|"
        r"(?:worry|worries|burden|pressure|stress|stone) off|not (?:one|a single) (?:thing|word|"
        r"bad|problem|fault)|as bad as|(?:pain|leak|noise|error|smell|fault)s? (?:is|are|has|have) "
        r"(?:all )?(?:gone|stopped))\b",
        # praise by idiom
        r"\b(?:gem|legend|angel|lifesaver|magician|saint|treasure|godsend|ten out of ten|like (?:a "
        r"charm|new|clockwork)|went above|out of (?:his|her|their|your) way|made (?:my|our) day|"
        r"that's what i call|hats off|kudos|chuffed|thrilled|delighted|can't wait|spot on|"
        r"restored my faith|blown away|(?:hug|kiss) you)\b",
        # anger by idiom
        r"\b(?:fed up|sick of|had (?:it|enough)|last straw|wits' end|end of my (?:rope|tether)|"
        r"robbery|up the wall|kidding me|be joking|be serious|shambles|in circles|passed (?:a)?"
        r"round|gutted|let(?:ting)? (?:me )?down|no use|no point|what kind of|how (?:many|much) "
        r"(?:more|longer)|escalated?|the press|lied)\b",
        # sarcasm: loud praise beside what went wrong
        r"\b(?:great|wonderful|fantastic|brilliant|lovely|perfect|nice|super|awesome|excellent|"
        r"amazing|congratulations|thanks|well done)\b.{0,40}?\b(?:again|another|wait|wasted|slower|"
        r"worse|broken|los[te]|losing|missed|wrong|nothing|useless|twice|late|months|mistake|hold|"
        r"weeks|hours)\b",
        r"\b(?:so much for|just what i needed|what a (?:joke|surprise|great)|isn't (?:it|that)|a "
        r"bunch|top marks|good to know|as usual|because that worked|nothing better to do|clearly|"
        r"so proud|how (?:kind|nice|convenient|wonderful|lovely))\b",
        # an agent at work
        r"\b(?:happy to (?:help|assist|look)|my pleasure|pleasure to assist|can i (?:have|get|"
        r"take)|could i (?:have|take)|i've (?:put|noted|raised|added|made|taken|moved|cancelled|"
        r"blocked)|you(?:'ll| will) (?:get|receive|see)|your (?:account|claim|request|order)|i can "
        r"(?:see|offer|put|send|imagine)|(?:so|really) sorry|on behalf|for you)\b",
        r"\?",
    )
)
_GOOD, _BAD, _NOT_GOOD, _NOT_BAD, _WISHED, _NEGATIONS, _THANKS, _LENGTH, _LOUD = range(9)
FEATURES = 9 + len(_PHRASES)


def valences(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return one row of ``FEATURES`` counts a text, each flattened into 0..1."""
    counted = np.array([_counts(text) for text in texts], dtype=np.float32)
    flattened: NDArray[np.float32] = np.tanh(counted.reshape(len(texts), FEATURES) / _HALFWAY)
    return flattened


@dataclass(frozen=True, kw_only=True)
class Cue:
    """Something counted: which of the ``FEATURES`` it counts for, and where in the text it is."""

    feature: int
    start_char: int
    end_char: int


def cues(text: str) -> Iterator[Cue]:
    """Yield everything in the text that is counted, except its length."""
    plain = text.replace("’", "'")
    since_negation = since_wish = _REACH
    for found in _WORD.finditer(plain):
        word = found[0].lower()
        negates = bool(_NEGATION.match(word))
        since_negation = 0 if negates else since_negation + 1
        since_wish = 0 if _WISH.match(word) else since_wish + 1
        for feature in _features_of(
            word,
            negates=negates,
            negated=0 < since_negation <= _REACH,
            wished=0 < since_wish <= _REACH,
        ):
            yield Cue(feature=feature, start_char=found.start(), end_char=found.end())
    for feature, pattern in enumerate((_EXCLAMATION, *_PHRASES), _LOUD):
        for found in pattern.finditer(plain):
            yield Cue(feature=feature, start_char=found.start(), end_char=found.end())


def _features_of(word: str, *, negates: bool, negated: bool, wished: bool) -> Iterator[int]:
    if word in GOOD:
        # What would be lovely isn't there yet.
        yield _WISHED if wished else _NOT_GOOD if negated else _GOOD
    elif word in BAD:
        yield _NOT_BAD if negated else _BAD
    if negates:
        yield _NEGATIONS
    if word in {"thank", "thanks"}:
        yield _THANKS


def weight_of_each(count: int) -> float:
    """Return what one of ``count`` like cues adds to its flattened feature."""
    return float(np.tanh(count / _HALFWAY)) / count


def _counts(text: str) -> list[float]:
    counts = [0.0] * FEATURES
    for cue in cues(text):
        counts[cue.feature] += 1
    counts[_LENGTH] = len(_WORD.findall(text.replace("’", "'"))) / 10
    return counts
