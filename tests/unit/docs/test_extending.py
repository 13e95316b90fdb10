"""Every example of docs/extending.md runs, is short, and stands alone."""

import re
from pathlib import Path

import pytest

from ganaug.core import registry

PAGE = (Path(__file__).parents[3] / "docs" / "extending.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## (.+?)\n.*?```python\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def nothing_stays_registered(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})


def test_the_page_shows_what_it_promises():
    assert [title for title, _ in EXAMPLES] == [
        "An objective",
        "A network for images",
        "A kind of data",
        "A translator",
        "A metric",
    ]


@pytest.mark.parametrize(("title", "code"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_an_example_runs_and_is_short(title, code):
    assert sum(1 for line in code.splitlines() if line.strip()) <= 40
    exec(compile(code, title, "exec"), {"__name__": "example"})
