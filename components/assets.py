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


def read_assets(folder: Path, scripts: Sequence[str], styles: Sequence[str]) -> Assets:
    """Read ``view.html``, the style sheets and the scripts, each in this order as one.

    A component travels to the browser as a single script, so the parts share one scope and only
    the last one exports. Every part must end its statements.
    """
    return Assets(
        html=(folder / "view.html").read_text(encoding="utf-8"),
        css=_joined(folder, styles),
        js=_joined(folder, scripts),
    )


def _joined(folder: Path, names: Sequence[str]) -> str:
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
