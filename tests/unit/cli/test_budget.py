import pytest

pytest.importorskip("typer")
import typer

from ganaug.cli.options import training_flags


class Context:
    def __init__(self, **given):
        from ganaug.cli.options import _TRAINING_OPTIONS

        self.params = dict.fromkeys([*_TRAINING_OPTIONS, "budget"]) | given


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("2m", 120), ("0.5h", 1800)])
def test_a_budget_is_a_time(text, seconds):
    assert training_flags(Context(budget=text)) == {"max_seconds": seconds}


@pytest.mark.parametrize("text", ["30", "s", "0s", "-1m", "2 m", "1d"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(typer.BadParameter, match="30s, 2m or 1h"):
        training_flags(Context(budget=text))


def test_two_limits_are_refused():
    with pytest.raises(typer.BadParameter, match="give one"):
        training_flags(Context(budget="30s", max_seconds=3.0, quality="draft"))
