"""Near duplicates between the data sets: then nothing can be judged."""

from collections.abc import Iterator, Mapping

import numpy as np

from ganaug.evaluation.intervals import LEVEL, proportion_interval
from ganaug.evaluation.privacy.answer import membership
from ganaug.evaluation.privacy.near_duplicates import (
    AS_IT_IS,
    NEAR,
    Closeness,
    Disguises,
    Index,
    Nearest,
    Reference,
    find_excess,
)
from ganaug.evaluation.samples import evenly

_MIN_SAMPLES = 4  # of a class in a set: fewer have no typical distance
_MAX_ASKED = 1_000  # samples of a class; more are thinned evenly
_LEAKING = 0.05  # lower bound of the share of held-out samples that are near duplicates, beyond what chance gives
_AUC_LIMIT, _SURE = 0.45, 3.3  # upper bound of the membership AUC, in so many standard errors (p < .001)


def find_near_leaks(
    training: tuple[np.ndarray, np.ndarray],
    held_out: tuple[np.ndarray, np.ndarray],
    made: tuple[np.ndarray, np.ndarray],
    names: Mapping[int, str],
    disguises: Disguises,
) -> Iterator[str]:
    """Yield in words where held-out samples are near duplicates of training samples, or of synthetic ones.

    A held-out sample is a near duplicate where it lies several times nearer to a sample than that to its own neighbour.
    How often that happens by chance is told by the training samples among each other, and by their number of
    dimensions as distances show it (Facco et al. 2017, doi:10.1038/s41598-017-11873-y).

    Parameters
    ----------
    training, held_out, made : (ndarray, ndarray)
        Encoded samples and their classes.
    names : dict of int to str
        Of classes.
    disguises : callable
        Of the `Kind`.
    """
    for k, name in names.items():
        x, x_test, x_made = (x[c == k] for x, c in (training, held_out, made))
        if min(len(x), len(x_test)) < _MIN_SAMPLES:
            continue
        x_test = x_test[evenly(len(x_test), _MAX_ASKED)]
        reference = Reference(x, disguises)
        level = LEVEL / len(names)
        found = reference.closeness(x_test)
        rate = _surplus(found, reference.own_closeness(), 1.0, _dimension(reference.among), level)
        if rate:
            yield (
                f"{rate:.0%} of the held-out samples of class {name} are near duplicates of a training sample"
                f"{_form(found)}: nothing can be judged on what was learnt from"
            )
        if len(x_made) < _MIN_SAMPLES:
            continue
        index = Index(x_made, disguises)
        to_training = reference.index.nearest(x_test).distances[:, 0]
        asked = reference.asked
        near_made, learnt_near = index.nearest(x_test), index.nearest(reference.index.samples[asked])
        held = _ratios(near_made, to_training)
        learnt = _ratios(learnt_near, reference.among.distances[asked, 0])
        odds = len(index.samples) / len(reference.index.samples)
        rate = _surplus(held, learnt, odds, _dimension(reference.among), level)
        auc, error = membership(learnt_near.distances[:, 0], near_made.distances[:, 0])
        if rate:
            yield (
                f"{rate:.0%} of the held-out samples of class {name} are near duplicates of a synthetic one"
                f"{_form(held)}: what made these has seen the held-out data"
            )
        elif auc + _SURE * error < _AUC_LIMIT:
            yield (
                f"held-out samples of class {name} lie nearer to the synthetic ones than training samples do "
                f"(membership AUC {auc:.2f}, surely under 0.5): what made these has seen the held-out data"
            )


def _ratios(found: Nearest, unit: np.ndarray) -> Closeness:
    d = found.distances[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(unit > 0, d / unit, np.where(d > 0, np.inf, 0.0))
    return Closeness(ratios, found.index[:, 0], found.forms)


def _form(found: Closeness) -> str:
    form = found.form(NEAR[1])
    return "" if form == AS_IT_IS else f" ({form})"


def _dimension(among: Nearest) -> float:
    """Return the number of dimensions that the ratio of the two nearest distances shows; 0 where samples repeat."""
    first, second = among.distances.T
    known = (first > 0) & np.isfinite(second)
    if known.mean() < 0.95:
        return 0.0
    return float(np.log(2) / max(1e-9, np.log(np.median(second[known] / first[known]))))


def _surplus(found: Closeness, usual: Closeness, odds: float, dimension: float, level: float) -> float:
    """Return the share of near duplicates where it is surely more than usual, or than chance gives; else 0."""
    excess = find_excess(found, [usual], level)
    if excess.low > _LEAKING:
        return excess.rate
    n = len(found.ratios)
    for near in NEAR[:2] if dimension else ():
        hits = found.count(near)
        chance = 2 * odds * near**dimension / (1 + odds * near**dimension)
        if proportion_interval(hits, n, level / 4)[0] > chance + _LEAKING:
            return hits / n
    return 0.0
