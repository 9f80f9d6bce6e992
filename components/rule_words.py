"""What the words of rules are on screens."""

from collections.abc import Mapping

from services.domain.rules import RuleKind, SentimentOf, SilenceKind
from services.domain.speech import SpeakerRole
from services.understanding.rules.simple import Where

KIND_WORDS = {
    RuleKind.TOPIC: "Topic",
    RuleKind.EVENT: "Event",
    RuleKind.PROBLEM: "Problem",
}
KIND_TITLES = {
    RuleKind.TOPIC: "Topics: what calls are about",
    RuleKind.EVENT: "Events: what happens in calls",
    RuleKind.PROBLEM: "Problems: what goes wrong or is missing",
}
KIND_ICONS = {
    RuleKind.TOPIC: ":material/label:",
    RuleKind.EVENT: ":material/bolt:",
    RuleKind.PROBLEM: ":material/report:",
}
ALERT_ICON = ":material/notifications_active:"
SAID_BY_WORDS: Mapping[SpeakerRole | None, str] = {
    SpeakerRole.AGENT: "Agent",
    SpeakerRole.CUSTOMER: "Customer",
}
ANYBODY_WORDS: Mapping[SpeakerRole | None, str] = {None: "Anybody", **SAID_BY_WORDS}
WHERE_WORDS = {
    Where.ANYWHERE: "Anywhere",
    Where.FIRST: "In the first … seconds",
    Where.LAST: "In the last … seconds",
    Where.BEFORE_HOLD: "At most … seconds before a hold",
    Where.AFTER_HOLD: "At most … seconds after a hold",
}
SILENCE_WORDS = {
    SilenceKind.ANY: "Nobody speaks",
    SilenceKind.DEAD_AIR: "Dead air (no hold)",
    SilenceKind.HOLD: "Hold",
}
SENTIMENT_OF_WORDS = {
    SentimentOf.MEAN: "Mean of the call",
    SentimentOf.FINAL: "At the end of the call",
    SentimentOf.LOWEST: "Lowest of a line",
    SentimentOf.HIGHEST: "Highest of a line",
    SentimentOf.CHANGE: "Change from start to end",
}
