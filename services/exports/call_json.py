"""The transcript as JSON, schema ``partyline.call/1``. Absent values are null, times are ms."""

import json
from collections.abc import Container
from typing import Any

from services.domain.calls import Call, CallDetails
from services.domain.edits import Comment
from services.domain.metrics import CallAnalysis, Gap, SpeakerMetrics
from services.domain.reviewed import ReviewedCall
from services.domain.rules import Category
from services.domain.speech import Sentiment, Statement, Summary, Transcript, Utterance
from services.domain.topics import Entity, Topic
from services.exports.score_json import score_document

SCHEMA = "partyline.call/1"

Json = dict[str, Any]


def write_json(reviewed: ReviewedCall) -> str:
    """Return the whole call as indented JSON."""
    return json.dumps(call_document(reviewed), ensure_ascii=False, indent=1, allow_nan=False)


def call_document(reviewed: ReviewedCall) -> Json:
    """Return the call as plain lists and dictionaries in the schema's order."""
    transcript, analysis = reviewed.transcript, reviewed.analysis
    return {
        "schema": SCHEMA,
        "call": _call(reviewed.call, transcript),
        "speakers": [_speaker(transcript, analysis, at) for at in range(len(transcript.speakers))],
        "utterances": [utterance_document(u) for u in transcript.utterances],
        "metrics": _metrics(reviewed),
        "spans": [
            {"speaker": s.speaker, "start_ms": s.start_ms, "end_ms": s.end_ms}
            for s in transcript.spans
        ],
        "holds": [
            {"start_ms": h.start_ms, "end_ms": h.end_ms, "kind": h.kind.value}
            for h in transcript.holds
        ],
        "interruptions": [
            {"by": i.by, "start_ms": i.start_ms, "end_ms": i.end_ms} for i in analysis.interruptions
        ],
        "dead_air": [_gap(gap) for gap in analysis.dead_air],
        "summary": summary_document(transcript.summary),
        "categories": [_category(c) for c in reviewed.categories],
        "topics": [_topic(topic) for topic in transcript.topics],
        "entities": [_entity(entity) for entity in transcript.entities],
        "scorecards": [score_document(score) for score in reviewed.scores],
        "stages": dict(transcript.stages),
        "comments": _comments(reviewed),
    }


def _consent(details: CallDetails) -> Json | None:
    if details.consent is None:
        return None
    at = details.consent_at
    return {
        "kind": details.consent.value,
        "at": at.isoformat() if at else None,
        "by": details.consent_by,
    }


def _call(call: Call, transcript: Transcript) -> Json:
    audio, details = call.audio, call.details
    recorded = audio if call.has_recording else None
    return {
        "id": call.id,
        "source_name": call.source_name,
        "duration_ms": transcript.duration_ms,
        "part": (
            {"start_ms": transcript.part.start_ms, "end_ms": transcript.part.end_ms}
            if transcript.part
            else None
        ),
        "channels": recorded.channels if recorded else None,
        "sample_rate": recorded.sample_rate if recorded else None,
        "language": transcript.language,
        "provider": transcript.provider,
        "audio_findings": [
            {
                "kind": finding.kind.value,
                "channel": finding.channel,
                "measured": dict(finding.measured),
                "sentence": finding.sentence,
            }
            for finding in (audio.findings if audio else ())
        ],
        "redacted": transcript.redacted,
        "agent_name": details.agent_name,
        "queue": details.queue,
        "customer_ref": details.customer_ref,
        "external_ref": details.external_ref,
        "direction": details.direction.value if details.direction else None,
        "consent": _consent(details),
        "started_at": details.started_at.isoformat() if details.started_at else None,
        "reviewed_at": call.reviewed_at.isoformat() if call.reviewed_at else None,
        "reviewed_by": call.reviewed_by if call.reviewed_at else None,
    }


def _speaker(transcript: Transcript, analysis: CallAnalysis, at: int) -> Json:
    speaker = transcript.speakers[at]
    figures = analysis.metrics.by_speaker.get(speaker.id)
    return {
        "id": speaker.id,
        "label": speaker.label,
        "role": speaker.role.value,
        "role_confidence": _rounded(speaker.role_confidence),
        "voice_confidence": _rounded(speaker.voice_confidence),
        "talk_ms": figures.talk_ms if figures else None,
    }


def utterance_document(utterance: Utterance) -> Json:
    """Return one utterance in the schema's form."""
    return {
        "id": utterance.id,
        "speaker": utterance.speaker,
        "channel": utterance.channel,
        "start_ms": utterance.start_ms,
        "end_ms": utterance.end_ms,
        "text": utterance.text,
        "confidence": _rounded(utterance.confidence),
        "words": [
            {
                "text": word.text,
                "start_ms": word.start_ms,
                "end_ms": word.end_ms,
                "confidence": _rounded(word.confidence),
            }
            for word in utterance.words
        ],
        "sentiment": sentiment_document(utterance.sentiment),
        "provider_sentiment": sentiment_document(utterance.provider_sentiment),
        "is_backchannel": utterance.is_backchannel,
        "pii": [
            {"type": m.type.value, "start_char": m.start_char, "end_char": m.end_char}
            for m in utterance.pii
        ],
    }


