"""Points between the rows of a class, and how much a point belongs to it; in encoded space."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

_NEIGHBOURS = 10
_NEAREST = 0.25  # of the way between two rows: nearer, a point is all but a copy
_BEYOND = 0.386  # of the way, past either row: the points then vary as much as the rows themselves
_REFERENCES = 1_000  # rows of a class that points are compared with
_OTHERS = 5  # rows of other classes for each of them
_LOCAL_FROM = 100  # rows of a class from which partners are neighbours; in smaller classes any two rows are


class Segments:
    """Draws points on lines through two rows of a class, between them and somewhat beyond, but not near them.

    Points between rows alone (SMOTE, Chawla et al. 2002, arXiv:1106.1813) vary less than the rows do, and may be all
    but copies. These have the rows' own mean and covariance where any two rows are partners.

    Parameters
    ----------
    own : ndarray of shape (m, dim)
        Encoded rows of the class, at least 2. In a class of 100 rows or more the second row is one of the 10 nearest
        to the first; in a smaller one it is any other.
    """

    def __init__(self, own: np.ndarray) -> None:
        self.own = own
        self.near = None
        if len(own) >= _LOCAL_FROM:
            self.near = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(own).kneighbors(return_distance=False)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return points ``(n, dim)``, float32; one-hot parts are mixed too: decoding takes the nearer row's level."""
        m = len(self.own)
        first = rng.integers(m, size=n)
        if self.near is None:
            second = (first + rng.integers(1, m, size=n)) % m
        else:
            second = self.near[first, rng.integers(_NEIGHBOURS, size=n)]
        position = _positions(n, rng)[:, None]
        return self.own[first] + position * (self.own[second] - self.own[first])


def _positions(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw places on a line, 0 and 1 being its two rows, uniformly but for a gap around either."""
    pieces = np.array([[-_BEYOND, -_NEAREST], [_NEAREST, 1 - _NEAREST], [1 + _NEAREST, 1 + _BEYOND]])
    lengths = pieces[:, 1] - pieces[:, 0]
    piece = rng.choice(len(pieces), n, p=lengths / lengths.sum())
    return (pieces[piece, 0] + rng.random(n) * lengths[piece]).astype(np.float32)


class Belonging:
    """Orders points by how much they belong to a class.

    The mean of two ranks: by p(class | point) of the 10 nearest rows, under equal priors, and by a linear classifier
    (logistic regression). The first sees what is near, the second the whole.

    Parameters
    ----------
    x : ndarray of shape (m, dim)
        Encoded rows of all classes.
    is_own : ndarray of shape (m,), bool
        Which rows are of the class; some must be, and some not.
    rng : numpy.random.Generator
        Draws the rows that points are compared with: at most 1,000 of the class and five others for each.
    """

    def __init__(self, x: np.ndarray, is_own: np.ndarray, rng: np.random.Generator) -> None:
        own = _drawn(np.flatnonzero(is_own), _REFERENCES, rng)
        others = _drawn(np.flatnonzero(~is_own), _OTHERS * len(own), rng)
        self.x, self.is_own = x[np.concatenate([own, others])], np.repeat([True, False], [len(own), len(others)])
        self.index = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(self.x)), algorithm="brute").fit(self.x)
        self.linear = LogisticRegression(class_weight="balanced", solver="newton-cholesky").fit(self.x, self.is_own)

    def rank(self, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return how much each of ``points (n, dim)`` belongs compared with the others, 0 … 1; `rng` orders ties."""
        return (_ranks(self.share(points), rng) + _ranks(self.linear.decision_function(points), rng)) / 2

    def share(self, points: np.ndarray) -> np.ndarray:
        """Return the 10-nearest-neighbour estimate of p(class | point) under equal priors, ``(n,)``."""
        near = self.is_own[self.index.kneighbors(points, return_distance=False)].sum(axis=1)
        own, others = near / self.is_own.sum(), (self.index.n_neighbors - near) / (~self.is_own).sum()
        return own / (own + others)


def _drawn(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else rng.choice(rows, most, replace=False)


def _ranks(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return ranks in [0, 1), ties in random order."""
    ranks = np.empty(len(values))
    ranks[np.lexsort((rng.random(len(values)), values))] = np.arange(len(values)) / len(values)
    return ranks
