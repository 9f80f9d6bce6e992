"""The emulator of Azure's streams: what it refuses, and what the real SDK makes of it.

The SDK is used bare here, with its own second tries, so that what the provider rests on is seen.
"""

import contextlib
import json
import struct
import threading

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from emulators.azure_speech.websocket import CONVERSATION_PATH, AzureSpeechEmulator
from emulators.azure_speech.websocket_frames import BrokenFrame, build, parse
from emulators.azure_speech.websocket_script import Behaviour, Ending, Line
from tests.threads import no_thread_left

KEY = {"Ocp-Apim-Subscription-Key": "k"}
LINES = (
    Line(text="Hello there.", start_ms=500, end_ms=2_500),
    Line(text="How are you?", start_ms=3_000, end_ms=5_000, speaker="Guest-2", channel=1),
    Line(text="Fine, thanks.", start_ms=6_000, end_ms=8_000),
)


# --- by hand -----------------------------------------------------------------------------------


def riff(channels=1, rate=16_000, bits=16, kind=1):
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * 2, channels * 2, bits)
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + form + b"data\0\0\0\0"


def text(path, body="{}", request_id="r1"):
    return f"Path: {path}\r\nX-RequestId: {request_id}\r\n\r\n{body}"


def audio(body, request_id="r1"):
    head = f"Path: audio\r\nX-RequestId: {request_id}\r\n".encode()
    return struct.pack(">H", len(head)) + head + body


BEGIN = (text("speech.config"), text("speech.context"))


def answers(emulator, *messages, path=CONVERSATION_PATH, headers=KEY):
    """Return the paths that are told, and the code with which the service closes, if it does."""
    told = []
    with connect(f"{emulator.host}{path}", additional_headers=headers) as socket:
        try:
            for message in messages:
                socket.send(message)
            while True:
                told.append(parse(socket.recv(timeout=1)).path)
                if told[-1] == "turn.end":
                    return told, None
        except ConnectionClosed as closed:
            return told, closed.rcvd.code if closed.rcvd else None
        except TimeoutError:
            return told, None


def test_a_turn_as_it_should_be():
    sound = b"\1\0" * 16_000 * 3
    with AzureSpeechEmulator(lines=LINES[:1]) as emulator:
        told, code = answers(emulator, *BEGIN, audio(riff()), audio(sound), audio(b""))
        (seen,) = emulator.connections
    assert code is None
    assert told == [
        "turn.start",
        "speech.startdetected",
        "speech.hypothesis",
        "speech.hypothesis",
        "speech.phrase",
        "speech.enddetected",
        "speech.phrase",
        "turn.end",
    ]
    assert (seen.pcm_bytes, seen.ended) == (len(sound), True)


@pytest.mark.parametrize(
    "messages",
    [
        [audio(riff())],
        [text("speech.config"), audio(riff())],
        [text("speech.context")],
        [*BEGIN, audio(riff(), request_id="another")],
        [*BEGIN, audio(b"\1\0" * 100)],
        [*BEGIN, audio(riff(rate=8_000))],
        [*BEGIN, audio(riff(bits=8))],
        [*BEGIN, audio(riff(kind=7))],
        [*BEGIN, audio(riff(channels=3))],
        [text("speech.config"), text("speech.context", "no json")],
        [text("speech.config"), text("speech.context", "[]")],
        ["no headers"],
        [b"\xff"],
        [b"\x00\xffshort"],
        [b"\x00\x01\xff"],
    ],
)
def test_what_is_out_of_order_is_refused_and_nobody_else_is_harmed(messages):
    with AzureSpeechEmulator(lines=LINES) as emulator:
        assert answers(emulator, *messages)[1] == 1007
        assert answers(emulator, *BEGIN, audio(riff()), audio(b""))[0][-1] == "turn.end"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (CONVERSATION_PATH, {}, 401),
        (CONVERSATION_PATH, {"Ocp-Apim-Subscription-Key": "another"}, 401),
        (CONVERSATION_PATH, {"Authorization": "Bearer another"}, 401),
        (CONVERSATION_PATH, {"Authorization": "Basic t"}, 401),
        ("/elsewhere", KEY, 404),
    ],
)
def test_who_has_no_right_is_refused(path, headers, status):
    with AzureSpeechEmulator(key="k", token="t") as emulator:
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"{emulator.host}{path}", additional_headers=headers),
        ):
            pass
        assert refused.value.response.status_code == status
        with connect(
            f"{emulator.host}{CONVERSATION_PATH}", additional_headers={"Authorization": "Bearer t"}
        ):
            pass