def _metrics(reviewed: ReviewedCall) -> Json:
    m, holds_known = reviewed.analysis.metrics, reviewed.holds_known
    return {
        "overlap_ms": m.overlap_ms,
        "overlap_count": m.overlap_count,
        "overlap_mean_ms": m.overlap_mean_ms,
        "overlap_first_ms": m.overlap_first_ms,
        "overlap_share_of_speech": _rounded(m.overlap_share_of_speech),
        "speech_ms": m.speech_ms,
        "non_talk_ms": m.non_talk_ms,
        "silence_ms": m.silence_ms,
        "longest_silence_ms": m.longest_silence_ms,
        "dead_air_ms": m.dead_air_ms,
        "dead_air_count": m.dead_air_count,
        "hold_ms": m.hold_ms if holds_known else None,
        "hold_count": m.hold_count if holds_known else None,
        "switches": m.switches,
        "switches_per_minute": _rounded(m.switches_per_minute),
        "patience_ms": m.patience_ms,
        "patience_n": m.patience_n,
        "response_ms": m.response_ms,
        "response_n": m.response_n,
        "sentiment_mean": _rounded(m.sentiment_mean),
        "customer_sentiment_mean": _rounded(m.customer_sentiment_mean),
        "sentiment_trend": _rounded(m.sentiment_trend),
        "sentiment_n": m.sentiment_n,
        "negative_utterances": m.negative_utterances,
        "by_speaker": {speaker: _speaker_metrics(s) for speaker, s in m.by_speaker.items()},
    }


def _speaker_metrics(figures: SpeakerMetrics) -> Json:
    return {
        "talk_ms": figures.talk_ms,
        "talk_share_of_call": _rounded(figures.talk_share_of_call),
        "talk_share_of_speech": _rounded(figures.talk_share_of_speech),
        "talk_listen_ratio": _rounded(figures.talk_listen_ratio),
        "words": figures.words,
        "words_per_minute": _rounded(figures.words_per_minute),
        "interruptions": figures.interruptions,
        "longest_monologue_ms": figures.longest_monologue_ms,
        "questions": figures.questions,
        "questions_per_minute": _rounded(figures.questions_per_minute),
        "fillers": figures.fillers,
        "fillers_per_100_words": _rounded(figures.fillers_per_100_words),
        "loudness_dbfs": [_rounded(value) for value in figures.loudness_dbfs] or None,
    }


def sentiment_document(sentiment: Sentiment | None) -> Json | None:
    """Return a sentiment in the schema's form."""
    if sentiment is None:
        return None
    return {"label": sentiment.label.value, "score": _rounded(sentiment.score)}


def summary_document(summary: Summary | None) -> Json | None:
    """Return a summary in the schema's form."""
    if summary is None:
        return None
    return {
        "reason": _statement(summary.reason),
        "actions": [_statement(s) for s in summary.actions],
        "outcome": _statement(summary.outcome),
        "resolved": summary.resolved,
        "promises": [_statement(s) for s in summary.promises],
        "action_items": [_statement(s) for s in summary.action_items],
        "next_steps": [_statement(s) for s in summary.next_steps],
    }


def _statement(statement: Statement | None) -> Json | None:
    if statement is None:
        return None
    return {
        "text": statement.text,
        "utterances": list(statement.utterances),
        "who": statement.who,
        "due": statement.due,
    }


def _category(category: Category) -> Json:
    return {
        "id": category.rule_id,
        "name": category.name,
        "evidence": [
            {
                "utterance": evidence.utterance,
                "start_ms": evidence.start_ms,
                "end_ms": evidence.end_ms,
                "why": evidence.why,
            }
            for evidence in category.evidence
        ],
    }


def _topic(topic: Topic) -> Json:
    return {
        "id": topic.id,
        "name": topic.name,
        "confidence": _rounded(topic.confidence),
        "utterances": list(topic.utterances),
    }


def _entity(entity: Entity) -> Json:
    return {
        "kind": entity.kind.value,
        "text": entity.text,
        "value": entity.value,
        "utterance": entity.utterance,
        "start_ms": entity.start_ms,
        "end_ms": entity.end_ms,
        "start_char": entity.start_char,
        "end_char": entity.end_char,
        "amount_minor": entity.amount_minor,
        "currency": entity.currency,
    }


def _gap(gap: Gap) -> Json:
    return {"start_ms": gap.start_ms, "end_ms": gap.end_ms}


def _comments(reviewed: ReviewedCall) -> list[Json]:
    """Return all comments; ``utterance`` is null where this transcript has no such line."""
    known = {utterance.id for utterance in reviewed.transcript.utterances}
    return [_comment(c, known) for c in reviewed.edits.comments]


def _comment(comment: Comment, known: Container[str]) -> Json:
    return {
        "id": comment.id,
        "utterance": comment.utterance_id if comment.utterance_id in known else None,
        "start_ms": comment.start_ms,
        "end_ms": comment.end_ms,
        "text": comment.text,
        "author": comment.author,
        "made_at": comment.made_at.isoformat(),
    }


def _rounded(value: float | None, digits: int = 4) -> float | None:
    # Not-a-number and infinity have no JSON form; they mean that the figure is not defined.
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return None
    return round(float(value), digits)
