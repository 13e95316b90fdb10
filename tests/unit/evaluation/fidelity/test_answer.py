import numpy as np
import pytest

from ganaug.data.codec import Span
from ganaug.evaluation.fidelity.answer import answer_fidelity
from ganaug.evaluation.result import OVERALL
from ganaug.evaluation.samples import Samples

NAMES = {0: "usual", 1: "rare"}


def samples(n, seed, moved=0.0):
    c = np.repeat([0, 1], n)
    x = np.random.default_rng(seed).normal(size=(2 * n, 3)) + 4 * c[:, None] + moved
    return Samples(x.astype(np.float32), c, x, None, (Span(0, 3, "identity", 0),))


def answer(made, n=80, **settings):
    return answer_fidelity(
        samples(n, 0), samples(n, 1), made, NAMES, metrics=["prdc", "c2st"], rng=np.random.default_rng(0), **settings
    )


def test_new_draws_look_real_and_moved_ones_do_not():
    assert answer(samples(80, 2)).verdict.grade in ("good", "cannot be judged")
    moved = answer(samples(80, 2, moved=3.0))
    assert moved.verdict.grade == "bad"
    assert moved[OVERALL, "C2ST AUC"].value > 0.9 > moved[OVERALL, "C2ST AUC"].real


def test_every_class_and_all_together_are_measured_and_drawn():
    found = answer(samples(80, 2))
    frame = found.to_frame()
    assert set(frame["subject"]) == {"usual", "rare", OVERALL}
    assert set(frame["metric"]) >= {"precision", "recall", "density", "coverage", "C2ST AUC", "agreement"}
    points = found.drawn["projection"]
    assert points.groupby(["subject", "source"]).size().tolist() == [80] * 6


def test_a_class_with_too_few_samples_is_named_and_none_leaves_it_open():
    few = samples(80, 2)
    found = answer(few[np.r_[0:80, 80:85]])
    assert any("Fidelity of rare is not judged" in note for note in found.notes)
    assert answer(few[:5]).verdict.grade == "cannot be judged"


@pytest.mark.parametrize("n", [12, 14])
def test_few_held_out_samples_are_too_few_for_a_verdict(n):
    found = answer(samples(n, 2), n=n)
    assert found.verdict.grade == "cannot be judged"
    assert any(f"crude number: usual ({n}), rare ({n})" in note for note in found.notes)
