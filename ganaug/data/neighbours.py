"""What nearest neighbours in encoded space can do for rows: interpolate between them, and tell where a class ends."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

_NEIGHBOURS = 10
_REFERENCES = 5_000  # rows of each side that points are compared with; more are thinned evenly
_LOCAL_FROM = 100  # rows of a class from which partners are neighbours; in smaller classes any two rows are


def interpolate(own: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points between two rows of a class, as SMOTE does (Chawla et al. 2002, arXiv:1106.1813).

    Parameters
    ----------
    own : ndarray of shape (m, dim)
        Encoded rows of the class, at least 2. In a class of 100 rows or more the second row is one of the 10 nearest
        to the first; in a smaller one it is any.
    n : int
        How many.
    rng : numpy.random.Generator
        Draws rows and positions.

    Returns
    -------
    ndarray of shape (n, dim), float32
        One-hot parts are mixed too; decoding takes the nearer row's level.
    """
    first = rng.integers(len(own), size=n)
    if len(own) >= _LOCAL_FROM:
        near = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(own).kneighbors(return_distance=False)
        second = near[first, rng.integers(_NEIGHBOURS, size=n)]
    else:
        second = rng.integers(len(own), size=n)
    position = rng.random((n, 1), dtype=np.float32)
    return own[first] + position * (own[second] - own[first])


def belonging(points: np.ndarray, x: np.ndarray, is_own: np.ndarray) -> np.ndarray:
    """Return how much each point belongs to a class, 0 … 1, by its 10 nearest rows.

    Rows weigh by the inverse of their side's size, so that a rare class counts as much as all others together: this is
    the k-nearest-neighbour estimate of p(class | point) under equal priors.

    Parameters
    ----------
    points : ndarray of shape (n, dim)
        Encoded points to judge.
    x : ndarray of shape (m, dim)
        Encoded rows of all classes.
    is_own : ndarray of shape (m,), bool
        Which rows are of the class; some must be, and some not.
    """
    sides = [_thinned(np.flatnonzero(side)) for side in (is_own, ~is_own)]
    kept = np.concatenate(sides)
    index = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(kept)), algorithm="brute").fit(x[kept])
    near = (index.kneighbors(points, return_distance=False) < len(sides[0])).sum(axis=1)
    own = near / len(sides[0])
    others = (index.n_neighbors - near) / len(sides[1])
    return own / (own + others)


def _thinned(rows: np.ndarray) -> np.ndarray:
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), _REFERENCES)).astype(int)]
