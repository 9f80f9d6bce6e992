"""How the transcripts are named that came into being while a call was held."""

_LIVE = " live"


def captions_by(provider: str) -> str:
    """Return what is named as the provider of the captions that ``provider`` made."""
    return provider if is_captions(provider) else f"{provider}{_LIVE}"


def is_captions(provider: str) -> bool:
    """Say whether a transcript of this provider are the captions of a live call."""
    return provider.endswith(_LIVE)


def captions_maker(provider: str) -> str:
    """Return who made the captions; any other provider's name as it is."""
    return provider.removesuffix(_LIVE)
