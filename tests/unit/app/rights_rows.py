"""What each thing that people can ask for takes: the rights, and whether it is about one call.

Whoever adds a method that takes a person, or a route, adds it here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import repeat
from pathlib import Path

from app.wiring import Services
from services.access.tokens import Purpose
from services.domain.calls import CallDetails, ProcessingOptions, SpeakerCount
from services.domain.errors import AccessDenied, PartylineError
from services.domain.live_calls import LiveSource
from services.domain.people import Right, User
from services.domain.reviewed import ReviewedCall, ShownSpeaker
from services.domain.rules import Phrase, Rule
from services.domain.running import RunContext
from services.domain.speech import SpeakerRole
from services.exports import ExportFormat
from services.storage.call_rows import CallFilter
from services.telephony.acs.orders import PhoneOrder
from services.telephony.acs.wire.wishes import PhoneWish
from services.understanding.scorecards.ready_made import ready_made_scorecards

Asked = Callable[[Services, User, str], object]


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is asked with these services, by this person, about a call of this id.

    ``rights`` are all needed. ``on_call``: it is about that call. ``own_only``: only whoever began
    it may. ``all_calls``: only those may who reach every call. ``refused`` is what others are told.
    """

    ask: Asked
    rights: frozenset[Right]
    on_call: bool = False
    own_only: bool = False
    all_calls: bool = False
    refused: type[PartylineError] = AccessDenied


def _silence() -> Iterator[bytes]:
    """Sound that goes on as long as the call, which would end with it."""
    yield from repeat(bytes(3200))


def _org(right: Right, ask: Asked) -> Row:
    return Row(ask=ask, rights=frozenset({right}))


def _call(right: Right, ask: Asked) -> Row:
    return Row(ask=ask, rights=frozenset({Right.SEE_CALLS, right}), on_call=True)


SEE, ADD, EDIT = Right.SEE_CALLS, Right.ADD_CALLS, Right.EDIT_CALLS
RULES, OPERATE = Right.MANAGE_RULES, Right.OPERATE
NO_SOUND = Path("/dev/null")
OPTIONS, DETAILS = ProcessingOptions(provider="scripted"), CallDetails()
RULE = Rule(id="bill", name="Bill", condition=Phrase(any_of=("bill",)))
CARD = replace(ready_made_scorecards()[0], id="own", shipped=False, version=0)
ORDER = PhoneOrder(name="", options=OPTIONS, details=DETAILS, wish=PhoneWish(locales=("en-US",)))


def _sound() -> BytesIO:
    return BytesIO(b"no sound")


def _speaker(call_id: str) -> ShownSpeaker:
    return ShownSpeaker(call_id=call_id, version="another", id="s1")


def _shown(s: Services, user: User, call_id: str) -> ReviewedCall:
    """Return the call as somebody saw it who may; what is asked about it is checked again."""
    (shown,) = s.shown  # type: ignore[attr-defined]
    return replace(shown, call=replace(shown.call, id=call_id))


def _upload(s: Services, user: User) -> str:
    return s.uploads.begin(user, "a.wav", 10, OPTIONS, DETAILS).id


def _live(s: Services, user: User, call_id: str) -> object:
    return s.live.begin(user, "A call", OPTIONS, DETAILS, channels=3, source=LiveSource.BROWSER)


