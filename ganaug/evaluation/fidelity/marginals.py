"""How far the columns of two tables differ: each alone, and in pairs."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import ks_2samp, wasserstein_distance

from ganaug.data.codec import Span
from ganaug.evaluation.samples import Samples, Score

KS, TV, WASSERSTEIN = "Kolmogorov-Smirnov", "total variation", "Wasserstein"
_BINS = 10  # equal shares of the real values that a number is cut into for mutual information


def total_variation(real: np.ndarray, made: np.ndarray) -> float:
    """Return half the summed difference of two sets of one-hot rows' mean: 0 (same shares) … 1 (nothing shared)."""
    return float(np.abs(real.mean(0) - made.mean(0)).sum() / 2)


def by_column(real: Samples, made: Samples) -> Iterator[tuple[int, str, float]]:
    """Yield position in the schema, metric and value for every column.

    Numbers get the Kolmogorov-Smirnov statistic (0 … 1) and the Wasserstein distance in standard deviations of the real
    data; categories, and whether a number is missing or its dominant value, the total variation (0 … 1).
    """
    for span in real.spans:
        a, b = (samples.encoded[:, span.start : span.start + span.dim] for samples in (real, made))
        if span.activation == "softmax":
            yield span.column, TV, total_variation(a, b)
        else:
            yield span.column, KS, float(ks_2samp(a[:, 0], b[:, 0], method="asymp").statistic)
            yield span.column, WASSERSTEIN, float(wasserstein_distance(a[:, 0], b[:, 0]))


def columns(real: Samples, made: Samples) -> dict[str, Score]:
    """Means over columns of Kolmogorov-Smirnov statistic, Wasserstein distance and total variation."""
    if real.encoded.ndim > 2:
        return {}
    found: dict[str, list[float]] = {}
    for _, metric, value in by_column(real, made):
        found.setdefault(metric, []).append(value)
    return {metric: Score(float(np.mean(values)), "lower") for metric, values in found.items()}


def pairs(real: Samples, made: Samples) -> dict[str, Score]:
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
    centred = numbers - numbers.mean(0, dtype=np.float64)
    length = np.linalg.norm(centred, axis=0)
    scaled = centred / np.where(length > 1e-6 * np.sqrt(len(numbers)), length, np.inf)
    return (scaled.T @ scaled)[np.triu_indices(numbers.shape[1], 1)]


def mutual_information(levels: list[np.ndarray]) -> np.ndarray:
    """Return the mutual information, in nats, of every pair of columns given as one-hot rows ``(n, k_i)``."""
    starts = np.cumsum([0, *[part.shape[1] for part in levels]])
    joined = np.concatenate(levels, axis=1, dtype=np.float64)
    joint, share = joined.T @ joined / len(joined), joined.mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * (np.log(joint) - np.log(np.outer(share, share))), 0.0)
    blocks = np.add.reduceat(np.add.reduceat(terms, starts[:-1], axis=0), starts[:-1], axis=1)
    return blocks[np.triu_indices(len(levels), 1)]


def _levels(samples: Samples, real: Samples) -> list[np.ndarray]:
    """Return every span as one-hot rows; numbers are cut where the real ones fall into equal shares."""
    return [_one_hot(samples, real, span) for span in real.spans]


def _one_hot(samples: Samples, real: Samples, span: Span) -> np.ndarray:
    if span.activation == "softmax":
        return samples.encoded[:, span.start : span.start + span.dim]
    cuts = np.unique(np.quantile(real.encoded[:, span.start], np.arange(1, _BINS) / _BINS))
    return np.eye(len(cuts) + 1)[np.searchsorted(cuts, samples.encoded[:, span.start], side="right")]
