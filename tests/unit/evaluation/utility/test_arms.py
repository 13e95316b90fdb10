import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from ganaug.core.errors import ConfigError
from ganaug.evaluation.utility import arms
from ganaug.evaluation.utility.arms import ALONE, AS_THEY_ARE, BOTH, OVER_SAMPLING, SMOTE_ARM, WEIGHTS, Data


def test_training_sets_are_what_their_names_say(data):
    seen = {}

    class Watched(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen[way] = (np.asarray(X), np.asarray(y), sample_weight)
            return super().fit(X, y, sample_weight)

    d = data()
    for way in arms.row_arms(Watched()):
        arms.row_arms(Watched())[way](d, 0)
    made, real = {row.tobytes() for row in d.x_made}, {row.tobytes() for row in d.x}
    assert len(seen[AS_THEY_ARE][0]) == 220 and seen[AS_THEY_ARE][2] is None
    weights = seen[WEIGHTS][2]
    assert weights[d.c == 0].sum() == pytest.approx(weights[d.c == 1].sum())
    for way in (OVER_SAMPLING, SMOTE_ARM, BOTH):
        assert np.bincount(seen[way][1]).tolist() == [200, 200]
    added = [row.tobytes() for row in seen[BOTH][0]]
    assert sum(row in made for row in added) == 180 and sum(row in real for row in added) == 220
    alone = [row.tobytes() for row in seen[ALONE][0][seen[ALONE][1] == 1]]
    assert len(alone) == 20 and set(alone) <= made
    held = {row.tobytes() for row in d.x_test}
    assert not any(row.tobytes() in held for x, _, _ in seen.values() for row in x)


def test_balanced_classes_are_doubled_and_not_balanced_again():
    assert arms.wanted(np.array([200, 20])).tolist() == [0, 180]
    assert arms.wanted(np.array([100, 90])).tolist() == [100, 110]
    kept = arms.worth_trying(arms.row_arms(), np.array([100, 90]))
    assert list(kept) == [AS_THEY_ARE, ALONE, BOTH]


def test_fewer_synthetic_samples_than_wanted_are_weighed(data):
    d = data(made=30)
    assert len(arms.filling(d, 0)) == 30
    assert arms.replaced(d, 0)[1].tolist().count(1) == 20


def test_classifiers_that_cannot_do_it_are_refused_or_spared():
    with pytest.raises(ConfigError, match="LinearSVC has none"):
        arms.row_arms(LinearSVC())
    assert WEIGHTS not in arms.row_arms(KNeighborsClassifier())
    with pytest.raises(ConfigError, match="no meaning for images"):
        arms.image_arms(LogisticRegression())


def test_image_arms_learn(digit_images):
    images, labels = digit_images
    x = (images[:, None] / 127.5 - 1).astype(np.float32)
    d = Data(x[::2], labels[::2], x[1::2], labels[1::2], x[1::2][:0], labels[1::2][:0])
    found = arms.image_arms()
    for way in (AS_THEY_ARE, WEIGHTS, OVER_SAMPLING):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(arms, "_STEPS", 20)
            p = found[way](d, 0)
        assert p.shape == (45, 2) and p.sum(1) == pytest.approx(1)
        assert (p.argmax(1) == d.c_test).mean() > 0.9
