"""The client of language models against the emulated server: every way in which one can fail."""

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import BaseModel, ConfigDict

from emulators.language_model import Behaviour, LanguageModelEmulator
from services.domain import errors
from services.understanding import model_transport
from services.understanding.language_model import (
    AnswerFormat,
    LanguageModel,
    Message,
    ModelAccess,
)
from services.understanding.model_address import read_address
from services.understanding.model_replies import read_completion, read_shape

KEY = "sk-secret-4711"
CALL = (
    Message(role="system", text="Tell what was said."),
    Message(
        role="user", text="L1 customer: My bill is far too high.\nL2 agent: I will look at it."
    ),
)


class Said(BaseModel):
    """One thing that was said."""

    model_config = ConfigDict(extra="forbid")
    lines: list[int]
    quote: str


class Answer(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid")
    reason: Said | None
    others: list[Said]


@pytest.fixture
def quick(monkeypatch):
    """Pauses between attempts are short."""
    monkeypatch.setattr(model_transport, "FIRST_PAUSE_S", 0.01)


def model_on(emulator: LanguageModelEmulator, timeout_s: float = 5.0, **access) -> LanguageModel:
    given = {"base_url": emulator.address, "model": "emulated-1", "key": KEY, **access}
    return LanguageModel(ModelAccess(timeout_s=timeout_s, **given))


def test_a_good_answer_has_the_shape_and_its_price():
    with LanguageModelEmulator() as emulator:
        model = model_on(emulator, price_in=2.0, price_out=10.0)
        shaped = model.ask_for(Answer, CALL)
    assert shaped.value.reason == Said(lines=[1], quote="My bill is far too high.")
    spent = shaped.expense
    assert spent.tokens_in
    assert spent.tokens_out
    assert spent.cost == pytest.approx((spent.tokens_in * 2 + spent.tokens_out * 10) / 1e6)
    assert 0 <= spent.took_ms < 5_000
    (seen,) = emulator.requests
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.body["model"] == "emulated-1"
    assert seen.body["response_format"]["json_schema"]["strict"] is True


def test_without_prices_there_is_no_cost():
    with LanguageModelEmulator() as emulator:
        spent = model_on(emulator).ask_for(Answer, CALL).expense
    assert spent.tokens_in
    assert spent.cost is None


def test_free_text():
    with LanguageModelEmulator() as emulator:
        assert "My bill is far too high." in model_on(emulator).ask(CALL).text


def test_json_in_a_fence_is_found():
    with LanguageModelEmulator(Behaviour.FENCED) as emulator:
        assert model_on(emulator).ask_for(Answer, CALL).value.reason is not None


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Behaviour.BROKEN_JSON, errors.LanguageModelAnswerUnusable),
        (Behaviour.WRONG_SHAPE, errors.LanguageModelAnswerUnusable),
        (Behaviour.OBEYS_THE_CALL, errors.LanguageModelAnswerUnusable),
        (Behaviour.NO_CHOICES, errors.LanguageModelAnswerUnusable),
        (Behaviour.CUT_OFF, errors.LanguageModelAnswerUnusable),
        (Behaviour.HUGE, errors.LanguageModelAnswerUnusable),
        (Behaviour.REFUSAL, errors.LanguageModelDeclined),
        (Behaviour.FILTERED, errors.LanguageModelDeclined),
        (Behaviour.WRONG_KEY, errors.LanguageModelRefusedKey),
        (Behaviour.REDIRECT, errors.LanguageModelRejected),
        (Behaviour.BUSY_FOR_AN_HOUR, errors.LanguageModelBusy),
    ],
)
def test_what_no_retry_can_help_is_asked_once(behaviour, error):
    with LanguageModelEmulator(behaviour) as emulator:
        with pytest.raises(error):
            model_on(emulator).ask_for(Answer, CALL)
        assert len(emulator.requests) == 1


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Behaviour.BUSY, errors.LanguageModelBusy),
        (Behaviour.FAULT, errors.LanguageModelUnavailable),
        (Behaviour.DROPPED, errors.LanguageModelUnavailable),
    ],
)
def test_what_may_pass_is_asked_again(quick, behaviour, error):
    with LanguageModelEmulator(behaviour) as emulator:
        with pytest.raises(error):
            model_on(emulator).ask_for(Answer, CALL)
        assert len(emulator.requests) == model_transport.MOST_ATTEMPTS
    with LanguageModelEmulator(behaviour, Behaviour.GOOD) as emulator:
        assert model_on(emulator).ask_for(Answer, CALL).value.reason is not None
        assert len(emulator.requests) == 2


