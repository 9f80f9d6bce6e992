"""A redacted call that goes on in another language: what was covered is neither shown nor kept."""

import json
from dataclasses import replace

import pytest

from services.domain.live import Final, LanguageTold, LineStage, Partial, Revised
from services.live.told_reading import ToldCaptions
from services.understanding.personal_data.entities import EntityFinder
from services.understanding.redaction import Redactor
from services.understanding.running_redaction import RunningRedaction
from tests.unit.live.stand_ins import TextModels
from tests.unit.live.test_running import REDACTED, S1, Live, line

FINDER = EntityFinder()
PHONE = "Meine Telefonnummer ist null eins sieben sechs vier vier drei zwei eins null"
BIRTH = "Mein Geburtsdatum ist der neunte Juni neunzehnhundertvierundachtzig"
SWITCHED = LanguageTold(language="en", chosen=True, at_ms=18_000)
FIRST_MS, AT_SWITCH_MS, SPLIT_MS = 5_000, 17_000, 9_000


class RealRedaction(TextModels):
    """Takes personal data out as in life."""

    def running_redaction(self, language):
        return RunningRedaction(FINDER, language)

    def redact(self, transcript):
        return Redactor(FINDER).redact(transcript)


@pytest.fixture
def german(monkeypatch):
    monkeypatch.setattr("tests.unit.live.test_running.TextModels", RealRedaction)
    opened = Live(replace(REDACTED, language="de"))
    yield opened
    opened.call.abort()


def held(live):
    """Hold a call to its end in which a line is over, one is being said, one is cut later on."""
    over, going_on = line(1, "s1", PHONE, FIRST_MS), line(2, "s1", BIRTH, AT_SWITCH_MS)
    unseen = line(3, "s1", PHONE, AT_SWITCH_MS + 500)
    live.hear(S1, Final(line=over))
    live.hear(Partial(line=replace(going_on, text="Mein Geburtsdatum", words=going_on.words[:2])))
    live.hear(SWITCHED, Final(line=going_on), Final(line=unseen))
    live.hear(Revised(line=replace(over, text=f"Ja, {PHONE.lower()}"), stage=LineStage.REFINED))
    live.hear(Revised(line=replace(over, speaker=None)))
    live.hear(Final(line=line(4, "s1", PHONE, SPLIT_MS)))
    live.hear(Final(line=line(5, "s1", "Thank you, I have all I need now", 30_000)))
    live.call.finish()
    return live


@pytest.mark.parametrize("said", ["sieben", "neunte Juni", "neunzehnhundert"])
def test_nothing_that_was_covered_is_told_or_kept_after_the_switch(german, said):
    told = list(held(german).told)
    kinds = [event["type"] for event in told]
    assert kinds.count("final") == 5
    assert "revised" in kinds
    assert said not in json.dumps(told, ensure_ascii=False)
    kept = ToldCaptions(told).transcript("hand", duration_ms=60_000, language="de", redacted=True)
    assert said not in str(kept)
    assert said not in str(german.call.analysed)


def test_all_of_it_is_covered_by_what_it_is_and_the_rest_is_kept(german):
    kept = held(german).call.analysed.transcript
    texts = {one.id: one.text for one in kept.utterances}
    assert all("[PHONE]" in texts[f"u{n}"] for n in (1, 3, 4))
    assert "[DOB]" in texts["u2"]
    assert texts["u5"] == "Thank you, I have all I need now"


def test_a_line_that_could_not_be_redacted_is_not_kept_after_a_switch_either():
    live = Live(replace(REDACTED, language="de"))
    live.models.redaction_fails_at = "number"
    live.hear(S1, Final(line=line(1, "s1", "my number is four two")), SWITCHED)
    live.hear(Final(line=line(5, "s1", "thank you")))
    live.call.finish()
    assert [one.text for one in live.call.analysed.transcript.utterances] == ["thank you"]
