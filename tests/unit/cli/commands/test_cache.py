from pathlib import Path

import pytest

pytest.importorskip("typer")

from ganaug.cli.commands import cache


@pytest.fixture
def kept(ok, data, tmp_path):
    ok("synth", "--data", data / "orders.csv", "-n", 2, "--max-steps", "3", "--quiet")
    (model,) = (tmp_path / "cache" / "models").iterdir()
    return model


def test_list(ok, kept):
    out, _ = ok("cache", "list")
    assert str(kept) in out
    assert "MB" in out
    listed, _ = ok("cache", "list", "--json")
    assert listed["models"] == [str(kept)]


def test_kept_model_is_a_checkpoint_like_any_other(ok, kept):
    assert "classes: no (30), yes (10)" in ok("info", kept)[0]


def test_clear(ok, kept, tmp_path):
    size = kept.stat().st_size
    bystander = tmp_path / "cache" / "other.txt"
    bystander.touch()
    cleared, _ = ok("cache", "clear", "--json")
    assert (cleared["deleted"], cleared["bytes"]) == (1, size)
    assert not kept.exists()
    assert bystander.exists()
    assert "No models in" in ok("cache", "list")[0]
    assert "Deleted 0 models" in ok("cache", "clear")[0]


def test_bare_command_is_answered_with_an_error(fails):
    fails(2, "cache", says="Missing command")


def test_folder_is_the_users_unless_named(monkeypatch):
    assert cache.folder() != Path("here")
    monkeypatch.setenv("GANAUG_CACHE_DIR", "here")
    assert cache.folder() == Path("here")
    monkeypatch.setenv("GANAUG_CACHE_DIR", "")
    assert cache.folder().is_absolute()
    assert cache.folder().name == "ganaug"
