"""Whether a classifier of the real data calls synthetic samples by the class that they stand for."""

from collections.abc import Mapping

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from ganaug.evaluation.samples import Samples, evenly

AGREEMENT = "agreement"
_MAX_SAMPLES = 5_000  # training samples of a class; more are thinned evenly
_TREES = 100


class Agreement:
    """Trees that learnt the training data, and what they call real samples that they have not seen.

    Parameters
    ----------
    training : Samples
        Of two classes at least.

    Attributes
    ----------
    unseen : dict of int to ndarray of bool
        For each class, whether each training sample is called so by the trees that have not learnt it (out of bag).
    """

    def __init__(self, training: Samples) -> None:
        parts = [np.flatnonzero(training.c == k) for k in np.unique(training.c)]
        some = np.concatenate([own[evenly(len(own), _MAX_SAMPLES)] for own in parts])
        self.trees = ExtraTreesClassifier(
            _TREES, min_samples_leaf=2, class_weight="balanced", bootstrap=True, random_state=0
        )
        c = training.c[some]
        self.trees.fit(training.features[some], c)
        votes, cast = np.zeros((len(some), len(self.trees.classes_))), np.zeros(len(some))
        for tree, learnt in zip(self.trees.estimators_, self.trees.estimators_samples_, strict=True):
            out = np.ones(len(some), dtype=bool)
            out[learnt] = False
            votes[out] += tree.predict_proba(training.features[some][out])
            cast[out] += 1
        right = self.trees.classes_[votes.argmax(1)] == c
        self.unseen = {int(k): right[(c == k) & (cast > 0)] for k in self.trees.classes_}

    def right(self, samples: Samples) -> np.ndarray:
        """Return whether each sample is called by its class."""
        return self.trees.predict(samples.features) == samples.c


def agree(training: Samples, triples: Mapping[str, tuple[Samples, ...]]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return, by class, whether synthetic samples and unseen real ones (held out, and out of bag) are called so."""
    if len(np.unique(training.c)) < 2:
        return {}
    judge = Agreement(training)
    return {
        name: (judge.right(made), np.r_[judge.right(real), judge.unseen[int(real.c[0])]])
        for name, (real, _, made) in triples.items()
    }
