"""Rows between the rows of a class, and how much a row belongs to it; in encoded space."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from ganaug.oversampling.sources import OwnSamples

_NEIGHBOURS = 10
_NEAREST = 0.25  # of the way between two rows: nearer, a point is all but a copy
_BEYOND = 0.386  # of the way, past either row: the points then vary as much as the rows themselves
_MAX_REFERENCES = 1_000  # rows of a class that points are compared with
_MAX_DIM_OF_NEWTON = 500  # its Hessian is dense: dim² numbers, dim³ steps
_OTHERS = 5  # rows of other classes for each of them
_MIN_ROWS_FOR_NEIGHBOURS = 100  # of a class; in smaller ones any two rows are partners


class Interpolation(OwnSamples):
    """Rows on lines through two rows of a class, between them and somewhat beyond, but not near them.

    Points between rows alone (SMOTE, Chawla et al. 2002, arXiv:1106.1813) vary less than the rows do, and may be all
    but copies. These have the rows' own mean and covariance where any two rows are partners: in a class of fewer than
    100 rows; in a larger one the second row is one of the 10 nearest to the first.
    """

    def prepare(self, own: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the rows and, in larger classes, which are near to each."""
        if len(own) < _MIN_ROWS_FOR_NEIGHBOURS:
            return own, None
        flat = own.reshape(len(own), -1)
        return own, NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(flat).kneighbors(return_distance=False)

    def make(self, prepared: tuple[np.ndarray, np.ndarray | None], n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n rows; one-hot parts are mixed too: decoding takes the nearer row's level."""
        own, near = prepared
        m = len(own)
        first = rng.integers(m, size=n)
        if near is None:
            second = (first + rng.integers(1, max(2, m), size=n)) % m
        else:
            second = near[first, rng.integers(_NEIGHBOURS, size=n)]
        position = _positions(n, rng).reshape(-1, *[1] * (own.ndim - 1))
        return own[first] + position * (own[second] - own[first])


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
    x : ndarray of shape (m, *sample_shape)
        Encoded samples of all classes.
    is_own : ndarray of shape (m,), bool
        Which rows are of the class; some must be, and some not.
    rng : numpy.random.Generator
        Draws the rows that points are compared with: at most 1,000 of the class and five others for each.
    """

    def __init__(self, x: np.ndarray, is_own: np.ndarray, rng: np.random.Generator) -> None:
        own = _drawn(np.flatnonzero(is_own), _MAX_REFERENCES, rng)
        others = _drawn(np.flatnonzero(~is_own), _OTHERS * len(own), rng)
        self.x = _flat(x[np.concatenate([own, others])])
        self.is_own = np.repeat([True, False], [len(own), len(others)])
        self.index = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(self.x)), algorithm="brute").fit(self.x)
        solver = "newton-cholesky" if self.x.shape[1] <= _MAX_DIM_OF_NEWTON else "lbfgs"
        self.linear = LogisticRegression(class_weight="balanced", solver=solver).fit(self.x, self.is_own)

    def rank(self, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return how much each point belongs compared with the others, ``(n,)`` in [0, 1); `rng` orders ties."""
        points = _flat(points)
        return (_ranks(self.share(points), rng) + _ranks(self.linear.decision_function(points), rng)) / 2

    def share(self, points: np.ndarray) -> np.ndarray:
        """Return the 10-nearest-neighbour estimate of p(class | point) under equal priors, ``(n,)``."""
        near = self.is_own[self.index.kneighbors(points, return_distance=False)].sum(axis=1)
        own, others = near / self.is_own.sum(), (self.index.n_neighbors - near) / (~self.is_own).sum()
        return own / (own + others)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _drawn(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else rng.choice(rows, most, replace=False)


def _ranks(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return ranks in [0, 1), ties in random order."""
    ranks = np.empty(len(values))
    ranks[np.lexsort((rng.random(len(values)), values))] = np.arange(len(values)) / len(values)
    return ranks
