"""AssemblyAI's gateway as a language model: our client and its SDK against the same emulator."""

from typing import Any

import assemblyai as aai
import pytest
from assemblyai.llm_gateway.v1 import LLMGatewayError

from app.settings import Settings
from emulators.assemblyai.gateway import AssemblyAIGatewayEmulator
from emulators.language_model import Behaviour
from services.domain import errors
from services.understanding.language_model import LanguageModel, Message, ModelAccess
from services.understanding.model_address import read_address

KEY = "aai-secret-4711"
CALL = (Message(role="user", text="L1 customer: My bill is far too high."),)


def settings_for(gateway: AssemblyAIGatewayEmulator, **given: str) -> Settings:
    return Settings.model_validate(
        {
            "llm_base_url": "assemblyai",
            "llm_model": "emulated-1",
            "assemblyai_api_key": KEY,
            "assemblyai_llm_gateway": gateway.host,
            **given,
        }
    )


def model_of(settings: Settings) -> LanguageModel:
    assert settings.language_model is not None
    return LanguageModel(ModelAccess(**settings.language_model))


def test_one_word_and_the_key_for_calls_are_enough() -> None:
    with AssemblyAIGatewayEmulator(key=KEY) as gateway:
        settings = settings_for(gateway, llm_api_key="a-key-for-another-server")
        reply = model_of(settings).ask(CALL)
    assert reply.text == "They said: My bill is far too high."
    assert reply.expense.tokens_in
    assert reply.expense.tokens_out
    (seen,) = gateway.requests
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == KEY
    assert seen.body["max_tokens"] == 4_000
    assert "a-key-for-another-server" not in str(seen.headers)


def test_other_servers_are_told_no_limit_and_get_no_bare_key() -> None:
    with AssemblyAIGatewayEmulator(key=KEY) as gateway:
        model = LanguageModel(
            ModelAccess(base_url=gateway.address, model="emulated-1", key=KEY, timeout_s=5)
        )
        with pytest.raises(errors.LanguageModelRefusedKey):
            model.ask(CALL)
    (seen,) = gateway.requests
    assert "max_tokens" not in seen.body


def test_the_gateways_failures_are_those_of_any_language_model() -> None:
    with (
        AssemblyAIGatewayEmulator(Behaviour.WRONG_KEY, key=KEY) as gateway,
        pytest.raises(errors.LanguageModelRefusedKey),
    ):
        model_of(settings_for(gateway)).ask(CALL)
    assert len(gateway.requests) == 1


def test_without_the_key_the_missing_variable_is_named() -> None:
    with pytest.raises(errors.LanguageModelNotConfigured, match="ASSEMBLYAI_API_KEY"):
        read_address("https://gateway.example", "m", None, is_gateway=True)


def test_the_key_for_calls_is_told_to_no_gateway_that_others_could_listen_to() -> None:
    setting = "ASSEMBLYAI_LLM_GATEWAY_BASE_URL"
    with pytest.raises(errors.LanguageModelNotConfigured, match=setting):
        read_address("http://gateway.example", "m", KEY, is_gateway=True)
    with pytest.raises(errors.LanguageModelNotConfigured, match="ASSEMBLYAI_API_KEY"):
        read_address("https://gateway.example", "m", "käy", is_gateway=True)


def test_the_services_own_gateway_is_asked_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSEMBLYAI_LLM_GATEWAY_BASE_URL", raising=False)
    settings = Settings.model_validate(
        {"llm_base_url": " AssemblyAI ", "llm_model": "m", "assemblyai_api_key": KEY}
    )
    access = ModelAccess(**(settings.language_model or {}))
    address = read_address(access.base_url, access.model, access.key, is_gateway=access.is_gateway)
    assert address.url == "https://llm-gateway.assemblyai.com/v1/chat/completions"
    assert address.headers == {"Authorization": KEY}
    assert not address.is_on_this_machine
    assert KEY not in repr(settings) + repr(access) + repr(address)


@pytest.mark.filterwarnings("ignore:The `(copy|parse_obj)` method is deprecated")
def test_the_emulator_is_strict_enough_for_the_services_own_sdk() -> None:
    with AssemblyAIGatewayEmulator(key=KEY) as gateway:
        answer = asked_by_the_sdk(gateway, KEY)
        with pytest.raises(LLMGatewayError):
            asked_by_the_sdk(gateway, f"Bearer {KEY}")
    assert answer.choices[0].index == 0
    assert answer.choices[0].message.content == "They said: My bill is far too high."
    assert answer.usage.prompt_tokens == answer.usage.input_tokens


def asked_by_the_sdk(gateway: AssemblyAIGatewayEmulator, key: str) -> Any:
    client = aai.Client(settings=aai.Settings(api_key=key, llm_gateway_base_url=gateway.host))
    try:
        return aai.LLMGateway(client=client).chat.completions.create(
            model="emulated-1", messages=[{"role": "user", "content": CALL[0].text}]
        )
    finally:
        client.http_client.close()
