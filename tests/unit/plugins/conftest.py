"""Plugins are tried from their source folders, as if they were installed."""

import importlib
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest

from ganaug.core.registry import register, unregister

PLUGINS = Path(__file__).parents[3] / "plugins"


@pytest.fixture
def plugged_in(monkeypatch):
    """Return a context manager in which the parts of a plugin are registered."""

    @contextmanager
    def plug_in(name):
        monkeypatch.syspath_prepend(PLUGINS / name)
        declared = tomllib.loads((PLUGINS / name / "pyproject.toml").read_text())["project"]["entry-points"]
        parts = [
            (group.removeprefix("ganaug."), part, value)
            for group, entries in declared.items()
            for part, value in entries.items()
        ]
        for group, part, value in parts:
            module, _, attribute = value.partition(":")
            register(group, part, getattr(importlib.import_module(module), attribute))
        try:
            yield parts
        finally:
            for group, part, _ in parts:
                unregister(group, part)

    return plug_in
