"""Pages run by AppTest on staged services."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import session
from tests.pages.staging import Staged, stage

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Staged:
    """Services with an empty database, handed to every page."""
    services = stage(tmp_path)
    monkeypatch.setattr(session, "services", lambda: services)
    return services


@pytest.fixture
def open_page(staged: Staged) -> Callable[..., AppTest]:
    """Open a page by its file's name and return the finished first run."""

    def open_it(name: str = "transcribe", **state: object) -> AppTest:
        page = AppTest.from_file(str(MAIN), default_timeout=20)
        for key, value in state.items():
            page.session_state[key] = value
        page.run()
        if name != "transcribe":
            page.switch_page(f"../pages/{name}.py").run()
        assert not page.exception, page.exception
        return page

    return open_it


def texts(page: AppTest) -> str:
    """All that stands on the page as text, for looking things up in it."""
    kinds = ("title", "header", "markdown", "caption", "warning", "error")
    return "\n".join(str(e.value) for kind in kinds for e in getattr(page, kind))


def as_read(page: AppTest) -> str:
    """The same as people read it: what is escaped stands there as what it is."""
    return re.sub(r"\\(?=[^\w\s])", "", texts(page))


def press(page: AppTest, label: str) -> AppTest:
    """Press the button of this label."""
    next(b for b in page.button if b.label == label).click()
    page.run()
    assert not page.exception, page.exception
    return page


def choose(page: AppTest, label: str) -> AppTest:
    """Choose the entry of this label from the menu that has it."""
    menu, at = next((m, n) for m in page.menu_button for n, o in enumerate(m.options) if label in o)
    menu.click_index(at)
    page.run()
    assert not page.exception, page.exception
    return page
