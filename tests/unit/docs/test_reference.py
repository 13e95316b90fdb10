"""The API reference has every public name and seam, each with an example, which the doctests run."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import ganaug

PAGE = (Path(__file__).parents[3] / "docs" / "api" / "index.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"^   ([A-Za-z_][\w.]*)$", PAGE, re.MULTILINE)
SHOWN = PAGE[: PAGE.index("## Hugging Face hub")]


def found(entry):
    module, _, name = entry.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_every_public_name_is_on_the_page():
    assert set(ganaug.__all__) - {"__version__"} <= {entry.removeprefix("ganaug.") for entry in ENTRIES}
    assert len(ENTRIES) == len(set(ENTRIES))


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_exists_and_says_what_it_is(entry):
    assert inspect.getdoc(found(entry))


@pytest.mark.parametrize("entry", re.findall(r"^   ([A-Za-z_][\w.]*)$", SHOWN, re.MULTILINE))
def test_a_public_name_and_a_seam_have_an_example(entry):
    assert (
        ">>>" in inspect.getdoc(found(entry)) or entry == "ganaug.data.kind.Kind"
    )  # docs/extending.md has a whole one


@pytest.mark.parametrize("group", ["objectives", "sources", "metrics", "readers", "writers"])
def test_every_built_in_part_is_on_the_page(group):
    from importlib.metadata import entry_points

    for point in entry_points(group=f"ganaug.{group}"):
        if point.module.startswith("ganaug."):
            part = point.load()
            assert any(found(entry) is part for entry in ENTRIES), point.name