def test_a_busy_server_is_given_the_time_it_asks_for():
    with LanguageModelEmulator(Behaviour.BUSY_FOR_A_WHILE, Behaviour.GOOD, wait_s=0.3) as emulator:
        model_on(emulator).ask_for(Answer, CALL)
        first, second = emulator.requests
    assert 0.3 <= second.arrived_s - first.arrived_s < 2.0


@pytest.mark.parametrize("behaviour", [Behaviour.SLOW, Behaviour.TRICKLING])
def test_the_time_is_kept_whatever_the_server_does(behaviour):
    with LanguageModelEmulator(behaviour) as emulator:
        began = time.monotonic()
        with pytest.raises(errors.LanguageModelTimeout):
            model_on(emulator, timeout_s=0.4).ask_for(Answer, CALL)
        assert 0.3 < time.monotonic() - began < 2.0


def test_the_time_is_for_all_attempts_together(quick, monkeypatch):
    monkeypatch.setattr(model_transport, "FIRST_PAUSE_S", 0.25)
    with LanguageModelEmulator(Behaviour.FAULT) as emulator:
        began = time.monotonic()
        with pytest.raises(errors.LanguageModelUnavailable):
            model_on(emulator, timeout_s=0.6).ask_for(Answer, CALL)
        assert time.monotonic() - began < 1.5
        assert len(emulator.requests) == 2


def test_cancelling_ends_the_wait():
    with LanguageModelEmulator(Behaviour.SLOW) as emulator:
        wanted = threading.Event()
        threading.Timer(0.3, wanted.set).start()
        began = time.monotonic()
        with pytest.raises(errors.Cancelled):
            model_on(emulator, timeout_s=30).ask_for(Answer, CALL, is_cancelled=wanted.is_set)
        assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    ("behaviour", "formats"),
    [
        (Behaviour.NO_SCHEMAS, [AnswerFormat.SCHEMA, AnswerFormat.OBJECT]),
        (Behaviour.NO_FORMATS, [AnswerFormat.SCHEMA, AnswerFormat.OBJECT, None]),
    ],
)
def test_a_server_that_knows_no_schemas_is_asked_in_words_and_remembered(behaviour, formats):
    with LanguageModelEmulator(behaviour) as emulator:
        model = model_on(emulator)
        assert model.ask_for(Answer, CALL).value.reason is not None
        assert model.ask_for(Answer, CALL).value.reason is not None
        asked = [(r.body.get("response_format") or {}).get("type") for r in emulator.requests]
    assert asked == [*formats, formats[-1]]


def test_nobody_listening():
    with LanguageModelEmulator() as emulator:
        gone = emulator.address
    model = LanguageModel(ModelAccess(base_url=gone, model="m", timeout_s=0.3))
    with pytest.raises(errors.LanguageModelUnavailable):
        model.ask(CALL)


def test_a_redirect_is_not_followed():
    with LanguageModelEmulator() as other:
        with (
            LanguageModelEmulator(
                Behaviour.REDIRECT, elsewhere=f"{other.address}/chat/completions"
            ) as emulator,
            pytest.raises(errors.LanguageModelRejected, match="not followed"),
        ):
            model_on(emulator).ask(CALL)
        assert other.requests == []


