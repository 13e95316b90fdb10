"""How far the single columns of two tables differ."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import chi2, ks_2samp, wasserstein_distance

from ganaug.evaluation.samples import Samples, Score

KS, TV, WASSERSTEIN = "Kolmogorov-Smirnov", "total variation", "Wasserstein"


def total_variation(real: np.ndarray, made: np.ndarray) -> float:
    """Return half the summed difference of two sets of one-hot rows' mean: 0 (same shares) … 1 (nothing shared)."""
    if not len(real) or not len(made):
        raise ValueError(f"expected at least 1 row of each; got {len(real)} and {len(made)}")
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


def compare_columns(real: Samples, made: Samples) -> Iterator[tuple[int, float, float]]:
    """Yield position, how far a column differs (0 … 1), and the p-value of Kolmogorov-Smirnov or chi-squared."""
    for span in real.spans:
        a, b = (samples.encoded[:, span.start : span.start + span.dim] for samples in (real, made))
        if span.activation == "softmax":
            yield span.column, total_variation(a, b), _chi_squared(a.sum(0), b.sum(0))
        else:
            test = ks_2samp(a[:, 0], b[:, 0], method="asymp")
            yield span.column, float(test.statistic), float(test.pvalue)


def _chi_squared(first: np.ndarray, second: np.ndarray) -> float:
    """Return the p-value of a test that counts have the same shares; levels of few expected samples are joined."""
    table = np.array([first, second], dtype=float)
    rare = table.sum(0) * table.sum(1).min() / table.sum() < 5
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(1)])
    table = table[:, table.sum(0) > 0]
    if table.shape[1] < 2:
        return 1.0
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return float(chi2.sf(((table - expected) ** 2 / expected).sum(), table.shape[1] - 1))


def measure_marginals(real: Samples, made: Samples) -> dict[str, Score]:
    """Means over columns of Kolmogorov-Smirnov statistic, Wasserstein distance and total variation."""
    if real.encoded.ndim > 2:
        return {}
    found: dict[str, list[float]] = {}
    for _, metric, value in by_column(real, made):
        found.setdefault(metric, []).append(value)
    return {metric: Score(float(np.mean(values)), "lower") for metric, values in found.items()}
