"""Ways to train a classifier on rare classes, with and without synthetic samples."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from scipy.special import softmax
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ganaug.core.classes import find_rare
from ganaug.core.errors import ConfigError
from ganaug.data.kind import Kind
from ganaug.models.classifier import batch_weights, fit_classifier, outputs

AS_THEY_ARE, WEIGHTS, OVER_SAMPLING, SMOTE_ARM = "real as they are", "class weights", "over-sampling", "SMOTE"
ALONE, BOTH = "synthetic alone", "real + synthetic"
_NEIGHBOURS = 5  # of SMOTE
_SHARE = 0.5  # of a class's share of a batch of images that is synthetic
_STEPS = 200  # of 128 images


@dataclass(frozen=True)
class Data:
    """Real samples to learn from, real samples to judge by, and synthetic ones; encoded, with integer classes."""

    x: np.ndarray
    c: np.ndarray
    x_test: np.ndarray
    c_test: np.ndarray
    x_made: np.ndarray
    c_made: np.ndarray


Arm: TypeAlias = Callable[[Data, int], np.ndarray]  # data and a seed → scores of the held-out samples, (n, n_classes)


def about_equal(counts: np.ndarray) -> bool:
    """Whether no class is much smaller than the largest, so that there is nothing to balance."""
    return len(find_rare(counts)) == 0


def wanted(counts: np.ndarray) -> np.ndarray:
    """Return how many synthetic samples fill each class up to the largest; to twice that if all are about equal."""
    return (1 + about_equal(counts)) * counts.max() - counts


def row_arms(classifier: Any = None) -> dict[str, Arm]:
    """Return the ways to train on rows: from data and a seed to class probabilities of the held-out rows.

    Parameters
    ----------
    classifier : scikit-learn classifier, optional
        It needs ``predict_proba``; without ``sample_weight`` there is no arm with class weights. Default:
        gradient-boosted trees (`HistGradientBoostingClassifier` without early stopping).
    """
    model = HistGradientBoostingClassifier(early_stopping=False) if classifier is None else classifier
    if not hasattr(model, "predict_proba"):
        raise ConfigError(f"classifier must have predict_proba; {type(model).__name__} has none")
    weighs = has_fit_parameter(model, "sample_weight")

    def fitted(x: np.ndarray, c: np.ndarray, data: Data, seed: int, weights: np.ndarray | None = None) -> np.ndarray:
        own = clone(model)
        if "random_state" in own.get_params():
            own.set_params(random_state=seed)
        # One thread: on a few thousand rows more gain nothing, and on a busy machine they wait for each other.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)
            if weighs and weights is not None and not np.allclose(weights, 1):
                own.fit(x, c, sample_weight=weights)
            else:
                own.fit(x, c)
        scores = np.zeros((len(data.x_test), int(data.c.max()) + 1))
        scores[:, own.classes_] = own.predict_proba(data.x_test)
        return scores

    def resampled(sampler: Any, data: Data, seed: int) -> np.ndarray:
        x, c = sampler.fit_resample(data.x, data.c)
        return fitted(x, c, data, seed)

    def smote(data: Data, seed: int) -> np.ndarray:
        counts = np.bincount(data.c)
        enough = {k: counts.max() for k in np.flatnonzero(counts > 1)}
        fewest = min(counts[k] for k in enough)
        sampler = SMOTE(sampling_strategy=enough, k_neighbors=min(_NEIGHBOURS, fewest - 1), random_state=seed)
        return resampled(sampler, data, seed)

    def both(data: Data, seed: int) -> np.ndarray:
        added = filling(data, seed)
        x, c = np.concatenate([data.x, data.x_made[added]]), np.r_[data.c, data.c_made[added]]
        return fitted(x, c, data, seed, balanced(c))

    def alone(data: Data, seed: int) -> np.ndarray:
        x, c = replaced(data, seed)
        return fitted(x, c, data, seed, balanced(c))

    arms: dict[str, Arm] = {
        AS_THEY_ARE: lambda data, seed: fitted(data.x, data.c, data, seed),
        **({WEIGHTS: lambda data, seed: fitted(data.x, data.c, data, seed, balanced(data.c))} if weighs else {}),
        OVER_SAMPLING: lambda data, seed: resampled(RandomOverSampler(random_state=seed), data, seed),
        SMOTE_ARM: smote,
        ALONE: alone,
        BOTH: both,
    }
    return {name: partial(_on_rows, arm) for name, arm in arms.items()}


def _on_rows(arm: Arm, data: Data, seed: int) -> np.ndarray:
    """Train on encoded samples of any shape as rows."""
    flat = (samples.reshape(len(samples), -1) for samples in (data.x, data.x_test, data.x_made))
    x, x_test, x_made = flat
    return arm(replace(data, x=x, x_test=x_test, x_made=x_made), seed)


def image_arms(classifier: Any = None) -> dict[str, Arm]:
    """Return the ways to train on images: from data and a seed to class probabilities of the held-out images.

    All augment: a small convolutional network sees images moved, turned and scaled a little.
    """
    if classifier is not None:
        raise ConfigError("classifier has no meaning for images; they are judged with a small convolutional network")

    def fitted(x: np.ndarray, c: np.ndarray, drawn: np.ndarray, data: Data, seed: int, **options: Any) -> np.ndarray:
        model = fit_classifier(x, c, drawn, steps=_STEPS, seed=seed, **options)
        return softmax(outputs(model, data.x_test), axis=1)

    def weighted(data: Data, seed: int) -> np.ndarray:
        counts = np.bincount(data.c)
        importance = len(data.c) / (len(counts) * counts)
        return fitted(data.x, data.c, np.ones(len(data.c)), data, seed, loss_weights=importance)

    def both(data: Data, seed: int) -> np.ndarray:
        added = filling(data, seed)
        x, c = np.concatenate([data.x, data.x_made[added]]), np.r_[data.c, data.c_made[added]]
        return fitted(x, c, batch_weights(c, np.arange(len(c)) >= len(data.c), _SHARE), data, seed)

    def alone(data: Data, seed: int) -> np.ndarray:
        x, c = replaced(data, seed)
        return fitted(x, c, balanced(c), data, seed)

    return {
        AS_THEY_ARE: lambda data, seed: fitted(data.x, data.c, np.ones(len(data.c)), data, seed),
        WEIGHTS: weighted,
        OVER_SAMPLING: lambda data, seed: fitted(data.x, data.c, balanced(data.c), data, seed),
        ALONE: alone,
        BOTH: both,
    }


def balanced(c: np.ndarray) -> np.ndarray:
    """Return weights that sum to the same for every class, with mean 1."""
    counts = np.bincount(c)
    return len(c) / (np.count_nonzero(counts) * counts[c])


def filling(data: Data, seed: int) -> np.ndarray:
    """Draw positions of the synthetic samples that fill the classes up, as far as there are any."""
    return _drawn(data.c_made, wanted(np.bincount(data.c)), seed)


def replaced(data: Data, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return as many synthetic samples of each class as there are real ones; real ones where there are none."""
    counts = np.bincount(data.c)
    own = _drawn(data.c_made, counts, seed)
    real = ~np.isin(data.c, data.c_made)
    return np.concatenate([data.x[real], data.x_made[own]]), np.r_[data.c[real], data.c_made[own]]


def _drawn(c: np.ndarray, counts: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    parts = [rng.permutation(np.flatnonzero(c == k))[:n] for k, n in enumerate(counts)]
    return np.concatenate(parts)


def worth_trying(arms: Mapping[str, Arm], counts: np.ndarray) -> dict[str, Arm]:
    """Leave out the ways that balance classes where they are balanced."""
    idle = (WEIGHTS, OVER_SAMPLING, SMOTE_ARM) if about_equal(counts) else ()
    return {name: arm for name, arm in arms.items() if name not in idle}


def arms_of(kind: Kind, sample_shape: tuple[int, ...], classifier: Any = None) -> dict[str, Arm]:
    """Return the ways to train on data of a kind: with `classifier`, or with the kind's own."""
    if kind.classifier == "network":
        return image_arms(classifier)
    own = kind.classifier(sample_shape) if callable(kind.classifier) else None
    arms = row_arms(own if classifier is None else classifier)
    return arms if kind.interpolates else {name: arm for name, arm in arms.items() if name != SMOTE_ARM}