def test_neither_key_nor_words_get_into_logs_errors_or_repr(caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    for behaviour in (Behaviour.WRONG_KEY, Behaviour.BROKEN_JSON, Behaviour.GOOD):
        with LanguageModelEmulator(behaviour, key="another") as emulator:
            access = ModelAccess(base_url=emulator.address, model="m", key=KEY, timeout_s=5)
            model = LanguageModel(access)
            told += [repr(access), repr(model), repr(vars(model))]
            with pytest.raises(errors.LanguageModelRefusedKey) as caught:
                model.ask_for(Answer, CALL)
            told += [str(caught.value), repr(caught.value.__context__), caught.value.user_message]
    told += [f"{r.getMessage()} {vars(r)}" for r in caplog.records if r.name != "asyncio"]
    everything = "\n".join(told)
    assert KEY not in everything
    assert "bill" not in everything
    assert "Incorrect API key" not in everything


AZURE = "https://example.openai.azure.com"


@pytest.mark.parametrize(
    ("base", "url", "header"),
    [
        ("http://127.0.0.1:1", "http://127.0.0.1:1/v1/chat/completions", "Authorization"),
        ("http://127.0.0.1:1/v1/", "http://127.0.0.1:1/v1/chat/completions", "Authorization"),
        (
            "https://llm.example.com/a/v1/chat/completions",
            "https://llm.example.com/a/v1/chat/completions",
            "Authorization",
        ),
        ("https://llm.example.com/a", "https://llm.example.com/a/v1/chat/completions",
         "Authorization"),
        (
            f"{AZURE}/openai/deployments/small?api-version=2024-10-21",
            f"{AZURE}/openai/deployments/small/chat/completions?api-version=2024-10-21",
            "api-key",
        ),
        (f"{AZURE}/openai/v1", f"{AZURE}/openai/v1/chat/completions", "api-key"),
        (f"{AZURE}/openai", f"{AZURE}/openai/v1/chat/completions", "api-key"),
    ],
)  # fmt: skip
def test_addresses(base, url, header):
    address = read_address(base, "m", KEY)
    assert address.url == url
    assert list(address.headers) == [header]
    assert KEY not in repr(address)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("localhost", True),
        ("[::1]", True),
        ("127.0.0.1.example.com", False),
        ("127.example.com", False),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
    ],
)
def test_only_this_machine_counts_as_this_machine(host, here):
    assert read_address(f"http://{host}:1/v1", "m", None).is_on_this_machine is here


def test_a_deployment_names_its_model():
    assert read_address(f"{AZURE}/openai/deployments/small", None, None).model == "small"


@pytest.mark.parametrize(
    ("base", "model", "key", "what"),
    [
        ("ftp://llm.example.com", "m", None, "http"),
        ("file:///etc/passwd", "m", None, "http"),
        ("llm.example.com", "m", None, "http"),
        ("http://", "m", None, "http"),
        ("http://llm.example.com:port/", "m", None, "not an address"),
        ("https://me:secret@llm.example.com", "m", None, "LLM_API_KEY"),
        ("https://llm.example.com", None, None, "LLM_MODEL"),
        ("https://llm.example.com", "m", "sk\nX-Other: 1", "LLM_API_KEY"),
    ],
)
def test_addresses_that_cannot_be_used(base, model, key, what):
    with pytest.raises(errors.LanguageModelNotConfigured, match=what) as caught:
        read_address(base, model, key)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"choices": [{}]}', b'{"choices": [null]}', b"[" * 100_000, b"\xff",
     b'{"choices": [{"message": {"content": ""}}]}'],
)  # fmt: skip
def test_bodies_that_are_no_answer(body):
    with pytest.raises(errors.LanguageModelAnswerUnusable):
        read_completion(body)


def test_content_in_parts_and_odd_counts():
    read = read_completion(
        b'{"choices": [{"message": {"content": [{"type": "text", "text": "Hi"}]}}],'
        b' "usage": {"prompt_tokens": -3, "completion_tokens": "many"}}'
    )
    assert (read.text, read.tokens_in, read.tokens_out) == ("Hi", None, None)


def test_json_behind_what_was_thought_aloud():
    text = '<think>Maybe {this}?</think> {"reason": null, "others": []} So much for that {.'
    assert read_shape(text, Answer) == Answer(reason=None, others=[])


def test_it_can_be_asked_where_a_loop_is_running_already():
    async def ask() -> str:
        with LanguageModelEmulator(Behaviour.GOOD) as emulator:
            return model_on(emulator).ask(CALL).text

    # In a thread of its own: browser tests leave their loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(ask())).result()
