"""Where Azure is asked, and what settings can't be meant."""

import pytest

from services.domain.errors import ProviderNotConfigured
from services.providers.azure_speech.access import AzureAccess
from services.providers.azure_speech.addresses import (
    endpoint_of,
    key_of,
    signature_endpoint_of,
)
from services.providers.azure_speech.http_errors import wait_s
from services.providers.azure_speech.locales import LANGUAGES, language_of, locale_of


def test_a_region_has_addresses():
    access = AzureAccess(key="k", region="West Europe")
    assert endpoint_of(access) == "https://westeurope.api.cognitive.microsoft.com"
    signing = "https://signature.westeurope.cts.speech.microsoft.com"
    assert signature_endpoint_of(access) == signing


def test_an_endpoint_goes_before_the_region():
    access = AzureAccess(key="k", region="eastus", endpoint=" https://me.example.com/ ")
    assert endpoint_of(access) == signature_endpoint_of(access) == "https://me.example.com"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://me.example.com",
        "http://127.0.0.1.example.com",
        "ws://127.0.0.1:1",
        "me.example.com",
        "https://key@me.example.com",
        "https://me.example.com?key=1",
        "https://[",
        "https://me.example.com:port",
    ],
)
def test_an_endpoint_that_is_not_safe_to_ask_is_refused(endpoint):
    with pytest.raises(ProviderNotConfigured, match="AZURE_SPEECH_ENDPOINT"):
        endpoint_of(AzureAccess(key="k", endpoint=endpoint))


@pytest.mark.parametrize("region", [None, "", "me.example.com/", "a" * 60])
def test_a_region_that_is_none_is_refused(region):
    with pytest.raises(ProviderNotConfigured, match="AZURE_SPEECH_REGION"):
        endpoint_of(AzureAccess(key="k", region=region, host="ws://127.0.0.1:1"))


@pytest.mark.parametrize("key", [None, "", "kéy", "key\n", " key", "key\nX-Other: 1"])
def test_a_key_that_can_not_be_sent_is_refused(key):
    with pytest.raises(ProviderNotConfigured, match="AZURE_SPEECH_KEY"):
        key_of(AzureAccess(key=key, region="eastus"))


def test_languages_and_locales_go_both_ways():
    assert all(language_of(locale_of(code)) == code for code in LANGUAGES)
    assert locale_of("en_gb") == "en-GB"
    assert locale_of("zh-Hans-CN") == "zh-Hans-CN"
    assert locale_of("EN") == "en-US"
    assert locale_of("xx") == "xx"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("2", 2),
        (" 0.5 ", 0.5),
        ("60", 60),
        ("61", 0),
        ("-1", 0),
        ("soon", 0),
        ("Thu, 26 Nov 2026 23:00:00 GMT", 0),
    ],
)
def test_how_long_the_service_asks_to_wait(header, seconds):
    assert wait_s(header) == seconds
