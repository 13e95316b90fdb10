"""Distances between two clouds of features: Fréchet and kernel distance, and the score of Inception."""

import numpy as np
from scipy.special import log_softmax

from ganaug.evaluation.samples import Samples, Score


def frechet_distance(real: np.ndarray, made: np.ndarray) -> float:
    """Return the Fréchet distance between the Gaussians fitted to two sets (Heusel et al. 2017, arXiv:1706.08500).

    Parameters
    ----------
    real, made : ndarray of shape (n, dim), (m, dim)
        At least 2 samples each.

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [2.0]])
    >>> frechet_distance(points, points + 3)
    9.0
    """
    shift = real.mean(0) - made.mean(0)
    first, second = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (real, made))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(shift @ shift + np.trace(first) + np.trace(second) - 2 * shared)


def kernel_distance(real: np.ndarray, made: np.ndarray) -> float:
    """Return the unbiased squared MMD under the kernel ``(x·y / dim + 1)³`` (KID, Bińkowski et al. 2018).

    All samples enter at once (arXiv:1801.01401 averages over blocks for speed). It may be slightly negative.

    Parameters
    ----------
    real, made : ndarray of shape (n, dim), (m, dim)
        At least 2 samples each.
    """

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(x: np.ndarray) -> float:
        k = kernel(x, x)
        return (k.sum() - np.trace(k)) / (len(x) * (len(x) - 1))

    return float(within(real) + within(made) - 2 * kernel(real, made).mean())


def inception_score(logits: np.ndarray) -> float:
    """Return exp of the mean KL divergence of p(class | sample) from p(class) (Salimans et al. 2016, arXiv:1606.03498).

    Parameters
    ----------
    logits : ndarray of shape (n, n_classes)
        A classifier's outputs for the samples; 1 … n_classes comes out.
    """
    log_p = log_softmax(logits, axis=1)
    p = np.exp(log_p)
    log_mean = np.log(p.mean(0).clip(np.finfo(float).tiny))
    return float(np.exp((p * (log_p - log_mean)).sum(1).mean()))


def frechet(real: Samples, made: Samples) -> dict[str, Score]:
    """Fréchet distance in feature space."""
    return {"Fréchet distance": Score(frechet_distance(real.features, made.features), "lower")}


def kernel(real: Samples, made: Samples) -> dict[str, Score]:
    """Kernel distance in feature space."""
    return {"kernel distance": Score(kernel_distance(real.features, made.features), "lower")}


def class_score(real: Samples, made: Samples) -> dict[str, Score]:
    """Inception-style score by the network's own classes; for one class alone it has no meaning."""
    if made.logits is None or len(np.unique(real.c)) < 2:
        return {}
    return {"inception-style score": Score(inception_score(made.logits), "real")}