def test_a_meeting_has_to_be_started_before_anybody_is_heard():
    start = text("speech.event", json.dumps({"id": "meeting", "name": "start"}))
    path = "/speech/recognition/multiaudio"
    with AzureSpeechEmulator(lines=()) as emulator:
        assert answers(emulator, *BEGIN, audio(riff()), path=path)[1] == 1007
        told, code = answers(emulator, *BEGIN, start, audio(riff()), audio(b""), path=path)
    assert (told[-1], code) == ("turn.end", None)


def test_silence_is_not_speech():
    with AzureSpeechEmulator() as emulator:
        told, _ = answers(emulator, *BEGIN, audio(riff()), audio(bytes(32_000 * 5)), audio(b""))
    assert "speech.startdetected" not in told
    assert told.count("speech.phrase") == 2


def test_stopping_leaves_neither_threads_nor_the_port():
    emulator = AzureSpeechEmulator()
    with no_thread_left(), contextlib.ExitStack() as serving:
        serving.enter_context(emulator)
        port = emulator.port
        with connect(f"{emulator.host}{CONVERSATION_PATH}", additional_headers=KEY) as socket:
            serving.close()
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=2)
    with AzureSpeechEmulator(port=port) as again:
        assert again.port == port


def test_frames():
    assert parse(build("turn.end", "r1")).path == "turn.end"
    assert parse(build("speech.phrase", "r1", {"A": 1})).json() == {"A": 1}
    with pytest.raises(BrokenFrame):
        parse(build("turn.end", "r1")).json()


# --- by the bare SDK ---------------------------------------------------------------------------


def noise(seconds, channels=1):
    whole = np.random.default_rng(3).integers(-3000, 3000, round(seconds * 16_000) * channels)
    return whole.astype("<i2").tobytes()


class Session:
    """A conversation transcriber as Microsoft's samples use it; keeps what it tells."""

    def __init__(self, emulator, sound, *, channels=1, path=None, token=None):
        import azure.cognitiveservices.speech as sdk

        address = {"endpoint": f"{emulator.host}{path}"} if path else {"host": emulator.host}
        config = sdk.SpeechConfig(subscription="k", **address)
        config.speech_recognition_language = "en-US"
        config.set_property_by_name("SPEECH-AudioThrottleAsPercentageOfRealTime", "5000")
        stream = sdk.audio.PushAudioInputStream(sdk.audio.AudioStreamFormat(16_000, 16, channels))
        transcriber = sdk.transcription.ConversationTranscriber(
            config, sdk.audio.AudioConfig(stream=stream)
        )
        if token:
            transcriber.authorization_token = token
        self.finals, self.reasons, self.code = [], [], None
        stopped = threading.Event()

        def heard(event):
            told = event.result
            self.reasons.append(told.reason.name)
            if told.text:
                place = told.offset // 10_000, told.duration // 10_000
                self.finals.append((*place, told.speaker_id, told.channel, told.text))

        def canceled(event):
            if event.cancellation_details.reason.name == "Error":
                self.code = event.cancellation_details.code.name

        transcriber.transcribed.connect(heard)
        transcriber.canceled.connect(canceled)
        transcriber.session_stopped.connect(lambda _event: stopped.set())
        transcriber.start_transcribing_async().get()
        stream.write(sound)
        stream.close()
        assert stopped.wait(40)
        transcriber.stop_transcribing_async().get()
        for signal in (
            transcriber.transcribed, transcriber.canceled, transcriber.session_stopped,
        ):  # fmt: skip
            signal.disconnect_all()
        del transcriber, stream