METHODS: dict[str, Row] = {
    # browsing
    "browsing.get": _call(SEE, lambda s, u, c: s.browsing.get(u, c)),
    "browsing.newest_run": _call(SEE, lambda s, u, c: s.browsing.newest_run(u, c)),
    "browsing.runs": _call(SEE, lambda s, u, c: s.browsing.runs(u, c)),
    "browsing.list": _org(SEE, lambda s, u, c: s.browsing.list(u)),
    "browsing.count": _org(SEE, lambda s, u, c: s.browsing.count(u)),
    "browsing.page": _org(SEE, lambda s, u, c: s.browsing.page(u, CallFilter(), None, 5)),
    "browsing.has_any": _org(SEE, lambda s, u, c: s.browsing.has_any(u)),
    "browsing.agents": _org(SEE, lambda s, u, c: s.browsing.agents(u)),
    "browsing.queues": _org(SEE, lambda s, u, c: s.browsing.queues(u)),
    "browsing.categories": _org(SEE, lambda s, u, c: s.browsing.categories(u, [c])),
    # figures
    "figures.check_export": _org(Right.EXPORT, lambda s, u, c: s.figures.check_export(u)),
    "figures.team": _org(SEE, lambda s, u, c: s.figures.team(u)),
    "figures.per_period": _org(SEE, lambda s, u, c: s.figures.per_period(u)),
    "figures.by_agent": _org(SEE, lambda s, u, c: s.figures.by_agent(u)),
    "figures.by_queue": _org(SEE, lambda s, u, c: s.figures.by_queue(u)),
    "figures.longest_silences": _org(SEE, lambda s, u, c: s.figures.longest_silences(u)),
    "figures.most_negative": _org(SEE, lambda s, u, c: s.figures.most_negative(u)),
    "figures.by_topic": _org(SEE, lambda s, u, c: s.figures.by_topic(u)),
    "figures.topics_per_day": _org(SEE, lambda s, u, c: s.figures.topics_per_day(u)),
    "figures.topic_reach": _org(SEE, lambda s, u, c: s.figures.topic_reach(u)),
    "figures.by_category": _org(SEE, lambda s, u, c: s.figures.by_category(u)),
    "figures.category_by_week": _org(SEE, lambda s, u, c: s.figures.category_by_week(u, "r")),
    "figures.category_by_agent": _org(SEE, lambda s, u, c: s.figures.category_by_agent(u, "r")),
    "figures.scorecards": _org(SEE, lambda s, u, c: s.figures.scorecards(u)),
    "figures.score_versions": _org(SEE, lambda s, u, c: s.figures.score_versions(u, "s")),
    "figures.scores_by_agent": _org(SEE, lambda s, u, c: s.figures.scores_by_agent(u, "s")),
    "figures.scores_by_week": _org(SEE, lambda s, u, c: s.figures.scores_by_week(u, "s")),
    "figures.scores_by_question": _org(SEE, lambda s, u, c: s.figures.scores_by_question(u, "s")),
    "figures.lowest_scores": _org(SEE, lambda s, u, c: s.figures.lowest_scores(u, "s")),
    # processing
    "desk.retry": _call(ADD, lambda s, u, c: s.desk.retry(u, c)),
    "desk.rerun": _call(ADD, lambda s, u, c: s.desk.rerun(u, c, OPTIONS)),
    "desk.relabel": _call(ADD, lambda s, u, c: s.desk.relabel(u, c, SpeakerCount())),
    "desk.cancel": _call(ADD, lambda s, u, c: s.desk.cancel(u, c)),
    "desk.sound_of": _call(SEE, lambda s, u, c: s.desk.sound_of(u, c)),
    "desk.why_no_run": _call(SEE, lambda s, u, c: s.desk.why_no_run(u, c)),
    "desk.delete": _call(Right.DELETE, lambda s, u, c: s.desk.delete(u, c)),
    "desk.progress": _org(SEE, lambda s, u, c: s.desk.progress(u, [c])),
    "desk.open_playback": _call(SEE, lambda s, u, c: s.desk.open_playback(u, c)),
    "desk.open_original": _call(Right.HEAR_ORIGINAL, lambda s, u, c: s.desk.open_original(u, c)),
    "desk.load_demo": _org(ADD, lambda s, u, c: s.desk.load_demo(u)),
    "intake.begin": _org(ADD, lambda s, u, c: s.intake.begin(u, "a.wav").abort()),
    "intake.add_file": _org(
        ADD, lambda s, u, c: s.intake.add_file(u, NO_SOUND, "a.wav", OPTIONS, DETAILS)
    ),
    "uploads.begin": _org(ADD, lambda s, u, c: _upload(s, u)),
    "uploads.get": _org(ADD, lambda s, u, c: s.uploads.get(u, _upload(s, u))),
    "uploads.receive": _org(ADD, lambda s, u, c: s.uploads.receive(u, _upload(s, u), 0)),
    "uploads.complete": _org(ADD, lambda s, u, c: s.uploads.complete(u, _upload(s, u))),
    "uploads.give_up": _org(ADD, lambda s, u, c: s.uploads.give_up(u, _upload(s, u))),
    "uploads.of_customer": _org(ADD, lambda s, u, c: s.uploads.of_customer(u, "x")),
    "jobs.workers": _org(OPERATE, lambda s, u, c: s.jobs.workers(u)),
    "jobs.queues": _org(SEE, lambda s, u, c: s.jobs.queues(u)),
    "jobs.pause": _org(OPERATE, lambda s, u, c: s.jobs.pause(u, "nowhere")),
    "jobs.resume": _org(OPERATE, lambda s, u, c: s.jobs.resume(u, "nowhere")),
    "jobs.failed": _org(SEE, lambda s, u, c: s.jobs.failed(u)),
    "jobs.retry": _org(ADD, lambda s, u, c: s.jobs.retry(u, [])),
    "jobs.retry_all": _org(ADD, lambda s, u, c: s.jobs.retry_all(u)),
    "jobs.dismiss": _org(EDIT, lambda s, u, c: s.jobs.dismiss(u, [])),
    # what is said
    "review.load": _call(SEE, lambda s, u, c: s.review.load(u, c)),
    "review.rename": _call(EDIT, lambda s, u, c: s.review.rename(u, c, "s1", "Nora")),
    "review.set_role": _call(
        EDIT, lambda s, u, c: s.review.set_role(u, c, "s1", SpeakerRole.AGENT)
    ),
    "review.set_voice": _call(EDIT, lambda s, u, c: s.review.set_voice(u, _speaker(c), "")),
    "review.swap_roles": _call(EDIT, lambda s, u, c: s.review.swap_roles(u, c)),
    "review.merge": _call(EDIT, lambda s, u, c: s.review.merge(u, c, "s1", "s1")),
    "review.unmerge": _call(EDIT, lambda s, u, c: s.review.unmerge(u, c, "s1")),
    "review.correct": _call(EDIT, lambda s, u, c: s.review.correct(u, c, "u9", "so")),
    "review.comment": _call(EDIT, lambda s, u, c: s.review.comment(u, c, "u9", "so")),
    "review.delete_comment": _call(EDIT, lambda s, u, c: s.review.delete_comment(u, c, "x")),
    "review.mark_reviewed": _call(EDIT, lambda s, u, c: s.review.mark_reviewed(u, c, False)),
    "review.set_details": _call(
        EDIT, lambda s, u, c: s.review.set_details(u, c, CallDetails(queue="Billing"))
    ),
    "review.export": _call(Right.EXPORT, lambda s, u, c: s.review.export(u, c, ExportFormat.TXT)),
    "comparing.transcripts": _org(SEE, lambda s, u, c: s.comparing.transcripts(u, c)),
    "comparing.compare": _call(SEE, lambda s, u, c: s.comparing.compare(u, c, "x", "y")),
    "summaries.write_again": _call(
        EDIT, lambda s, u, c: s.summaries.write_again(u, c, RunContext())
    ),
    "search.search": _org(SEE, lambda s, u, c: s.search.search(u, "bill")),
    "search.page": _org(SEE, lambda s, u, c: s.search.page(u, "bill")),
    "search.ranked": _org(SEE, lambda s, u, c: s.search.ranked(u, "bill")),
    "search.count": _org(SEE, lambda s, u, c: s.search.count(u, "bill")),
    "search.closest": _org(SEE, lambda s, u, c: s.search.search(u, "bill")),
    "search.latest": _org(SEE, lambda s, u, c: s.search.latest(u)),
    "meaning.similar": _org(SEE, lambda s, u, c: s.meaning and s.meaning.similar(u, "")),
    "asking.standing": _org(SEE, lambda s, u, c: s.asking.standing(u, [])),
    "asking.about_call": _call(SEE, lambda s, u, c: s.asking.about_call(u, c, "why?")),
    "asking.about_calls": _org(SEE, lambda s, u, c: s.asking.about_calls(u, "why?")),
    # what an organisation keeps
    "vocabulary.load": _org(SEE, lambda s, u, c: s.vocabulary.load(u)),
    "vocabulary.keep": _org(RULES, lambda s, u, c: s.vocabulary.keep(u, [], [], based_on=9)),
    "vocabulary.add": _org(RULES, lambda s, u, c: s.vocabulary.add(u, ["CPAP"])),
    "vocabulary.spell": _org(RULES, lambda s, u, c: s.vocabulary.spell(u, [("a", "b")])),
    "vocabulary.remove": _org(RULES, lambda s, u, c: s.vocabulary.remove(u, [])),
    "rule_book.kept": _org(SEE, lambda s, u, c: s.rule_book.kept(u)),
    "rule_book.get": _org(SEE, lambda s, u, c: s.rule_book.get(u, "x")),
    "rule_book.save": _org(RULES, lambda s, u, c: s.rule_book.save(u, RULE, based_on=9)),
    "rule_book.switch": _org(RULES, lambda s, u, c: s.rule_book.switch(u, _rule(s, u), on=True)),
    "rule_book.remove": _org(RULES, lambda s, u, c: s.rule_book.remove(u, "x", based_on=9)),
    "rule_book.to_yaml": _org(SEE, lambda s, u, c: s.rule_book.to_yaml(u)),
    "rule_book.take_in": _org(RULES, lambda s, u, c: s.rule_book.take_in(u, "")),
    "rule_book.free_id": _org(SEE, lambda s, u, c: s.rule_book.free_id(u, "x")),
    "rule_book.on_newest": _org(SEE, lambda s, u, c: s.rule_book.on_newest(u, RULE, 1)),
    "rule_book.counts": _org(SEE, lambda s, u, c: s.rule_book.counts(u)),
    "rule_book.apply_to_all": _org(RULES, lambda s, u, c: s.rule_book.apply_to_all(u)),
    "rule_book.progress": _org(SEE, lambda s, u, c: s.rule_book.progress(u)),
    "rule_book.cancel": _org(RULES, lambda s, u, c: s.rule_book.cancel(u)),
    "scorecards.all": _org(SEE, lambda s, u, c: s.scorecards.all(u)),
    "scorecards.get": _org(SEE, lambda s, u, c: s.scorecards.get(u, "x")),
    "scorecards.rules": _org(SEE, lambda s, u, c: s.scorecards.rules(u)),
    "scorecards.keep": _org(RULES, lambda s, u, c: s.scorecards.keep(u, replace(CARD, name=""))),
    "scorecards.set_enabled": _org(RULES, lambda s, u, c: s.scorecards.set_enabled(u, "x", True)),
    "scorecards.copy": _org(
        RULES, lambda s, u, c: s.scorecards.copy(u, ready_made_scorecards()[0].id)
    ),
    "scorecards.delete": _org(RULES, lambda s, u, c: s.scorecards.delete(u, "x")),
    "scorecards.read_yaml": _org(RULES, lambda s, u, c: s.scorecards.read_yaml(u, "")),
    "scorecards.rescoring": _org(SEE, lambda s, u, c: s.scorecards.rescoring(u)),
    "scorecards.pause": _org(RULES, lambda s, u, c: s.scorecards.pause(u, False)),
    "scorecards.of_call": _call(SEE, lambda s, u, c: s.scorecards.of_call(u, _shown(s, u, c))),
    "scorecards.preview": _call(
        SEE, lambda s, u, c: s.scorecards.preview(u, CARD, _shown(s, u, c))
    ),
    "scorecards.history": _call(SEE, lambda s, u, c: s.scorecards.history(u, c)),
    "scorecards.override": _call(
        EDIT, lambda s, u, c: s.scorecards.override(u, c, "x", "y", None, "")
    ),
    "scorecards.ask_model": _call(EDIT, lambda s, u, c: s.scorecards.ask_model(u, c)),
    "voices.voices": _org(SEE, lambda s, u, c: s.voices.voices(u)),
    "voices.find": _org(SEE, lambda s, u, c: s.voices.find(u, "x")),
    "voices.listen": _org(RULES, lambda s, u, c: s.voices.listen(u, _sound(), "a.wav")),
    "voices.listen_to_speaker": _call(
        RULES, lambda s, u, c: s.voices.listen_to_speaker(u, _speaker(c))
    ),
    "voices.free_name": _org(RULES, lambda s, u, c: s.voices.free_name(u, "")),
    "voices.remember": _call(
        RULES,
        lambda s, u, c: s.voices.remember(
            u,
            "Nora",
            SpeakerRole.AGENT,
            s.learnt,
            shown=_speaker(c),  # type: ignore[attr-defined]
        ),
    ),
    "voices.rename": _org(RULES, lambda s, u, c: s.voices.rename(u, "x", "Nora")),
    "voices.set_role": _org(RULES, lambda s, u, c: s.voices.set_role(u, "x", SpeakerRole.AGENT)),
    "voices.delete": _org(RULES, lambda s, u, c: s.voices.delete(u, "x")),
    "signatures.made": _org(SEE, lambda s, u, c: s.signatures.made(u)),
    "signatures.sign": _org(RULES, lambda s, u, c: s.signatures.sign(u, "x", _sound(), "a", "en")),
    "signatures.delete": _org(RULES, lambda s, u, c: s.signatures.delete(u, "x")),
    "usage.space": _org(OPERATE, lambda s, u, c: s.usage.space(u)),
    "usage.sound": _org(OPERATE, lambda s, u, c: s.usage.sound(u)),
    "usage.growth": replace(_org(SEE, lambda s, u, c: s.usage.growth(u)), all_calls=True),
    "usage.minutes": replace(_org(SEE, lambda s, u, c: s.usage.minutes(u)), all_calls=True),
    "live.begin": _org(ADD, _live),
    "live.running": _org(SEE, lambda s, u, c: s.live.running(u)),
    "live.mine": _org(SEE, lambda s, u, c: s.live.mine(u)),
    "phone.place": Row(
        ask=lambda s, u, c: s.phone.place(u, "+15550100", ORDER),
        rights=frozenset({ADD, Right.PLACE_CALLS}),
    ),
    "phone.join": _org(ADD, lambda s, u, c: s.phone.join(u, "room", ORDER)),
    "phone.answer": _org(ADD, lambda s, u, c: s.phone.answer(u, "x", ORDER)),
    "phone.incoming": _org(ADD, lambda s, u, c: s.phone.incoming(u)),
}


