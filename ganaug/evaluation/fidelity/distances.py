"""Distances between two clouds of features: Fréchet distance and KID, and the Inception score."""

import numpy as np
from scipy.special import log_softmax

from ganaug.evaluation.samples import Samples, Score, require_finite


def frechet_distance(real: np.ndarray, made: np.ndarray) -> float:
    """Return the Fréchet distance between the Gaussians fitted to two sets (Heusel et al. 2017, arXiv:1706.08500).

    Parameters
    ----------
    real, made : ndarray of shape (n, dim), (m, dim)
        At least 2 samples each.

    Raises
    ------
    ValueError
        If there are fewer, their widths differ, or a value is not finite.

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [2.0]])
    >>> frechet_distance(points, points + 3)
    9.0
    """
    _check_clouds(real, made)
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

    Raises
    ------
    ValueError
        If there are fewer, their widths differ, or a value is not finite.
    """
    _check_clouds(real, made)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(x: np.ndarray) -> float:
        k = kernel(x, x)
        return (k.sum() - np.trace(k)) / (len(x) * (len(x) - 1))

    return float(within(real) + within(made) - 2 * kernel(real, made).mean())


def _check_clouds(real: np.ndarray, made: np.ndarray) -> None:
    for name, points in (("real", real), ("made", made)):
        if points.ndim != 2 or len(points) < 2:
            raise ValueError(f"expected at least 2 samples of shape (n, dim); {name} has shape {points.shape}")
    if real.shape[1] != made.shape[1]:
        raise ValueError(f"both sets need the same features; got {real.shape[1]} and {made.shape[1]}")
    require_finite(real, made)


def inception_score(logits: np.ndarray) -> float:
    """Return exp of the mean KL divergence of p(class | sample) from p(class) (Salimans et al. 2016, arXiv:1606.03498).

    Parameters
    ----------
    logits : ndarray of shape (n, n_classes)
        A classifier's outputs for the samples; 1 … n_classes comes out.

    Raises
    ------
    ValueError
        If there are no samples, or a value is not finite.
    """
    if logits.ndim != 2 or not len(logits):
        raise ValueError(f"expected at least 1 sample of shape (n, n_classes); got shape {logits.shape}")
    require_finite(logits)
    log_p = log_softmax(logits, axis=1)
    p = np.exp(log_p)
    log_mean = np.log(p.mean(0).clip(np.finfo(float).tiny))
    return float(np.exp((p * (log_p - log_mean)).sum(1).mean()))


def frechet(real: Samples, made: Samples) -> dict[str, Score]:
    """Fréchet distance in feature space."""
    return {"Fréchet distance": Score(frechet_distance(real.features, made.features), "lower")}


def kid(real: Samples, made: Samples) -> dict[str, Score]:
    """Kernel Inception distance (KID) with the features in place of Inception's."""
    return {"KID": Score(kernel_distance(real.features, made.features), "lower")}


def inception(real: Samples, made: Samples) -> dict[str, Score]:
    """Inception-style score by the network's own classes; for one class alone it has no meaning."""
    if made.logits is None or len(np.unique(real.c)) < 2:
        return {}
    return {"Inception score": Score(inception_score(made.logits), "real")}
