import numpy as np
import pytest

from ganaug.evaluation.fidelity.agreement import Agreement, agree
from ganaug.evaluation.samples import Samples


def two_classes(n, seed, apart=4.0, swapped=False):
    c = np.repeat([0, 1], [n, n // 2])
    x = np.random.default_rng(seed).normal(size=(len(c), 3)) + apart * (c != swapped)[:, None]
    return Samples(x, c, x, None, ())


def test_samples_are_called_by_where_they_lie():
    judge = Agreement(two_classes(60, 0))
    assert judge.right(two_classes(60, 1)).mean() > 0.95
    assert judge.right(two_classes(60, 1, swapped=True)).mean() < 0.05


def test_training_samples_are_judged_by_trees_that_have_not_learnt_them():
    judge = Agreement(two_classes(60, 0, apart=0.0))
    assert {k: len(right) for k, right in judge.unseen.items()} == {0: 60, 1: 30}
    assert np.concatenate(list(judge.unseen.values())).mean() < 0.8  # they would know 9 of 10 by heart


def test_each_class_is_compared_with_unseen_real_samples():
    training, held, made = two_classes(60, 0), two_classes(60, 1), two_classes(60, 2, swapped=True)
    triples = {"rare": tuple(samples.of_class(1) for samples in (held, training, made))}
    synthetic, real = agree(training, triples)["rare"]
    assert (len(synthetic), len(real)) == (30, 60)
    assert synthetic.mean() < 0.1 and real.mean() > 0.9


@pytest.mark.parametrize("k", [0, 1])
def test_one_class_alone_has_nothing_to_be_called(k):
    only = two_classes(20, 0).of_class(k)
    assert agree(only, {"only": (only, only, only)}) == {}
