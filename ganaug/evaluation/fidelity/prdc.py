"""Numbers from nearest neighbours: precision, recall, density, coverage, distances to the nearest sample."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from ganaug.evaluation.samples import Samples, Score, evenly, require_finite

NEIGHBOURS = 5
_ROUNDING = 1e-7  # share of a radius by which two ways to compute a distance differ at most: the k-th is not inside
MAX_SAMPLES = 5_000  # that enter; more are thinned evenly


class PRDC(NamedTuple):
    """What `prdc` gives."""

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: np.ndarray, made: np.ndarray, *, k: int = NEIGHBOURS) -> PRDC:
    """Return precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020).

    A neighbourhood is the ball around a sample that reaches to its k-th nearest other one. Precision: share of the made
    samples in a real neighbourhood. Recall: share of the real ones in a neighbourhood of the made. Density: mean number
    of real neighbourhoods that a made sample lies in, over k. Coverage: share of the real neighbourhoods with a made
    sample in them. See arXiv:1904.06991 and arXiv:2002.09797.

    Parameters
    ----------
    real, made : ndarray of shape (n, dim), (m, dim)
        More than k samples each.
    k : int, default=5

    Raises
    ------
    ValueError
        If there are k samples or fewer of a kind, their widths differ, or a value is not finite.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(50, 3))
    >>> prdc(points, points)
    PRDC(precision=1.0, recall=1.0, density=1.0, coverage=1.0)
    """
    if k < 1:
        raise ValueError(f"prdc needs k of 1 or more; got {k}")
    for name, points in (("real", real), ("made", made)):
        if len(points) <= k:
            raise ValueError(f"prdc needs more than k = {k} samples of each kind; {name} has {len(points)}")
    if real.shape[1:] != made.shape[1:]:
        raise ValueError(f"both sets need the same features; got shapes {real.shape} and {made.shape}")
    require_finite(real, made)
    real_radii, made_radii = (kth_distances(points, k) * (1 - _ROUNDING) for points in (real, made))
    inside = np.zeros(len(made), dtype=int)
    recalled = covered = 0
    start = 0
    for distances in pairwise_distances_chunked(real, made, metric="euclidean"):
        within = distances <= real_radii[start : start + len(distances), None]
        start += len(distances)
        inside += within.sum(0)
        covered += int(within.any(1).sum())
        recalled += int((distances <= made_radii).any(1).sum())
    return PRDC(float((inside > 0).mean()), recalled / len(real), float(inside.mean()) / k, covered / len(real))


def kth_distances(points: np.ndarray, k: int) -> np.ndarray:
    """Return the distance of each point to its k-th nearest other point."""
    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors()[0][:, -1]


def nearest_distances(queries: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return each query's Euclidean distance to its nearest point."""
    return NearestNeighbors(n_neighbors=1).fit(points).kneighbors(queries)[0][:, 0]


def measure_prdc(real: Samples, made: Samples) -> dict[str, Score]:
    """Precision, recall, density and coverage in feature space; of classes with more than 5 samples."""
    a, b = (samples.features[evenly(len(samples), MAX_SAMPLES)] for samples in (real, made))
    if min(len(a), len(b)) <= NEIGHBOURS:
        return {}
    found = prdc(a, b)
    return {
        "precision": Score(found.precision, "higher"),
        "recall": Score(found.recall, "higher"),
        "density": Score(found.density, "real"),
        "coverage": Score(found.coverage, "higher"),
    }
