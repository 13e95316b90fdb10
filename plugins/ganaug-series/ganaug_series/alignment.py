"""Dynamic time warping of many pairs of series at once."""

from typing import NamedTuple

import numpy as np

_BAND = 0.15  # of the length: how far two series may be shifted against each other (Sakoe & Chiba 1978)
_CELLS_AT_ONCE = 2**24  # of the tables of costs


class Paths(NamedTuple):
    """Which time points of two series correspond, for many pairs; paths that end early repeat their last step."""

    first: np.ndarray  # (n, steps), int: non-decreasing time points of the first series
    second: np.ndarray  # the same of the second
    length: np.ndarray  # (n,): steps before repetition


def align(a: np.ndarray, b: np.ndarray) -> Paths:
    """Return the warping paths of least squared distance between ``a`` and ``b``, pair by pair.

    Parameters
    ----------
    a, b : ndarray of shape (n, channels, timepoints)
        All channels are warped together.

    Examples
    --------
    >>> early, late = np.eye(20)[[4]][:, None], np.eye(20)[[6]][:, None]
    >>> path = align(early, late)
    >>> (6 in path.second[0][path.first[0] == 4], path.first[0][[0, -1]].tolist())
    (True, [0, 19])
    """
    step = max(1, _CELLS_AT_ONCE // a.shape[2] ** 2)
    parts = [_align(a[i : i + step], b[i : i + step]) for i in range(0, len(a), step)]
    return Paths(*(np.concatenate([part[k] for part in parts]) for k in range(3)))


def _align(a: np.ndarray, b: np.ndarray) -> Paths:
    n, _, t = a.shape
    squares = np.einsum("nct,nct->nt", a, a)[:, :, None] + np.einsum("nct,nct->nt", b, b)[:, None]
    cost = np.full((n, t + 1, t + 1), np.inf, np.float32)
    cost[:, 1:, 1:] = np.maximum(squares - 2 * np.einsum("ncs,nct->nst", a, b, optimize=True), 0)
    times = np.arange(t)
    outside = np.abs(times[:, None] - times) > max(2, _BAND * t)
    cost[:, 1:, 1:][:, outside] = np.inf
    cost[:, 0, 0] = 0
    for diagonal in range(2, 2 * t + 1):  # cells of one diagonal depend on the two before alone
        i = np.arange(max(1, diagonal - t), min(t, diagonal - 1) + 1)
        j = diagonal - i
        before = np.minimum(np.minimum(cost[:, i - 1, j], cost[:, i, j - 1]), cost[:, i - 1, j - 1])
        cost[:, i, j] += before
    return _trace(cost)


def _trace(cost: np.ndarray) -> Paths:
    """Follow each table of least costs ``(n, t + 1, t + 1)`` from its last cell back to the first."""
    n, t = len(cost), cost.shape[1] - 1
    rows, i, j = np.arange(n), np.full(n, t), np.full(n, t)
    steps = [(i, j)]
    while (i > 1).any() or (j > 1).any():
        before = np.stack([cost[rows, i - 1, j - 1], cost[rows, i - 1, j], cost[rows, i, j - 1]])
        way = before.argmin(0)
        at_start = (i == 1) & (j == 1)
        i, j = np.where(at_start, i, i - (way < 2)), np.where(at_start, j, j - (way != 1))
        steps.append((i, j))
    first, second = (np.stack([step[k] for step in steps[::-1]], axis=1) - 1 for k in range(2))
    ahead = ((first == 0) & (second == 0)).sum(axis=1) - 1  # steps before the path leaves its first cell
    places = np.minimum(np.arange(first.shape[1]) + ahead[:, None], first.shape[1] - 1)
    length = first.shape[1] - ahead
    return Paths(np.take_along_axis(first, places, 1), np.take_along_axis(second, places, 1), length)


def resample(values: np.ndarray, times: np.ndarray, n: int) -> np.ndarray:
    """Return ``values (k, channels, m)`` at non-decreasing ``times (k, m)`` as n evenly spaced ones, interpolated.

    Examples
    --------
    >>> resample(np.array([[[0.0, 2, 4]]]), np.array([[0.0, 1, 2]]), 5).tolist()
    [[[0.0, 1.0, 2.0, 3.0, 4.0]]]
    """
    made = np.empty((*values.shape[:2], n), np.float32)
    for k, (series, at) in enumerate(zip(values, times, strict=True)):
        wanted = np.linspace(at[0], at[-1], n)
        above = np.searchsorted(at, wanted, side="left").clip(1, len(at) - 1)
        low, high = at[above - 1], at[above]
        share = np.where(high > low, (wanted - low) / np.where(high > low, high - low, 1), 1.0)
        made[k] = series[:, above - 1] * (1 - share) + series[:, above] * share
    return made
