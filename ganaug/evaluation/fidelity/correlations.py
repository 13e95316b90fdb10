"""How pairs of columns belong together, in two tables."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from ganaug.data.codec import Span
from ganaug.evaluation.samples import Samples, Score

_BINS = 10  # equal shares of the real values that a number is cut into for mutual information
_MAX_ENTRIES = 300  # encoded entries in the table of dependences; beyond, the pairs would take minutes
_MIN_SHARE = 0.02  # of the real rows: the correlation of a rarer level is noise


class Difference(NamedTuple):
    """A pair of columns whose dependence differs."""

    first: int  # position in the schema
    second: int
    real: float  # correlation, in [-1, 1]
    made: float
    p: float  # of a difference so large by chance, for this pair alone


def measure_correlations(real: Samples, made: Samples) -> dict[str, Score]:
    """Mean absolute difference, over pairs of columns, of correlation (numbers) and of mutual information (all)."""
    if real.encoded.ndim > 2:
        return {}
    scores = {}
    numbers = [span.start for span in real.spans if span.activation != "softmax"]
    if len(numbers) > 1:
        a, b = (correlations(samples.encoded[:, numbers]) for samples in (real, made))
        scores["correlation difference"] = Score(float(np.abs(a - b).mean()), "lower")
    if len(real.spans) > 1:
        first, second = (mutual_information(_levels(samples, real)) for samples in (real, made))
        scores["mutual information difference"] = Score(float(np.abs(first - second).mean()), "lower")
    return scores


def correlations(numbers: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of every pair of columns of ``numbers (n, k)``; 0 where one is constant."""
    return _correlation_matrix(numbers)[np.triu_indices(numbers.shape[1], 1)]


def compare_pairs(real: Samples, made: Samples) -> Iterator[Difference]:
    """Yield how the dependence of every pair of columns differs, with the chance of it by Fisher's z.

    A number enters by its normal score in the real data, which outliers do not move, and by the square of that, which
    shows dependences that are no straight line; a category by its levels. Of the pairs of such entries the one that
    differs most stands for two columns, and its p-value is multiplied by their number.
    """
    entries = [entry for span in real.spans for entry in _entries(real, made, span)][:_MAX_ENTRIES]
    if len(entries) < 2:
        return
    columns = np.array([column for column, *_ in entries])
    a, b = (_correlation_matrix(np.column_stack([entry[i] for entry in entries])) for i in (1, 2))
    z = np.abs(np.arctanh(a.clip(-0.999, 0.999)) - np.arctanh(b.clip(-0.999, 0.999)))
    z /= np.sqrt(1 / max(1, len(real) - 3) + 1 / max(1, len(made) - 3))
    for i, first in enumerate(present := np.unique(columns)):
        for second in present[i + 1 :]:
            block = np.ix_(columns == first, columns == second)
            most = np.unravel_index(z[block].argmax(), z[block].shape)
            p = min(1.0, 2 * float(ndtr(-z[block][most])) * z[block].size)
            yield Difference(int(first), int(second), float(a[block][most]), float(b[block][most]), p)


def mutual_information(levels: list[np.ndarray]) -> np.ndarray:
    """Return the mutual information, in nats, of every pair of columns given as one-hot rows ``(n, k_i)``."""
    starts = np.cumsum([0, *[part.shape[1] for part in levels]])
    joined = np.concatenate(levels, axis=1, dtype=np.float64)
    joint, share = joined.T @ joined / len(joined), joined.mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * (np.log(joint) - np.log(np.outer(share, share))), 0.0)
    blocks = np.add.reduceat(np.add.reduceat(terms, starts[:-1], axis=0), starts[:-1], axis=1)
    return blocks[np.triu_indices(len(levels), 1)]


def _correlation_matrix(numbers: np.ndarray) -> np.ndarray:
    centred = numbers - numbers.mean(0, dtype=np.float64)
    length = np.linalg.norm(centred, axis=0)
    scaled = centred / np.where(length > 1e-6 * np.sqrt(len(numbers)), length, np.inf)
    return scaled.T @ scaled


def _entries(real: Samples, made: Samples, span: Span) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    a, b = (samples.encoded[:, span.start : span.start + span.dim] for samples in (real, made))
    if span.activation == "softmax":
        for i in np.flatnonzero((a.mean(0) > _MIN_SHARE) & (a.mean(0) < 1 - _MIN_SHARE)):
            yield span.column, a[:, i], b[:, i]
        return
    order = np.sort(a[:, 0])
    x, y = (_normal_scores(values[:, 0], order) for values in (a, b))
    yield span.column, x, y
    yield span.column, x**2, y**2


def _normal_scores(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the quantile of the normal distribution at each value's rank among sorted values."""
    ranks = (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")) / 2
    return ndtri((ranks + 0.5) / (len(order) + 1))


def _levels(samples: Samples, real: Samples) -> list[np.ndarray]:
    """Return every span as one-hot rows; numbers are cut where the real ones fall into equal shares."""
    return [_one_hot(samples, real, span) for span in real.spans]


def _one_hot(samples: Samples, real: Samples, span: Span) -> np.ndarray:
    if span.activation == "softmax":
        return samples.encoded[:, span.start : span.start + span.dim]
    cuts = np.unique(np.quantile(real.encoded[:, span.start], np.arange(1, _BINS) / _BINS))
    return np.eye(len(cuts) + 1)[np.searchsorted(cuts, samples.encoded[:, span.start], side="right")]
