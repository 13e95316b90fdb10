"""Whether synthetic samples were copied from the training data, or give it away."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from ganaug.evaluation.fidelity.neighbourhoods import kth_distances, nearest_distances
from ganaug.evaluation.fidelity.two_sample import auc_error
from ganaug.evaluation.privacy.leakage import digests
from ganaug.evaluation.result import OVERALL, Answer, Measurement, Verdict
from ganaug.evaluation.samples import Samples, evenly

WARNING = (
    "None of this is differential privacy: the numbers say what simple attacks find, not what none can find, and they "
    "say nothing about a single person. Do not publish synthetic samples of confidential data on their strength."
)
RATIO, EXACT, NEAR = "distance ratio", "exact duplicates", "near duplicates"
ACCURACY, LOSS, MEMBERSHIP = "adversarial accuracy", "privacy loss", "membership AUC"
_FEWEST = 10  # samples of a class in each of the three sets
_MOST = 5_000  # of a class in each; more are thinned evenly
_NEAR = 0.05  # quantile of distances between training samples that counts as near
_DRAWS, _MOST_DRAWN = 5, 1_000  # draws of equally many samples, for the adversarial accuracy
_GIVEN_AWAY, _SUSPECT = 0.6, 0.53  # lower bounds of the membership AUC
_COPIED = 0.01  # excess share of exact duplicates
_SURE, _SURE_OF_ONE = 1.96, 3.0  # standard errors: over all classes; for one of many


@dataclass(frozen=True)
class _Distances:
    """Distances between the samples of one class, divided by the median from held-out to training samples."""

    made_to_training: np.ndarray
    held_to_training: np.ndarray
    training_to_made: np.ndarray
    held_to_made: np.ndarray
    within_training: np.ndarray
    copied: np.ndarray  # whether a synthetic sample equals a training sample
    twins: np.ndarray  # whether a held-out one does
    unit: float


def answer_privacy(
    training: Samples, held_out: Samples, made: Samples, names: Mapping[int, str], rng: np.random.Generator
) -> Answer:
    """Compare distances of synthetic and of held-out samples to the training samples, class by class.

    Parameters
    ----------
    training, held_out, made : Samples
        What was learnt from; real samples that were not; synthetic samples.
    names : dict of int to str
        Of classes.
    rng : numpy.random.Generator
        Draws equally many samples for the adversarial accuracy.
    """
    found, accuracies = {}, {}
    for condition, name in names.items():
        learnt, held, own = (_flat(samples.of(condition)) for samples in (training, held_out, made))
        if min(len(learnt), len(held), len(own)) >= _FEWEST:
            found[name] = _distances(learnt, held, own)
            accuracies[name] = _adversarial(learnt, held, own, rng)
    if not found:
        because = f"no class has {_FEWEST} training, held-out and synthetic samples"
        return Answer("privacy", Verdict("open", "cannot be judged", because), (), (WARNING,))
    pooled = _pooled(list(found.values()))
    weights = [len(d.held_to_training) for d in found.values()]
    on_training, on_held_out = np.average(list(accuracies.values()), axis=0, weights=weights)
    measured = [*_measurements(OVERALL, pooled, (float(on_training), float(on_held_out)))]
    for name, distances in found.items():
        measured += _measurements(name, distances, accuracies[name])
    left_out = [name for name in names.values() if name not in found]
    notes = (f"Privacy of {', '.join(left_out)} is not judged: fewer than {_FEWEST} samples.",) if left_out else ()
    drawn = {
        "to training": _drawn(found, synthetic="made_to_training", held_out="held_to_training"),
        "to synthetic": _drawn(found, training="training_to_made", held_out="held_to_made"),
    }
    return Answer("privacy", _verdict(pooled, found), tuple(measured), (*notes, WARNING), drawn)


def membership(members: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """Return AUC and standard error of an attack that takes those near to a synthetic sample for members.

    The full black-box attack of Chen et al. 2020 (GAN-Leaks, arXiv:1909.03935) without calibration: 0.5 if it finds
    nothing, 1 if it tells every training sample from every other.

    Parameters
    ----------
    members, others : ndarray of shape (n,), (m,)
        Distances from training samples, and from held-out ones, to the nearest synthetic sample.
    """
    is_member = np.repeat([1, 0], [len(members), len(others)])
    auc = float(roc_auc_score(is_member, -np.concatenate([members, others])))
    return auc, auc_error(auc, len(members), len(others))


def adversarial_accuracy(real: np.ndarray, made: np.ndarray) -> float:
    """Return the nearest-neighbour adversarial accuracy of two sets of equal size (Yale et al. 2020).

    The accuracy of telling the sets apart by whether the nearest other sample is of the same set: 0.5 if they are
    alike, 1 if they lie apart, 0 if each sample has a twin in the other set. doi:10.1016/j.neucom.2019.12.136.

    Parameters
    ----------
    real, made : ndarray of shape (n, dim)
    """
    alone = (nearest_distances(real, made) > kth_distances(real, 1)).mean()
    other = (nearest_distances(made, real) > kth_distances(made, 1)).mean()
    return float(alone + other) / 2


def _flat(samples: Samples) -> np.ndarray:
    return samples.encoded.reshape(len(samples), -1)


def _some(rows: np.ndarray) -> np.ndarray:
    return rows[evenly(len(rows), _MOST)]


def _distances(training: np.ndarray, held_out: np.ndarray, made: np.ndarray) -> _Distances:
    some, held_out, made = _some(training), _some(held_out), _some(made)
    held_to_training = nearest_distances(held_out, training)
    unit = float(np.median(held_to_training)) or 1.0
    learnt = set(digests(training))
    return _Distances(
        nearest_distances(made, training) / unit,
        held_to_training / unit,
        nearest_distances(some, made) / unit,
        nearest_distances(held_out, made) / unit,
        NearestNeighbors(n_neighbors=2).fit(training).kneighbors(some)[0][:, 1] / unit,
        np.array([digest in learnt for digest in digests(made)]),
        np.array([digest in learnt for digest in digests(held_out)]),
        unit,
    )


def _adversarial(
    training: np.ndarray, held_out: np.ndarray, made: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the adversarial accuracy against training and against held-out samples, averaged over draws."""
    n = min(len(training), len(held_out), len(made), _MOST_DRAWN)
    found = []
    for _ in range(_DRAWS):
        a, b, s = (part[rng.choice(len(part), n, replace=False)] for part in (training, held_out, made))
        found.append((adversarial_accuracy(a, s), adversarial_accuracy(b, s)))
    mean = np.mean(found, axis=0)
    return float(mean[0]), float(mean[1])


