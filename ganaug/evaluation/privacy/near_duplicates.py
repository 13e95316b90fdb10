"""Samples that lie far nearer to another sample than samples lie to each other: copies, in whatever form."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.stats import poisson
from sklearn.neighbors import NearestNeighbors

from ganaug.evaluation.intervals import LEVEL, difference_interval, proportion_interval
from ganaug.evaluation.samples import evenly

Disguises: TypeAlias = Callable[[np.ndarray], Iterator[tuple[str, np.ndarray]]]
AS_IT_IS = "as it is"
NEAR = (0.05, 0.1, 0.2, 0.3)  # times the distance between the sample and its own neighbour
NEAR_IN_FEATURES = (0.3, 0.4, 0.5)  # features change with what a copy underwent, but less than from sample to sample
_MAX_INDEXED, _MAX_ASKED = 5_000, 1_000  # samples of a class; more are thinned evenly
_IMPROBABLE = 1e-4  # of so many near duplicates of one sample by chance


@dataclass(frozen=True)
class Nearest:
    """The two nearest samples of a set, for each of some samples.

    Attributes
    ----------
    distances : ndarray of shape (n, 2)
        In the form in which they are nearest; infinite where there is no second.
    index : ndarray of shape (n, 2)
        Positions in the set.
    forms : list of str
        In which form each lies nearest to the first.
    """

    distances: np.ndarray
    index: np.ndarray
    forms: list[str]


class Index:
    """A set of encoded samples in which nearest ones are looked for in every form.

    Parameters
    ----------
    samples : ndarray of shape (n, *sample_shape)
    disguises : callable
        Of the `Kind`.
    """

    def __init__(self, samples: np.ndarray, disguises: Disguises) -> None:
        self.samples = samples[evenly(len(samples), _MAX_INDEXED)]
        self.disguises = disguises
        _, plain = next(disguises(self.samples))
        self.search = NearestNeighbors(n_neighbors=min(3, len(plain))).fit(plain)

    def nearest(self, asked: np.ndarray, *, own: np.ndarray | None = None) -> Nearest:
        """Return the nearest two of every sample; `own` are the positions of samples that are in the set themselves."""
        n, distances, index, names = len(asked), [], [], []
        for name, form in self.disguises(asked):
            d, i = self.search.kneighbors(form)
            distances.append(d)
            index.append(i)
            names += [name] * d.shape[1]
        d, i = np.concatenate(distances, 1), np.concatenate(index, 1)
        if own is not None:
            d = np.where(i == own[:, None], np.inf, d)
        rows, first = np.arange(n), d.argmin(1)
        other = np.where(i == i[rows, first][:, None], np.inf, d)
        second = other.argmin(1)
        return Nearest(
            np.column_stack([d[rows, first], other[rows, second]]),
            np.column_stack([i[rows, first], i[rows, second]]),
            [names[k] for k in first],
        )


@dataclass(frozen=True)
class Closeness:
    """How near samples lie to a set, in units of the distance from the sample they are nearest to to its own neighbour.

    Attributes
    ----------
    ratios : ndarray of shape (n,)
    index : ndarray of shape (n,)
        Of the nearest sample of the set.
    forms : list of str
    """

    ratios: np.ndarray
    index: np.ndarray
    forms: list[str]

    def count(self, near: float) -> int:
        """Return how many lie so near."""
        return int((self.ratios <= near).sum())

    def form(self, near: float) -> str:
        """Return the commonest form of those that lie so near, in words."""
        forms = Counter(form for form, ratio in zip(self.forms, self.ratios, strict=True) if ratio <= near)
        return forms.most_common(1)[0][0] if forms else AS_IT_IS


class Reference:
    """A set of real samples, how near they lie to each other, and how near others lie to them."""

    def __init__(self, samples: np.ndarray, disguises: Disguises) -> None:
        self.index = Index(samples, disguises)
        self.asked = evenly(len(self.index.samples), _MAX_ASKED)
        everything = np.arange(len(self.index.samples))
        self.among = self.index.nearest(self.index.samples, own=everything)

    def closeness(self, samples: np.ndarray) -> Closeness:
        """Measure other samples."""
        found = self.index.nearest(samples[evenly(len(samples), _MAX_ASKED)])
        return _closeness(found, self.among.distances[found.index[:, 0], 0])

    def own_closeness(self) -> Closeness:
        """Measure the set's own samples, each as if it were not in the set."""
        own = self.among
        neighbour = own.index[self.asked, 0]
        # The neighbour's own neighbour is the sample itself, or another: the sample itself does not count.
        back = own.index[neighbour, 0] == self.asked
        unit = np.where(back, own.distances[neighbour, 1], own.distances[neighbour, 0])
        found = Nearest(own.distances[self.asked], own.index[self.asked], [own.forms[k] for k in self.asked])
        return _closeness(found, unit)


def _closeness(found: Nearest, unit: np.ndarray) -> Closeness:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(unit > 0, found.distances[:, 0] / unit, np.where(found.distances[:, 0] > 0, np.inf, 0.0))
    return Closeness(np.where(np.isnan(ratios), np.inf, ratios), found.index[:, 0], found.forms)


@dataclass(frozen=True)
class Excess:
    """How many more samples than real ones lie near a set.

    Attributes
    ----------
    near : float
        Of `NEAR` or `NEAR_IN_FEATURES`: where the excess is surest.
    rate, real : float
        Shares of samples, and of real samples, that lie so near.
    low, high : float
        Bounds of the difference, allowing for the choice of `near`.
    form : str
        The commonest form of those that do.
    n : int
        Real samples.
    """

    near: float
    rate: float
    real: float
    low: float
    high: float
    form: str
    n: int


def find_excess(
    found: Closeness, real: list[Closeness], level: float = LEVEL, distances: Sequence[float] = NEAR
) -> Excess:
    """Compare the rate of near duplicates with that of real samples, at the distance where the difference is surest."""
    best = None
    m = sum(len(part.ratios) for part in real)
    for near in distances:
        hits, others = found.count(near), sum(part.count(near) for part in real)
        n = len(found.ratios)
        _, low, high = difference_interval(hits, n, others, m, level / len(distances))
        excess = Excess(near, hits / n, others / max(1, m), low, high, found.form(near), m)
        if best is None or excess.low > best.low:
            best = excess
    assert best is not None
    return best


def find_crowd(found: Closeness, real: list[Closeness]) -> tuple[int, float]:
    """Return how many samples lie near the one of the set that has most, and the chance of as many.

    The chance is Poisson's, with the upper bound of the rate at which real samples are near duplicates, and three times
    the mean for samples in dense places.
    """
    near = NEAR[2]
    close = found.index[found.ratios <= near]
    if not len(close):
        return 0, 1.0
    m, others = sum(len(part.ratios) for part in real), sum(part.count(near) for part in real)
    rate = proportion_interval(others, m)[1]
    counts = np.bincount(close)
    members = max(1, len(np.unique(found.index)))
    expected = 3 * rate * len(found.ratios) / members
    return int(counts.max()), float(min(1.0, members * poisson.sf(counts.max() - 1, expected)))


def crowded(chance: float) -> bool:
    """Whether so many near duplicates of one sample are no chance."""
    return chance < _IMPROBABLE
