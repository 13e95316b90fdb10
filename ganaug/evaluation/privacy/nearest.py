"""The synthetic samples that look most like copies, and what they look like copies of."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from ganaug.evaluation.samples import evenly

_MOST = 2_000  # synthetic samples that are searched
_CLASSES = 6  # the rarest


def nearest_pairs(training: np.ndarray, made: np.ndarray, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of synthetic samples that lie nearest to a training sample, and of those training samples.

    Parameters
    ----------
    training, made : ndarray of shape (m, *sample_shape), (k, *sample_shape)
        Encoded samples of one class.
    n : int, default=10
        Pairs, at most; the nearest first, no training sample twice.

    Returns
    -------
    made, training : ndarray of int, both of one length

    Examples
    --------
    >>> made, training = nearest_pairs(np.array([[0.0], [5.0]]), np.array([[5.1], [4.8], [0.3]]))
    >>> made.tolist(), training.tolist()
    ([0, 2], [1, 0])
    """
    searched = evenly(len(made), _MOST)
    flat = made[searched].reshape(len(searched), -1)
    index = NearestNeighbors(n_neighbors=1).fit(training.reshape(len(training), -1))
    distances, nearest = (found[:, 0] for found in index.kneighbors(flat))
    order = np.argsort(distances, kind="stable")
    _, first = np.unique(nearest[order], return_index=True)
    chosen = order[np.sort(first)[:n]]
    return searched[chosen], nearest[chosen]


def nearest_samples(
    show: Callable[[np.ndarray], Any],
    training: tuple[np.ndarray, np.ndarray],
    made: tuple[np.ndarray, np.ndarray],
    names: Mapping[int, str],
) -> dict[str, dict[str, Any]]:
    """Return the nearest pairs of the rarest classes, for a gallery.

    Parameters
    ----------
    show : callable
        From encoded samples to what a gallery holds.
    training, made : (ndarray, ndarray)
        Encoded samples and their integer classes.
    names : dict of int to str
        Of the classes that have synthetic samples.
    """
    (x, c), (x_made, c_made) = training, made
    counts = {k: int((c == k).sum()) for k in names}
    found: dict[str, dict[str, Any]] = {"nearest synthetic": {}, "nearest training": {}}
    for k in sorted((k for k in names if counts[k]), key=lambda k: counts[k])[:_CLASSES]:
        own, learnt = x_made[c_made == k], x[c == k]
        near, to = nearest_pairs(learnt, own)
        found["nearest synthetic"][names[k]] = show(own[near])
        found["nearest training"][names[k]] = show(learnt[to])
    return found
