"""Every export format: complete, escaped, and with the person's edits."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from services.analysis.metrics import analyse
from services.domain.edits import CallEdits
from services.domain.part import Part
from services.domain.rules import Category, Evidence
from services.domain.speech import Transcript
from services.exports import ExportFormat, export
from services.exports.formats import file_name
from services.exports.subtitles import cues_of
from tests.unit.exports.fixtures import EVIL, make_edits, make_reviewed, make_transcript


def _text(fmt: ExportFormat) -> str:
    return export(make_reviewed(), fmt).content.decode("utf-8")


@pytest.mark.parametrize("fmt", list(ExportFormat))
def test_names_corrections_and_comments_are_in_every_format(fmt: ExportFormat) -> None:
    text = _text(fmt)
    assert "Nora" in text
    assert "Thanks for calling Acme." in text
    assert "put" in text
    assert "Lost line" in text
    assert "Sam" in text


@pytest.mark.parametrize("fmt", list(ExportFormat))
def test_an_empty_call_can_be_exported(fmt: ExportFormat) -> None:
    empty = Transcript(id="t", provider="p", duration_ms=0, speakers=(), utterances=(), spans=())
    bare = make_reviewed(edits=CallEdits(), transcript=empty)
    made = export(replace(bare, call=replace(bare.call, audio=None)), fmt)
    assert made.media_type
    assert made.file_name.endswith(fmt.value)


@pytest.mark.parametrize("fmt", [fmt for fmt in ExportFormat if fmt is not ExportFormat.SRT])
def test_who_reviewed_the_call_is_in_every_format_that_has_a_place_for_it(
    fmt: ExportFormat,
) -> None:
    bare = make_reviewed()
    reviewed_at = datetime(2026, 5, 3, 8, 30, tzinfo=UTC)
    marked = replace(bare.call, reviewed_at=reviewed_at, reviewed_by="Kim <Lee>")
    text = export(replace(bare, call=marked), fmt).content.decode("utf-8")
    assert "2026-05-03" in text
    assert "Kim <Lee>" in unescape(text)
    assert "Kim" not in _text(fmt)


def test_a_part_is_named_where_a_person_or_a_program_reads() -> None:
    whole = make_reviewed()
    part = Part(start_ms=60_000, end_ms=210_000)
    transcript = replace(whole.transcript, part=part, duration_ms=300_000)
    reviewed = replace(whole, transcript=transcript, analysis=analyse(transcript))
    for fmt in (ExportFormat.TXT, ExportFormat.HTML):
        text = export(reviewed, fmt).content.decode()
        assert "Transcribed from 1:00 to 3:30" in text
        assert "Transcribed from" not in _text(fmt)
    document = json.loads(export(reviewed, ExportFormat.JSON).content)["call"]
    assert document["part"] == {"start_ms": 60_000, "end_ms": 210_000}
    assert document["duration_ms"] == 300_000
    assert json.loads(_text(ExportFormat.JSON))["call"]["part"] is None


def test_csv_and_json_name_the_reviewer() -> None:
    bare = make_reviewed()
    reviewed_at = datetime(2026, 5, 3, 8, 30, tzinfo=UTC)
    marked = replace(bare, call=replace(bare.call, reviewed_at=reviewed_at, reviewed_by="=Kim"))
    table = export(marked, ExportFormat.CSV).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    assert rows[0][-2:] == ["reviewed_at", "reviewed_by"]
    assert {tuple(row[-2:]) for row in rows[1:]} == {("2026-05-03T08:30:00+00:00", "'=Kim")}
    document = json.loads(export(marked, ExportFormat.JSON).content)["call"]
    assert document["reviewed_by"] == "=Kim"
    assert json.loads(_text(ExportFormat.JSON))["call"]["reviewed_by"] is None


def test_comments_without_a_line_are_in_json_too() -> None:
    comments = json.loads(_text(ExportFormat.JSON))["comments"]
    assert [(c["utterance"], c["text"]) for c in comments] == [
        ("customer.0", "Well <i>put</i>"),
        (None, "Lost line"),
    ]


def test_what_recognised_personal_data_is_in_the_report() -> None:
    stages = {"personal_data": "local patterns (names are recognised only when introduced)"}
    transcript = replace(make_transcript(), stages=stages)
    html = export(make_reviewed(transcript=transcript), ExportFormat.HTML).content.decode()
    assert "names are recognised only when introduced" in html


def test_json_has_every_key_of_the_schema() -> None:
    document = json.loads(_text(ExportFormat.JSON))
    assert document["schema"] == "partyline.call/1"
    assert {
        "call", "speakers", "utterances", "metrics", "spans", "holds", "summary", "categories",
        "stages", "interruptions", "dead_air",
    } <= set(document)  # fmt: skip
    assert {
        "id", "source_name", "duration_ms", "channels", "sample_rate", "language", "provider",
        "audio_findings",
    } <= set(document["call"])  # fmt: skip
    assert set(document["speakers"][0]) == {
        "id",
        "label",
        "role",
        "role_confidence",
        "voice_confidence",
        "talk_ms",
    }
    utterance = document["utterances"][1]
    assert {
        "id", "speaker", "channel", "start_ms", "end_ms", "text", "confidence", "words",
        "sentiment", "is_backchannel", "pii",
    } == set(utterance)  # fmt: skip
    assert set(utterance["words"][0]) == {"text", "start_ms", "end_ms", "confidence"}
    assert utterance["sentiment"] == {"label": "negative", "score": -0.5124}
    mention = utterance["pii"][0]
    assert utterance["text"][mention["start_char"] : mention["end_char"]] == "[PHONE]"
    assert {
        "overlap_ms", "overlap_count", "non_talk_ms", "dead_air_ms", "hold_ms",
        "switches_per_minute", "patience_ms", "response_ms", "sentiment_trend", "sentiment_n",
        "by_speaker",
    } <= set(document["metrics"])  # fmt: skip
    assert {
        "talk_ms", "talk_share_of_call", "talk_share_of_speech", "talk_listen_ratio", "words",
        "words_per_minute", "interruptions", "longest_monologue_ms", "questions",
        "fillers_per_100_words", "loudness_dbfs",
    } <= set(document["metrics"]["by_speaker"]["agent"])  # fmt: skip
    assert document["metrics"]["by_speaker"]["agent"]["loudness_dbfs"] == [-20.1235, None]
    assert document["holds"] == [{"start_ms": 5_500, "end_ms": 7_000, "kind": "music"}]
    assert document["categories"] == []


def test_categories_are_in_every_format_that_has_room_for_them() -> None:
    shown = make_reviewed()
    line = shown.transcript.utterances[0]
    why = Evidence(
        utterance=line.id, start_ms=10, end_ms=20, why="Said <b>so</b>.", start_char=0, end_char=2
    )
    missed = Evidence(start_ms=0, end_ms=60_000, why="Not said.")
    shown = replace(
        shown,
        categories=(
            Category(rule_id="leaving", name="Wants <to> leave", evidence=(why,)),
            Category(rule_id="notice_missing", name="", evidence=(missed,)),
        ),
    )
    document = json.loads(export(shown, ExportFormat.JSON).content.decode())
    assert document["categories"] == [
        {
            "id": "leaving",
            "name": "Wants <to> leave",
            "evidence": [
                {"utterance": line.id, "start_ms": 10, "end_ms": 20, "why": "Said <b>so</b>."}
            ],
        },
        {
            "id": "notice_missing",
            "name": "",
            "evidence": [{"utterance": None, "start_ms": 0, "end_ms": 60_000, "why": "Not said."}],
        },
    ]
    text = export(shown, ExportFormat.TXT).content.decode()
    assert "Categories: Wants <to> leave, notice_missing\n" in text
    html = export(shown, ExportFormat.HTML).content.decode()
    assert "<strong>Wants &lt;to&gt; leave</strong>" in html
    assert "Said &lt;b&gt;so&lt;/b&gt;." in html
    table = export(shown, ExportFormat.CSV).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["categories"] for row in rows if row["utterance"] == line.id] == [
        "Wants <to> leave"
    ]
    assert not any(row["categories"] for row in rows if row["utterance"] != line.id)


def test_json_has_the_summary_and_the_comments() -> None:
    document = json.loads(export(make_reviewed(), ExportFormat.JSON).content.decode())
    assert document["summary"]["resolved"] is True
    assert document["summary"]["outcome"] is None
    assert document["comments"][0]["utterance"] == "customer.0"


def test_json_gives_null_where_there_is_nothing() -> None:
    empty = replace(make_transcript(), summary=None, language=None)
    document = json.loads(
        export(make_reviewed(transcript=empty), ExportFormat.JSON).content.decode()
    )
    assert document["summary"] is None
    assert document["call"]["language"] is None


def test_srt_is_well_formed() -> None:
    blocks = _text(ExportFormat.SRT).strip().split("\n\n")
    pattern = r"\d{2}:\d{2}:\d{2},\d{3} --> \d{2}:\d{2}:\d{2},\d{3}"
    for number, block in enumerate(blocks, start=1):
        lines = block.split("\n")
        assert lines[0] == str(number)
        assert re.fullmatch(pattern, lines[1])
        assert all("-->" not in line for line in lines[2:])
    assert blocks[0].endswith("Nora: Thanks for calling Acme.")
    assert "[Comment by Sam: Well <i>put</i>]" in blocks[1]


def test_vtt_has_voices_and_escapes_the_text() -> None:
    text = _text(ExportFormat.VTT)
    assert text.startswith("WEBVTT\n\n")
    assert "<v Nora>Thanks for calling Acme.</v>" in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "NOTE Comment by Sam: Well &lt;i&gt;put&lt;/i&gt;" in text
    for line in text.split("\n"):
        assert line.count("-->") == (1 if re.match(r"\d", line) else 0)


def test_long_utterances_are_cut_into_cues_that_follow_the_words() -> None:
    utterance = make_transcript().utterances[0]
    long = replace(
        utterance,
        text=" ".join(["word"] * 60),
        end_ms=30_000,
        words=tuple(
            replace(utterance.words[0], text="word", start_ms=n * 500, end_ms=n * 500 + 400)
            for n in range(60)
        ),
    )
    cues = cues_of(long)
    assert len(cues) > 3
    assert " ".join(cue.text for cue in cues) == long.text
    assert (cues[0].start_ms, cues[-1].end_ms) == (0, 30_000)
    assert all(len(cue.text) <= 84 for cue in cues)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(cues))


def test_without_matching_words_an_utterance_is_one_cue() -> None:
    utterance = replace(make_transcript().utterances[0], words=())
    assert len(cues_of(utterance)) == 1


def test_csv_is_safe_in_a_spreadsheet() -> None:
    content = export(make_reviewed(), ExportFormat.CSV).content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0][:4] == ["utterance", "start_ms", "end_ms", "speaker"]
    assert rows[-1][rows[0].index("comments")] == "'=Max: Lost line"
    assert all(len(row) == len(rows[0]) for row in rows)
    assert rows[1][7] == "-0.512"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "＝"])
def test_formulas_in_csv_get_an_apostrophe(start: str) -> None:
    transcript = make_transcript()
    names = CallEdits(names={"agent": f"{start}SUM(A1)"})
    rows = list(
        csv.reader(
            io.StringIO(
                export(
                    make_reviewed(edits=names, transcript=transcript), ExportFormat.CSV
                ).content.decode("utf-8-sig")
            )
        )
    )
    assert rows[1][3].startswith("'")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_escapes_everything_and_needs_nothing_from_outside() -> None:
    html = _text(ExportFormat.HTML)
    parsed = _Tags()
    parsed.feed(html)
    assert "script" not in parsed.tags
    assert "i" not in parsed.tags
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert not parsed.attributes & {"src", "href", "xlink:href"}
    assert EVIL in parsed.text
    assert "Nora <b>" in parsed.text
    assert "Well <i>put</i>" in parsed.text
    assert "http" not in re.sub(r"http-equiv", "", html)


def test_html_draws_the_charts() -> None:
    html = _text(ExportFormat.HTML)
    assert html.count('class="chart"') == 3
    assert 'class="overlap"' in html
    assert "url(#hold)" in html
    assert "The other party is heard faintly on the right channel as well" in html


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("call.wav", "call.srt"),
        ("../../etc/passwd", "passwd.srt"),
        ("C:\\calls\\Müller & Söhne.mp3", "Müller_Söhne.srt"),
        ("😀.wav", "call.srt"),
        ("звонок.wav", "звонок.srt"),
        ("", "call.srt"),
        ("...", "call.srt"),
        ("CON.wav", "call_CON.srt"),
        ('a"b\r\nc;d.wav', "a_b_c_d.srt"),
        ("x" * 300 + ".wav", "x" * 60 + ".srt"),
    ],
)
def test_file_names_are_safe(source: str, expected: str) -> None:
    assert file_name(source, ExportFormat.SRT) == expected


def test_exports_do_not_depend_on_the_order_of_edits() -> None:
    edits = make_edits()
    turned = replace(edits, comments=tuple(reversed(edits.comments)))
    first = export(make_reviewed(edits), ExportFormat.TXT).content
    assert export(make_reviewed(turned), ExportFormat.TXT).content == first