def _rule(s: Services, user: User) -> str:
    return s.rule_book.kept(user)[0].rule.id


def _running(right: Right, ask: Asked, *, own_only: bool = False) -> Row:
    rights = frozenset({Right.SEE_CALLS, right})
    return Row(ask=ask, rights=rights, on_call=True, own_only=own_only)


# About a call that is being held. Each may be done again and again, so the call goes on.
RUNNING: dict[str, Row] = {
    "live.get": _running(SEE, lambda s, u, c: s.live.get(u, c)),
    "live.follow": _running(
        SEE, lambda s, u, c: s.live.follow(u, c, 0, lambda told: None)[1].close()
    ),
    "live.check_follows": _running(SEE, lambda s, u, c: s.live.check_follows(u, c)),
    "live.summarise": _running(EDIT, lambda s, u, c: s.live.summarise(u, c)),
    "live.speak": _running(EDIT, lambda s, u, c: s.live.speak(u, c, "en")),
    "live.check_sends": _running(ADD, lambda s, u, c: s.live.check_sends(u, c), own_only=True),
    "live.connect": _running(
        ADD, lambda s, u, c: s.live.connect(u, c, lambda notice: None).close(), own_only=True
    ),
    "live.play": _running(ADD, lambda s, u, c: s.live.play(u, c, _silence()), own_only=True),
    "phone.standing": _running(SEE, lambda s, u, c: s.phone.standing(u, c)),
    "phone.hang_up": _running(SEE, lambda s, u, c: s.phone.hang_up(u, c, for_everyone=False)),
    "phone.start_words": _running(SEE, lambda s, u, c: s.phone.start_words(u, c, ORDER.wish)),
    "phone.stop_words": _running(SEE, lambda s, u, c: s.phone.stop_words(u, c)),
    "phone.service_summary": _running(SEE, lambda s, u, c: s.phone.service_summary(u, c)),
    # The last: the call ends by it.
    "live.stop": _running(EDIT, lambda s, u, c: s.live.stop(u, c)),
}