def _measurements(subject: str, d: _Distances, accuracy: tuple[float, float]) -> Iterator[Measurement]:
    held = float(np.median(d.held_to_training))
    ratio = float(np.median(d.made_to_training)) / held if held else math.nan
    near = float(np.quantile(d.within_training, _NEAR))
    auc, error = membership(d.training_to_made, d.held_to_made)
    on_training, on_held_out = accuracy
    yield Measurement(subject, RATIO, ratio, real=1.0, better="real")
    yield Measurement(subject, EXACT, float(d.copied.mean()), real=float(d.twins.mean()), better="lower")
    share, held_share = ((distances <= near).mean() for distances in (d.made_to_training, d.held_to_training))
    yield Measurement(subject, NEAR, float(share), real=float(held_share), better="lower")
    yield Measurement(subject, ACCURACY, on_training, real=0.5, better="real")
    yield Measurement(subject, LOSS, on_held_out - on_training, real=0.0, better="lower")
    bounds = {"low": max(0.0, auc - _SURE * error), "high": min(1.0, auc + _SURE * error)}
    yield Measurement(subject, MEMBERSHIP, auc, **bounds, real=0.5, better="lower")


def _verdict(pooled: _Distances, found: Mapping[str, _Distances]) -> Verdict:
    """Judge all classes together and each alone, the latter with more caution; the worst counts."""
    verdicts = [_judged(pooled, OVERALL, _SURE), *(_judged(d, name, _SURE_OF_ONE) for name, d in found.items())]
    return max(verdicts, key=lambda verdict: ("good", "fair", "bad").index(verdict.grade))


def _judged(d: _Distances, name: str, sure: float) -> Verdict:
    where = "" if name == OVERALL else f" of class {name}"
    copied, twins = d.copied.mean(), d.twins.mean()
    slack = sure * math.sqrt(max(twins * (1 - twins), 1 / len(d.twins)) / len(d.twins))
    if copied > twins + max(_COPIED, slack):
        because = f"{copied:.1%} of the synthetic samples{where} equal a training sample; {twins:.1%} of real ones do"
        return Verdict("bad", "copies training samples", because)
    auc, error = membership(d.training_to_made, d.held_to_made)
    low = auc - sure * error
    because = f"an attack tells training samples{where} from others with an AUC of {auc:.2f} (0.5: not at all)"
    if low > _GIVEN_AWAY:
        return Verdict("bad", "gives training samples away", because)
    if low > _SUSPECT:
        return Verdict("fair", "stays near the training samples", because)
    return Verdict("good", "no sign of copying", because)


def _drawn(found: Mapping[str, _Distances], **parts: str) -> dict[str, np.ndarray]:
    """Return distances of all classes in the data's own units."""
    return {
        label.replace("_", " "): np.concatenate([getattr(d, part) * d.unit for d in found.values()])
        for label, part in parts.items()
    }


def _pooled(found: list[_Distances]) -> _Distances:
    arrays = {
        entry.name: np.concatenate([getattr(d, entry.name) for d in found])
        for entry in fields(_Distances)
        if entry.name != "unit"
    }
    return _Distances(**arrays, unit=1.0)