def heard_in(lines):
    return [
        (line.start_ms, line.end_ms - line.start_ms, line.speaker, line.channel, line.text)
        for line in lines
    ]


@pytest.mark.parametrize("channels", [1, 2])
def test_the_sdk_hears_the_script(channels):
    sound = noise(10, channels)
    with AzureSpeechEmulator(lines=LINES) as emulator:
        session = Session(emulator, sound, channels=channels)
        (seen,) = emulator.connections
    assert session.finals == heard_in(LINES)
    assert session.code is None
    assert seen.path == CONVERSATION_PATH
    assert seen.headers["ocp-apim-subscription-key"] == "k"
    assert seen.pcm_bytes == len(sound)


def test_without_a_script_a_call_of_two_fills_the_sound():
    with AzureSpeechEmulator() as emulator:
        session = Session(emulator, noise(30))
    assert len(session.finals) == 8
    assert {speaker for _, _, speaker, *_ in session.finals} == {"Guest-1", "Guest-2"}
    assert session.finals[-1][0] + session.finals[-1][1] == 30_000


def test_an_endpoint_with_a_path_is_taken_as_it_is():
    with AzureSpeechEmulator(lines=LINES) as emulator:
        assert Session(emulator, noise(10), path=f"/stt{CONVERSATION_PATH}").finals
        assert emulator.connections[0].path == f"/stt{CONVERSATION_PATH}"


def test_no_match_is_told_as_such():
    lines = [Line(text="", start_ms=1_000, end_ms=2_000, status="NoMatch"), *LINES[1:]]
    with AzureSpeechEmulator(lines=lines) as emulator:
        session = Session(emulator, noise(10))
    assert session.reasons == ["NoMatch", "RecognizedSpeech", "RecognizedSpeech"]


@pytest.mark.parametrize(
    ("behaviour", "code", "connections"),
    [
        (Behaviour(refuse_with=401), "AuthenticationFailure", 1),
        (Behaviour(refuse_with=403), "AuthenticationFailure", 1),
        (Behaviour(refuse_with=400), "BadRequest", 1),
        (Behaviour(ending=Ending.CLOSE, code=1007), "BadRequest", 1),
    ],
    ids=["401", "403", "400", "1007"],
)
def test_failures_after_which_the_sdk_gives_up(behaviour, code, connections):
    with AzureSpeechEmulator(behaviour, lines=LINES) as emulator:
        session = Session(emulator, noise(10))
        assert (session.code, len(emulator.connections)) == (code, connections)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (Behaviour(refuse_with=503), "ServiceUnavailable"),
        (Behaviour(ending=Ending.PHRASE, status="TooManyRequests"), "TooManyRequests"),
    ],
    ids=["handshake", "phrase"],
)
def test_failures_after_which_the_sdk_tries_some_times_more(behaviour, code):
    with AzureSpeechEmulator(behaviour, lines=LINES) as emulator:
        session = Session(emulator, noise(10))
        assert session.code == code
        # The SDK doesn't always count the first phrase, which comes by a good connection.
        assert len(emulator.connections) in {5, 6}


# About once in a hundred times the SDK makes the second connection, sends nothing by it, and says
# that all is well.
SDK_TRIES = 3


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(ending=Ending.DROP, at_ms=5_500),
        Behaviour(ending=Ending.CLOSE, at_ms=5_500, code=1011),
        Behaviour(ending=Ending.CLOSE, at_ms=5_500, code=1013),
    ],
    ids=["drop", "1011", "1013"],
)
@pytest.mark.parametrize("sound_known", [False, True])
def test_after_a_break_the_sdk_sends_again_what_was_not_told(behaviour, sound_known):
    sound = noise(10)
    known = sound if sound_known else None
    for _ in range(SDK_TRIES):
        with AzureSpeechEmulator(behaviour, Behaviour(), lines=LINES, sound=known) as emulator:
            session = Session(emulator, sound)
            assert len(emulator.connections) == 2
        if session.finals == heard_in(LINES):
            return
    raise AssertionError(session.finals)
