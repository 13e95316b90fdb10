import numpy as np
import pytest

from ganaug.data.kind import fit_codec
from ganaug.evaluation.quick import compare_with_training


@pytest.fixture(scope="module")
def real():
    c = np.repeat([0, 1], [120, 60])
    X = np.random.default_rng(0).normal(size=(180, 3)) + 4 * c[:, None]
    codec = fit_codec(X)
    return codec, codec.encode(X), c


def compared(real, moved):
    codec, x, c = real
    X = np.random.default_rng(1).normal(size=(60, 3)) + 4 + moved
    return compare_with_training(codec, (x, c), {1: codec.encode(X)}, {1: "rare"})


def test_real_halves_are_what_synthetic_samples_are_held_against(real):
    assert compared(real, 0.0).verdict.grade != "bad"
    far = compared(real, 5.0)
    assert far.verdict.grade == "bad"
    assert far["rare", "C2ST AUC"].value > 0.9 > far["rare", "C2ST AUC"].real


def test_only_the_classes_that_were_made_are_judged_and_the_answer_repeats(real):
    found = compared(real, 0.5)
    assert set(found.to_frame()["subject"]) == {"rare", "all classes"}
    assert compared(real, 0.5).to_frame().equals(found.to_frame())
