"""How much synthetic samples of one class look like the real ones, and whether they were copied."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from ganaug.evaluation.fidelity.neighbourhoods import kth_distances, nearest_distances as nearest_distances
from ganaug.evaluation.samples import evenly

_MOST = 5_000  # samples that enter a measurement; more are thinned evenly
_FOLDS = 3
_JUDGED_DIM = 64  # principal components that the classifier sees: more cost minutes on colour images


@dataclass(frozen=True)
class Fidelity:
    """What `assess` found.

    Attributes
    ----------
    agreement : float
        Share of the synthetic samples that a classifier trained on the real data calls by the class asked for; NaN
        where there is nothing to tell apart, or fewer than 3 real samples of the class.
    agreement_real : float
        The same for real samples of the class that the classifier did not see: what can be expected.
    coverage : float
        Share of the real samples with a synthetic one nearer than their k-th real neighbour (Naeem et al. 2020,
        arXiv:2002.09797): 1 is full diversity.
    density : float
        Mean number of real neighbourhoods that a synthetic sample lies in, over k: about 1 for real samples.
    nearest_ratio : float
        Median distance from a synthetic sample to the nearest real one, over the same between real ones. Well under 1:
        copies. NaN where most real samples have a twin.
    """

    agreement: float
    agreement_real: float
    coverage: float
    density: float
    nearest_ratio: float


def assess(real: np.ndarray, c: np.ndarray, synthetic: Mapping[int, np.ndarray], *, k: int = 5) -> dict[int, Fidelity]:
    """Compare synthetic samples, class by class, with all real data.

    Parameters
    ----------
    real : ndarray of shape (n, *sample_shape)
        Encoded real samples of all classes.
    c : ndarray of shape (n,)
        Their integer classes.
    synthetic : dict of int to ndarray of shape (m, *sample_shape)
        Encoded synthetic samples by the class that was asked for.
    k : int, default=5
        Neighbours that make a neighbourhood; fewer where the class has no more.

    Raises
    ------
    ValueError
        If a class has fewer than 2 real samples.
    """
    real = real.reshape(len(real), -1)
    flat = {condition: thinned(samples.reshape(len(samples), -1)) for condition, samples in synthetic.items()}
    agreements = _agreements(real, c, flat)
    found = {}
    for condition, samples in flat.items():
        own = thinned(real[c == condition])
        if len(own) < 2:
            raise ValueError(f"expected at least 2 real samples of class {condition}; got {len(own)}")
        coverage, density = coverage_density(own, samples, k=min(k, len(own) - 1))
        between = float(np.median(kth_distances(own, 1)))
        ratio = float(np.median(nearest_distances(samples, own))) / between if between else float("nan")
        found[condition] = Fidelity(*agreements[condition], coverage, density, ratio)
    return found


def coverage_density(real: np.ndarray, synthetic: np.ndarray, *, k: int = 5) -> tuple[float, float]:
    """Return coverage and density (Naeem et al. 2020, arXiv:2002.09797) of ``synthetic (m, d)`` for ``real (n, d)``."""
    radii = kth_distances(real, k)
    coverage = float((nearest_distances(real, synthetic) < radii).mean())
    inside = sum(
        int((np.linalg.norm(synthetic - centre, axis=1) < radius).sum())
        for centre, radius in zip(real, radii, strict=True)
    )
    return coverage, inside / (k * len(synthetic))


def thinned(samples: np.ndarray, most: int = _MOST) -> np.ndarray:
    """Return at most so many of the samples, evenly spaced."""
    return samples[evenly(len(samples), most)]


def _agreements(real: np.ndarray, c: np.ndarray, synthetic: Mapping[int, np.ndarray]) -> dict[int, tuple[float, float]]:
    """Train one classifier and return, for each class, the share of synthetic and of held-out real ones it calls so."""
    if len(real) > _MOST:
        present = np.unique(c)
        kept = np.concatenate([thinned(np.flatnonzero(c == k), _MOST // len(present)) for k in present])
        real, c = real[kept], c[kept]
    known = np.isin(c, np.flatnonzero(np.bincount(c) >= _FOLDS))
    real, c = real[known], c[known]
    if len(np.unique(c)) < 2:
        return dict.fromkeys(synthetic, (float("nan"), float("nan")))
    dim = min(_JUDGED_DIM, len(real) * (_FOLDS - 1) // _FOLDS, real.shape[1])
    judge = make_pipeline(PCA(dim, svd_solver="randomized", random_state=0), SVC(class_weight="balanced"))
    held_out = cross_val_predict(judge, real, c, cv=StratifiedKFold(_FOLDS, shuffle=True, random_state=0))
    judge.fit(real, c)
    return {
        condition: (
            float((judge.predict(samples) == condition).mean()),
            float((held_out[c == condition] == condition).mean()),
        )
        if (c == condition).any()
        else (float("nan"), float("nan"))
        for condition, samples in synthetic.items()
    }
