"""The files a browser piece consists of, kept beside its Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Assets:
    """Page fragment, style sheet and script of a browser piece, as text."""

    html: str
    css: str
    js: str


def read_assets(folder: Path, scripts: Sequence[str]) -> Assets:
    """Read ``view.html``, ``view.css`` and the scripts in this order as one module.

    A component travels to the browser as a single script, so the parts share one scope and only
    the last one exports. Every part must end its statements.
    """
    return Assets(
        html=(folder / "view.html").read_text(encoding="utf-8"),
        css=(folder / "view.css").read_text(encoding="utf-8"),
        js="\n".join((folder / name).read_text(encoding="utf-8") for name in scripts),
    )
