import numpy as np
import pytest

pytest.importorskip("typer")
import ganaug
from ganaug.cli.verdict import judge_training, judging, verdict_line
from ganaug.core.errors import Interrupted


def test_a_model_is_judged_against_what_it_learnt_in_one_line():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(160, 3)), np.repeat([0, 1], [100, 60])
    gan = ganaug.train(X, y, max_steps=3, random_state=0)
    found = judge_training(gan, X, y)
    assert found.question == "fidelity" and found.verdict.n == 30  # half of the rare rows
    line = verdict_line(found)
    assert line.startswith(f"fidelity {found.verdict.grade}") and "\n" not in line
    assert judge_training(gan, X, y).verdict == found.verdict


def test_where_there_is_nothing_to_compare_with_it_says_what_to_give():
    assert verdict_line(None) == "Not judged: give --data, the real samples to compare with."


def test_an_interruption_says_that_the_result_is_there():
    with (
        pytest.raises(Interrupted, match="interrupted while judging; out.csv is complete") as caught,
        judging("out.csv"),
    ):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
