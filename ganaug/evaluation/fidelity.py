"""How much synthetic samples of one class look like the real ones, and whether they were copied."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

_MOST = 5_000  # samples that enter a measurement; more are thinned evenly
_FOLDS = 3


@dataclass(frozen=True)
class Fidelity:
    """What `assess` found.

    Attributes
    ----------
    agreement : float
        Share of the synthetic samples that a classifier trained on the real data calls by the class asked for.
    agreement_real : float
        The same for real samples of the class that the classifier did not see: what can be expected.
    coverage : float
        Share of the real samples with a synthetic one nearer than their k-th real neighbour (Naeem et al. 2020,
        arXiv:2002.09797): 1 is full diversity.
    density : float
        Mean number of real neighbourhoods that a synthetic sample lies in, over k: about 1 for real samples.
    nearest_ratio : float
        Median distance from a synthetic sample to the nearest real one, over the same between real ones. Well under 1:
        copies.
    """

    agreement: float
    agreement_real: float
    coverage: float
    density: float
    nearest_ratio: float


def assess(real: np.ndarray, c: np.ndarray, synthetic: np.ndarray, condition: int, *, k: int = 5) -> Fidelity:
    """Compare synthetic samples of one class with all real data.

    Parameters
    ----------
    real : ndarray of shape (n, *sample_shape)
        Encoded real samples of all classes.
    c : ndarray of shape (n,)
        Their integer classes.
    synthetic : ndarray of shape (m, *sample_shape)
        Encoded synthetic samples of class `condition`.
    condition : int
        The class asked for.
    k : int, default=5
        Neighbours that make a neighbourhood; fewer where the class has no more.

    Raises
    ------
    ValueError
        If the class has fewer than 2 real samples.
    """
    real, synthetic = real.reshape(len(real), -1), thinned(synthetic.reshape(len(synthetic), -1))
    own = thinned(real[c == condition])
    if len(own) < 2:
        raise ValueError(f"expected at least 2 real samples of the class; got {len(own)}")
    kept = thinned(np.arange(len(real)))
    agreement, agreement_real = _agreement(real[kept], c[kept], synthetic, condition)
    coverage, density = coverage_density(own, synthetic, k=min(k, len(own) - 1))
    nearest = np.median(nearest_distances(synthetic, own)) / max(np.median(_radii(own, 1)), 1e-12)
    return Fidelity(agreement, agreement_real, coverage, density, float(nearest))


def coverage_density(real: np.ndarray, synthetic: np.ndarray, *, k: int = 5) -> tuple[float, float]:
    """Return coverage and density (Naeem et al. 2020, arXiv:2002.09797) of ``synthetic (m, d)`` for ``real (n, d)``."""
    radii = _radii(real, k)
    coverage = float((nearest_distances(real, synthetic) < radii).mean())
    inside = sum(
        int((np.linalg.norm(synthetic - centre, axis=1) < radius).sum())
        for centre, radius in zip(real, radii, strict=True)
    )
    return coverage, inside / (k * len(synthetic))


def nearest_distances(queries: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return each query's Euclidean distance to its nearest point."""
    return NearestNeighbors(n_neighbors=1).fit(points).kneighbors(queries)[0][:, 0]


def thinned(samples: np.ndarray) -> np.ndarray:
    """Return at most 5,000 of the samples, evenly spaced."""
    return samples[np.linspace(0, len(samples) - 1, min(len(samples), _MOST)).astype(int)]


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    """Distance of each point to its k-th nearest other point."""
    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors()[0][:, -1]


def _agreement(real: np.ndarray, c: np.ndarray, synthetic: np.ndarray, condition: int) -> tuple[float, float]:
    judge = SVC()
    counts = np.bincount(c)
    known = np.isin(c, np.flatnonzero(counts >= _FOLDS))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    if counts[condition] < _FOLDS or len(np.unique(c[known])) < 2:
        return float("nan"), float("nan")
    held_out = cross_val_predict(judge, real[known], c[known], cv=folds)
    called = judge.fit(real, c).predict(synthetic)
    return float((called == condition).mean()), float((held_out[c[known] == condition] == condition).mean())
