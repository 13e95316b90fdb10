import runpy
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "digits.py"


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["digits.py", "--steps", "3", "--out", str(tmp_path / "grid.png")])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    said = capsys.readouterr().out
    assert "held-out translated threes eights" in said and "grey levels on average becomes" in said
    assert (tmp_path / "grid.png").stat().st_size > 1_000


def test_docstrings_run():
    import doctest
    from importlib import import_module

    tried = 0
    for name in ("training", "degrade", "tiles"):
        module = import_module(f"ganaug_translate.{name}")
        found = doctest.testmod(module)
        assert found.failed == 0, name
        tried += found.attempted
    assert tried >= 8
