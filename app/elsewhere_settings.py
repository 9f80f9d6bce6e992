"""What can be set about services elsewhere; app/settings.py reads it."""

from typing import Annotated, Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from services.domain.limits import ProviderLimits

ASSEMBLYAI = "assemblyai"


class ElsewhereSettings(BaseSettings):
    """Keys, addresses, limits and prices of speech providers, telephony and language models."""

    azure_speech_key: Annotated[SecretStr | None, Field(validation_alias="AZURE_SPEECH_KEY")] = None
    azure_speech_region: Annotated[str | None, Field(validation_alias="AZURE_SPEECH_REGION")] = None
    azure_speech_host: Annotated[str | None, Field(validation_alias="AZURE_SPEECH_HOST")] = None
    azure_speech_endpoint: Annotated[
        str | None, Field(validation_alias="AZURE_SPEECH_ENDPOINT")
    ] = None
    assemblyai_api_key: Annotated[
        SecretStr | None, Field(validation_alias="ASSEMBLYAI_API_KEY")
    ] = None
    assemblyai_base_url: Annotated[str | None, Field(validation_alias="ASSEMBLYAI_BASE_URL")] = None

    assemblyai_streaming_host: Annotated[
        str | None, Field(validation_alias="ASSEMBLYAI_STREAMING_HOST")
    ] = None
    assemblyai_llm_gateway: Annotated[
        str, Field(validation_alias="ASSEMBLYAI_LLM_GATEWAY_BASE_URL")
    ] = "https://llm-gateway.assemblyai.com"
    azure_at_once: Annotated[int, Field(validation_alias="PARTYLINE_AZURE_AT_ONCE", ge=1)] = 8
    azure_per_minute: Annotated[
        int | None, Field(validation_alias="PARTYLINE_AZURE_PER_MINUTE", ge=1)
    ] = None
    azure_cost_per_hour: Annotated[
        float | None, Field(validation_alias="PARTYLINE_AZURE_COST_PER_HOUR", ge=0)
    ] = None
    assemblyai_at_once: Annotated[
        int, Field(validation_alias="PARTYLINE_ASSEMBLYAI_AT_ONCE", ge=1)
    ] = 8
    assemblyai_per_minute: Annotated[
        int | None, Field(validation_alias="PARTYLINE_ASSEMBLYAI_PER_MINUTE", ge=1)
    ] = None
    assemblyai_cost_per_hour: Annotated[
        float | None, Field(validation_alias="PARTYLINE_ASSEMBLYAI_COST_PER_HOUR", ge=0)
    ] = None

    currency: Annotated[str, Field(validation_alias="PARTYLINE_CURRENCY", max_length=8)] = ""

    llm_base_url: Annotated[str | None, Field(validation_alias="LLM_BASE_URL")] = None
    llm_api_key: Annotated[SecretStr | None, Field(validation_alias="LLM_API_KEY")] = None
    llm_model: Annotated[str | None, Field(validation_alias="LLM_MODEL")] = None
    llm_timeout_s: Annotated[float, Field(validation_alias="PARTYLINE_LLM_TIMEOUT_S", gt=0)] = 30.0
    llm_price_in: Annotated[
        float | None, Field(validation_alias="PARTYLINE_LLM_PRICE_IN", ge=0)
    ] = None
    llm_price_out: Annotated[
        float | None, Field(validation_alias="PARTYLINE_LLM_PRICE_OUT", ge=0)
    ] = None
    llm_context_chars: Annotated[
        int, Field(validation_alias="PARTYLINE_LLM_CONTEXT_CHARS", ge=1_000)
    ] = 24_000

    @property
    def limits_elsewhere(self) -> dict[str, ProviderLimits]:
        """The limits of the providers elsewhere, which hold for all workers together."""
        return {
            "azure": ProviderLimits(at_once=self.azure_at_once, per_minute=self.azure_per_minute),
            "assemblyai": ProviderLimits(
                at_once=self.assemblyai_at_once, per_minute=self.assemblyai_per_minute
            ),
        }

    @property
    def language_model(self) -> dict[str, Any] | None:
        """What is set about the language model, by the names of its client; None without one."""
        if not self.llm_base_url:
            return None
        by_gateway = self.llm_base_url.strip().casefold() == ASSEMBLYAI
        key = self.assemblyai_api_key if by_gateway else self.llm_api_key
        return {
            "base_url": self.assemblyai_llm_gateway if by_gateway else self.llm_base_url,
            "is_gateway": by_gateway,
            "model": self.llm_model or None,
            "key": key.get_secret_value() if key else None,
            "timeout_s": self.llm_timeout_s,
            "price_in": self.llm_price_in,
            "price_out": self.llm_price_out,
            "context_chars": self.llm_context_chars,
        }
