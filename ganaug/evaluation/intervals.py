"""Intervals that hold with few samples: every verdict rests on them."""

import math

import numpy as np
from scipy.stats import beta, t as student

LEVEL = 0.05
MIN_HELD_OUT = 15  # held-out samples of a class: with fewer a question about it cannot be judged
_DRAWS = 20_000  # of the largest of several Student's t
_ADDED = 0.05  # weight of the sample that each class is given at either bound


def proportion_interval(hits: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the bounds of Jeffreys' Bayesian interval of a share, 0 and 1 where nothing or everything was hit.

    See Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286.

    Examples
    --------
    >>> low, high = proportion_interval(0, 10)
    >>> low, round(high, 2)
    (0.0, 0.22)
    """
    if n == 0:
        return 0.0, 1.0
    low = float(beta.ppf(level / 2, hits + 0.5, n - hits + 0.5)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - level / 2, hits + 0.5, n - hits + 0.5)) if hits < n else 1.0
    return low, high


def difference_interval(hits: float, n: int, others: float, m: int, level: float = LEVEL) -> tuple[float, float, float]:
    """Return the difference of two independent shares and its bounds (Newcombe 1998, method 10).

    Parameters
    ----------
    hits, n : float, int
        Of the first share.
    others, m : float, int
        Of the share that is subtracted.
    level : float, default=0.05
        1 - confidence.
    """
    first, second = (proportion_interval(k, size, level) for k, size in ((hits, n), (others, m)))
    p, q = hits / max(1, n), others / max(1, m)
    low = p - q - math.hypot(p - first[0], second[1] - q)
    return p - q, max(-1.0, low), min(1.0, p - q + math.hypot(first[1] - p, q - second[0]))


def class_mean_interval(
    values: np.ndarray,
    c: np.ndarray,
    group: np.ndarray,
    *,
    bounds: tuple[float, float] = (-1.0, 1.0),
    level: float = LEVEL,
) -> tuple[float, float, float]:
    """Return the mean over classes of bounded values of held-out samples, and the bounds of its interval.

    Two sources of error are added: which samples were held out (within each class), and the seeds of the fits. Where a
    class has few samples, they may all agree by chance, and their variance says nothing. Each class is therefore given
    two samples more, one at either bound, in the manner of Agresti and Min 2005 (doi:10.1002/sim.1781), but of weight
    0.05: chosen by simulation so that 10 to 60 samples are covered in about 95 %, and 5 in no less
    (examples/benchmarks/evaluation.py --coverage). Degrees of freedom are Welch's and Satterthwaite's.

    Parameters
    ----------
    values : ndarray of shape (repeats, n) or (n,)
        Within `bounds`.
    c : ndarray of shape (n,)
        Classes.
    group : ndarray
        Classes that enter.
    bounds : (float, float), default=(-1, 1)
        What a value can be; a share of right answers is in (0, 1), a difference of two in (-1, 1).
    level : float, default=0.05
        1 - confidence.

    Examples
    --------
    >>> value, low, high = class_mean_interval(np.zeros(5), np.zeros(5, int), np.array([0]))
    >>> value, round(high, 1)
    (0.0, 0.2)
    """
    values = np.atleast_2d(values)
    ends = np.array(bounds)
    variances, freedom, by_class, centres = [], [], [], []
    for k in group:
        own = values[:, c == k]
        by_class.append(own.mean(1))
        each, n = own.mean(0), own.shape[1] + 2 * _ADDED
        centre = (each.sum() + _ADDED * ends.sum()) / n
        variance = (((each - centre) ** 2).sum() + _ADDED * ((ends - centre) ** 2).sum()) / max(n - 1, _ADDED)
        centres.append(centre)
        variances.append(variance / n / len(group) ** 2)
        freedom.append(own.shape[1])
    repeated = np.mean(by_class, axis=0)
    if len(repeated) > 1:
        variances.append(repeated.var(ddof=1) / len(repeated))
        freedom.append(len(repeated) - 1)
    parts = np.array(variances)
    total, centre = parts.sum(), float(np.mean(centres))
    df = total**2 / (parts**2 / freedom).sum()
    half = float(student.ppf(1 - level / 2, df)) * math.sqrt(total)
    value = float(repeated.mean())
    return value, max(bounds[0], min(value, centre - half)), min(bounds[1], max(value, centre + half))


def corrected_intervals(differences: np.ndarray, ratio: float, level: float = LEVEL) -> np.ndarray:
    """Return the means of scores over the splits of a cross-validation, and bounds that hold for all at once.

    Splits share training samples, so their scores are no independent draws: the variance of a mean is taken for
    ``(1 / n + ratio)`` times that of the scores (Nadeau and Bengio 2003, doi:10.1023/A:1024068626366). Several
    differences from one rival go up and down together; the bounds allow for their number and their correlation, by the
    largest of as many correlated Student's t (Dunnett 1955; Hothorn, Bretz and Westfall 2008,
    doi:10.1002/bimj.200810425), which is drawn 20,000 times.

    Parameters
    ----------
    differences : ndarray of shape (n, k)
        Scores, or differences of two scores, by split.
    ratio : float
        Samples that judge, as a share of those that are learnt from: 0.25 for 5 folds.
    level : float, default=0.05
        1 - confidence.

    Returns
    -------
    ndarray of shape (k, 3)
        Mean, low, high.

    Examples
    --------
    >>> corrected_intervals(np.array([[0.0], [0.1], [0.2]]), 0.5).round(2).tolist()
    [[0.1, -0.29, 0.49]]
    """
    n, k = differences.shape
    means, deviations = differences.mean(0), differences.std(0, ddof=1)
    critical = float(student.ppf(1 - level / 2, n - 1))
    varying = deviations > 1e-12
    if varying.sum() > 1:
        rng = np.random.default_rng(0)
        correlation = np.corrcoef(differences[:, varying], rowvar=False)
        drawn = rng.multivariate_normal(np.zeros(len(correlation)), correlation, _DRAWS, method="eigh")
        drawn /= np.sqrt(rng.chisquare(n - 1, (_DRAWS, 1)) / (n - 1))
        critical = float(np.quantile(np.abs(drawn).max(1), 1 - level))
    half = critical * np.sqrt(1 / n + ratio) * deviations
    return np.column_stack([means, means - half, means + half])
