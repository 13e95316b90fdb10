"""Whether a classifier can tell made from real samples."""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from ganaug.evaluation.samples import Samples, Score, evenly, require_finite

C2ST = "C2ST AUC"
_FOLDS, _TREES = 3, 50
_MAX_SAMPLES = 1_000  # of either kind; more are thinned evenly
_MIN_SAMPLES = 10


def c2st_auc(real: np.ndarray, made: np.ndarray, *, seed: int = 0) -> float:
    """Return the cross-validated AUC of a classifier that tells two sets apart: 0.5 if it cannot, 1 if it always can.

    A classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv:1610.06545) with AUC for accuracy, which does not depend
    on how many there are of either: 50 extremely randomised trees, 3 folds.

    Parameters
    ----------
    real, made : ndarray of shape (n, dim), (m, dim)
        At least 3 samples each.
    seed : int, default=0
        Of folds and trees.

    Raises
    ------
    ValueError
        If there are fewer than 3 of either, or a value is not finite.
    """
    if min(len(real), len(made)) < _FOLDS:
        raise ValueError(f"expected at least {_FOLDS} samples of each; got {len(real)} and {len(made)}")
    require_finite(real, made)
    is_made = np.repeat([0, 1], [len(real), len(made)])
    trees = ExtraTreesClassifier(_TREES, min_samples_leaf=2, random_state=seed)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    p = cross_val_predict(trees, np.concatenate([real, made]), is_made, cv=folds, method="predict_proba")
    return float(roc_auc_score(is_made, p[:, 1]))


def auc_error(auc: float, n: int, m: int) -> float:
    """Return the standard error of an AUC of n positives and m negatives (Hanley & McNeil 1982)."""
    auc = max(auc, 1 - auc)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n - 1) * (q1 - auc**2) + (m - 1) * (q2 - auc**2)
    return float(np.sqrt(variance / (n * m)))


def measure_c2st(real: Samples, made: Samples) -> dict[str, Score]:
    """AUC of a classifier two-sample test in feature space; of classes with at least 10 samples."""
    a, b = (samples.features[evenly(len(samples), _MAX_SAMPLES)] for samples in (real, made))
    if min(len(a), len(b)) < _MIN_SAMPLES:
        return {}
    auc = c2st_auc(a, b)
    return {C2ST: Score(auc, "lower", 1.96 * auc_error(auc, len(a), len(b)))}
