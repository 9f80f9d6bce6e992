"""The names of captions beside those of their makers."""

from services.domain.captions import captions_by, captions_maker, is_captions


def test_captions_are_told_from_what_their_maker_makes_of_recordings() -> None:
    assert captions_by("azure") == captions_by(captions_by("azure")) == "azure live"
    assert is_captions("azure live")
    assert not is_captions("azure")
    assert captions_maker("azure live") == captions_maker("azure") == "azure"
