"""The theme keeps its contrast; the pages stay private and quiet."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _config() -> dict[str, dict]:
    return tomllib.loads(read(".streamlit/config.toml"))


def test_pages_are_private_and_quiet():
    config = _config()
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["enableAgentApi"] is False
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["client"]["disableDataExport"] is True
    assert config["runner"]["postScriptGC"] is False


def test_every_option_is_one_streamlit_knows():
    from streamlit.config import get_config_options

    known = get_config_options()

    def names(table: dict, prefix: str) -> Iterator[str]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from names(value, f"{prefix}{key}.")
            else:
                yield f"{prefix}{key}"

    assert set(names(_config(), "")) <= set(known)


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21, WCAG 2.2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_buttons_keep_their_contrast(theme: str):
    colours = _config()["theme"][theme]
    backgrounds = [
        table[name]
        for table in (colours, colours["sidebar"])
        for name in ("backgroundColor", "secondaryBackgroundColor")
    ]
    assert contrast("#ffffff", colours["primaryColor"]) >= 4.5
    for background in backgrounds:
        assert contrast(colours["textColor"], background) >= 7
        assert contrast(colours["linkColor"], background) >= 4.5
        # controls, focus rings and bars of charts: 3 : 1
        assert contrast(colours["primaryColor"], background) >= 3
        for series in colours["chartCategoricalColors"]:
            assert contrast(series, background) >= 3


def test_secrets_example_reveals_and_sets_nothing():
    assert tomllib.loads(read(".streamlit/secrets.toml.example")) == {}
    for name in ("AZURE_SPEECH_KEY", "ASSEMBLYAI_API_KEY", "PARTYLINE_KEY", "LLM_API_KEY"):
        assert re.search(rf"(?m)^# {name} = \"\"$", read(".streamlit/secrets.toml.example"))