@dataclass(frozen=True, kw_only=True)
class Door:
    """A route: what it takes, and what is sent to it."""

    rights: frozenset[Right]
    on_call: bool = False
    sends: Mapping[str, object] = field(default_factory=dict)
    purpose: Purpose | None = None


def _door(right: Right, **more: object) -> Door:
    return Door(rights=frozenset({right}), **more)  # type: ignore[arg-type]


def _of_call(right: Right, **more: object) -> Door:
    return Door(rights=frozenset({SEE, right}), on_call=True, **more)  # type: ignore[arg-type]


API = "/api/v1"
PIECE = {"headers": {"Upload-Offset": "0"}, "content": b"sound"}
# Those of phone calls that are held are looked at in RUNNING; here nobody finds one.
ROUTES: dict[str, Door] = {
    "PUT /-/upload": _door(ADD, purpose=Purpose.UPLOAD, sends={"content": b""}),
    "GET /-/audio/{call_id}": _of_call(SEE, purpose=Purpose.AUDIO),
    "GET /-/audio/{call_id}/original": _of_call(Right.HEAR_ORIGINAL, purpose=Purpose.ORIGINAL),
    "GET /-/review/{call_id}": _of_call(SEE, purpose=Purpose.REVIEW),
    f"GET {API}/calls": _door(SEE),
    f"POST {API}/calls": _door(
        ADD, sends={"content": b"", "headers": {"Content-Type": "audio/wav"}}
    ),
    f"GET {API}/calls/{{call_id}}": _of_call(SEE),
    f"DELETE {API}/calls/{{call_id}}": _of_call(Right.DELETE),
    f"GET {API}/calls/{{call_id}}/transcript": _of_call(Right.EXPORT),
    f"GET {API}/calls/{{call_id}}/audio": _of_call(SEE),
    f"GET {API}/calls/{{call_id}}/runs": _of_call(SEE),
    f"POST {API}/calls/{{call_id}}/runs": _of_call(ADD, sends={"json": {}}),
    f"DELETE {API}/calls/{{call_id}}/runs/1": _of_call(ADD),
    f"GET {API}/search": _door(SEE, sends={"params": {"q": "bill"}}),
    f"POST {API}/uploads": _door(ADD, sends={"json": {"name": "a.wav", "size": 10}}),
    f"GET {API}/uploads/{{upload_id}}": _door(ADD),
    f"HEAD {API}/uploads/{{upload_id}}": _door(ADD),
    f"PATCH {API}/uploads/{{upload_id}}": _door(ADD, sends=PIECE),
    f"POST {API}/uploads/{{upload_id}}/complete": _door(ADD),
    f"DELETE {API}/uploads/{{upload_id}}": _door(ADD),
    f"GET {API}/phone/incoming": _door(ADD),
    f"GET {API}/phone/calls": _door(SEE),
    f"POST {API}/phone/calls": Door(
        rights=frozenset({ADD, Right.PLACE_CALLS}), sends={"json": {"number": "+15550100"}}
    ),
    f"GET {API}/phone/calls/{{call_id}}": _of_call(SEE),
    f"DELETE {API}/phone/calls/{{call_id}}": _of_call(SEE),
    f"PUT {API}/phone/calls/{{call_id}}/transcription": _of_call(SEE, sends={"json": {}}),
    f"POST {API}/phone/calls/{{call_id}}/transcription": _of_call(
        SEE, sends={"json": {"locale": "en-US"}}
    ),
    f"DELETE {API}/phone/calls/{{call_id}}/transcription": _of_call(SEE),
    f"POST {API}/phone/calls/{{call_id}}/summary": _of_call(SEE),
}
SOCKETS = {
    "/-/live/sound/{call_id}": Purpose.LIVE_SOUND,
    "/-/live/events/{call_id}": Purpose.LIVE_EVENTS,
}
OPEN_ROUTES = {
    f"GET {API}/openapi.json": "says what any copy of the program says",
    f"GET {API}/phone/readiness": "which settings are missing, for whoever has a token",
    "GET /healthz": "for the machine that looks after this one",
    "GET /readyz": "for the machine that looks after this one",
    "GET /metrics": "tells nothing of calls",
    "POST /webhooks/{provider}/{token}": "a service that was given the address and its secret",
    "POST /acs/events": "a telephone service, by its token",
    "POST /acs/incoming": "a telephone service, by its secret",
    "OPTIONS /acs/incoming": "a telephone service, by its secret",
    "/acs/transcription": "a telephone service, by its token",
    "/twilio": "a telephone service, by its signature",
    "/audiohook": "a telephone service, by its signature",
}

# What has a parameter of this name and is no act of a person's.
NOT_ASKED_BY_PEOPLE = {
    "tokens.issue": "the pages hand links out; what they lead to is checked where it is opened",
    "authority": "it is who says yes or no",
    "sign_ins": "it tells who somebody is, and ends their own sign-in",
}
