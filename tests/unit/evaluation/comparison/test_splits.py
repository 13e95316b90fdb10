import numpy as np
from sklearn.model_selection import TimeSeriesSplit

from ganaug.evaluation.comparison.splits import Splits


def normal(frequent=475, rare=25, apart=0.9, dim=4, seed=0):
    """Two normal classes of one shape: a linear model is right for them, but for its threshold."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [frequent, rare])
    return rng.normal(size=(len(y), dim)) + apart * y[:, None], y


def test_groups_never_straddle_outside_or_inside():
    X, y = normal(150, 50)
    groups = np.random.default_rng(0).integers(0, 40, 200)
    splits = Splits(X, y, 4, 2, groups, 0)
    assert len(splits.outer) == 8
    for train, test in splits.outer:
        assert not set(groups[train]) & set(groups[test])
        for learnt, tuned in splits.inner(train):
            assert not set(groups[train][learnt]) & set(groups[train][tuned])


def test_time_is_respected_outside_and_inside():
    X, y = normal(150, 50)
    order = np.random.default_rng(0).permutation(200)
    splits = Splits(X[order], y[order], TimeSeriesSplit(3), 1, None, 0)
    for train, test in splits.outer:
        assert train.max() < test.min()
        assert all(learnt.max() < tuned.min() for learnt, tuned in splits.inner(train))
