"""Whether a run's choice of providers and of their options can be carried out."""

from services.domain.errors import InvalidRequest


def read_provider_options(given: list[str]) -> tuple[tuple[str, str], ...]:
    """Return names and values of texts such as ``model=best``. Raises InvalidRequest."""
    pairs = [(name.strip(), value.strip()) for name, _, value in (g.partition("=") for g in given)]
    if not all(name and "=" in text for (name, _), text in zip(pairs, given, strict=True)):
        raise InvalidRequest("An option is given as NAME=VALUE.")
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidRequest("An option is given twice.")
    return tuple(pairs)
