"""Numbers ↔ normal scores, by the quantiles of what was observed."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy import special

MAX_KNOTS = 512  # points of a quantile function, besides the ends of values that many rows share
SHARED = 1 / 512  # of the rows: a value that so many have keeps its exact share
_EDGE = 1e-5  # probabilities beyond are the outermost scores, ± 4.3


class QuantileMap(BaseModel):
    """A column's quantile function, through which its numbers become standard normal ones (normal scores).

    Heavy tails, several modes and ties all look alike to a network then, and come back with their own shares: a value
    that many rows share owns an interval of scores.

    Examples
    --------
    >>> found = QuantileMap.fit(np.array([0.0, 0.0, 1.0, 100.0]))
    >>> found.to_values(found.to_scores(np.array([0.0, 1.0, 100.0]))).tolist()
    [0.0, 1.0, 100.0]
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    probabilities: list[float]  # ascending, 0 … 1
    values: list[float]  # ascending; twice where one is shared: the ends of its interval

    @classmethod
    def fit(cls, values: np.ndarray) -> Self:
        """Learn the quantiles of ``values (n,)``, finite numbers."""
        distinct, counts = np.unique(values, return_counts=True)
        upper = np.cumsum(counts) / len(values)
        lower = upper - counts / len(values)
        shared = (counts > 1) & (counts / len(values) >= SHARED)
        kept = ~shared
        if len(distinct) > MAX_KNOTS:
            places = np.searchsorted(upper, np.linspace(0, 1, MAX_KNOTS)).clip(0, len(distinct) - 1)
            kept &= np.isin(np.arange(len(distinct)), places)
            kept[[0, -1]] |= ~shared[[0, -1]]
        p = np.concatenate([((lower + upper) / 2)[kept], lower[shared], upper[shared]])
        v = np.concatenate([distinct[kept], distinct[shared], distinct[shared]])
        order = np.lexsort((p, v))
        return cls(probabilities=p[order].tolist(), values=v[order].tolist())

    def to_scores(self, values: np.ndarray, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return the normal scores of ``values (n,)``; of a shared one the middle of its interval, or a draw from it.

        Values between two observed ones are interpolated, those beyond are the outermost.
        """
        known, p = np.array(self.values), np.array(self.probabilities)
        lower = upper = _interpolated(values, known, p)
        first, last = np.searchsorted(known, values, "left"), np.searchsorted(known, values, "right") - 1
        shared = last > first
        lower, upper = np.where(shared, p[first.clip(0, len(p) - 1)], lower), np.where(shared, p[last], upper)
        where = 0.5 if rng is None else rng.random(len(values))
        return special.ndtri((lower + where * (upper - lower)).clip(_EDGE, 1 - _EDGE))

    def to_values(self, scores: np.ndarray) -> np.ndarray:
        """Return the numbers of ``scores (n,)``, within the observed range."""
        return _interpolated(special.ndtr(scores), np.array(self.probabilities), np.array(self.values))


def _interpolated(x: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """As `numpy.interp`, also where differences of numbers overflow."""
    if len(known) == 1:
        return np.full(len(x), values[0])
    right = np.searchsorted(known, x, "right").clip(1, len(known) - 1)
    low, high = known[right - 1] / 2, known[right] / 2
    step = np.where(high > low, high - low, 1)
    share = ((x / 2 - low) / step).clip(0, 1)
    left, right = values[right - 1], values[right]
    return np.where(left == right, left, (1 - share) * left + share * right)  # a shared value exactly
