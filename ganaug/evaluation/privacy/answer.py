"""Whether synthetic samples were copied from the training data, or give it away."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from ganaug.evaluation.fidelity.c2st import auc_error
from ganaug.evaluation.fidelity.prdc import kth_distances, nearest_distances
from ganaug.evaluation.intervals import LEVEL, MIN_HELD_OUT, proportion_interval
from ganaug.evaluation.privacy.leakage import digests
from ganaug.evaluation.privacy.near_duplicates import (
    AS_IT_IS,
    NEAR,
    NEAR_IN_FEATURES,
    Disguises,
    Excess,
    Reference,
    crowded,
    find_crowd,
    find_excess,
)
from ganaug.evaluation.result import OVERALL, Answer, Measurement, Verdict, worst
from ganaug.evaluation.samples import Samples, evenly

WARNING = (
    "None of this is differential privacy: the numbers say what simple attacks find, not what none can find, and they "
    "say nothing about a single person. Do not publish synthetic samples of confidential data on their strength."
)
RATIO, EXACT, NEAR_DUPLICATES = "distance ratio", "exact duplicates", "near duplicates"
ACCURACY, LOSS, MEMBERSHIP = "adversarial accuracy", "privacy loss", "membership AUC"
_MIN_MEASURED = 10  # samples of a class in each of the three sets
_MAX_SAMPLES = 5_000  # of a class in each; more are thinned evenly
_N_DRAWS, _MAX_DRAWN = 5, 1_000  # draws of equally many samples, for the adversarial accuracy
_ENOUGH = 30  # held-out samples of a class: with fewer, training samples help to tell what real ones do
_GIVEN_AWAY, _SUSPECT = 0.6, 0.53  # lower bounds of the membership AUC
_UNTOLD = 0.65  # upper bound of the membership AUC up to which there is surely no sign
_COPIED = 0.01  # excess share of exact duplicates
_NEAR_COPIED, _NEAR_SUSPECT = 0.10, 0.02  # lower bounds of the excess share of near duplicates
_NEAR_UNTOLD = 0.15  # its upper bound up to which there is surely no sign
_SURE, _SURE_OF_ONE = 1.96, 3.0  # standard errors: over all classes; for one of many


@dataclass(frozen=True)
class _Distances:
    """Distances between the samples of one class, divided by the median from held-out to training samples."""

    made_to_training: np.ndarray
    held_to_training: np.ndarray
    training_to_made: np.ndarray
    held_to_made: np.ndarray
    copied: np.ndarray  # whether a synthetic sample equals a training sample
    twins: np.ndarray  # whether a held-out one does
    accuracy: np.ndarray  # (1, 2): adversarial accuracy against training and against held-out samples
    unit: float


def answer_privacy(
    training: Samples,
    held_out: Samples,
    made: Samples,
    names: Mapping[int, str],
    rng: np.random.Generator,
    disguises: Disguises,
    lookalikes: Disguises | None = None,
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
    disguises : callable
        Of the `Kind`: the forms in which a copy would be recognised.
    lookalikes : callable, optional
        Of the `Kind`: the same in a space of features.
    """
    found, usual, excesses = {}, {}, {}
    verdicts: list[Verdict] = []
    disguised: list[Verdict] = []
    parts = {name: [samples.of_class(k) for samples in (training, held_out, made)] for k, name in names.items()}
    judged = {name: three for name, three in parts.items() if min(map(len, three)) >= _MIN_MEASURED}
    for name, three in judged.items():
        learnt, held, own = map(_flat, three)
        found[name] = _distances(learnt, held, own, rng)
        if len(learnt) >= 2 * _MIN_MEASURED:  # half of the training samples stand for synthetic ones
            usual[name] = _distances(learnt[1::2], held, learnt[::2], rng)
        level = LEVEL / len(judged) / (1 if lookalikes is None else 2)
        excesses[name], crowd = _near_duplicates(three, disguises, level)
        if lookalikes is not None:
            alike, _ = _near_duplicates(three, lookalikes, level, NEAR_IN_FEATURES)
            if alike.low > max(excesses[name].low, _NEAR_SUSPECT):
                excesses[name] = alike
        near = _judge_near(excesses[name], name)
        (verdicts if excesses[name].form == AS_IT_IS else disguised).append(near)
        verdicts += _judge_crowd(crowd, name)
        verdicts.append(_judged(found[name], _attack_by_class([found[name]]), name, _SURE_OF_ONE))
    if not found:
        because = f"no class has {_MIN_MEASURED} training, held-out and synthetic samples"
        return Answer("privacy", Verdict("cannot be judged", "cannot be judged", because), (), (WARNING,))
    pooled, attack = _pooled(list(found.values())), _attack_by_class(found.values())
    verdicts = [*disguised, _judged(pooled, attack, OVERALL, _SURE), *verdicts]  # of equally bad ones the first is told
    counts = {name: len(held) for name, (_, held, _) in parts.items()}
    few = min(counts, key=lambda name: counts[name])
    if counts[few] < MIN_HELD_OUT:
        because = f"class {few} cannot be judged with {counts[few]} held-out samples; {MIN_HELD_OUT} are the least"
        verdicts.append(
            Verdict("cannot be judged", "cannot be judged", because, n=counts[few], limit=float(MIN_HELD_OUT))
        )
    measured = [
        *_measurements(OVERALL, list(found.values()), list(usual.values()), _mean_excess(excesses, found)),
    ]
    for name, distances in found.items():
        plain = [usual[name]] if name in usual else []
        measured += _measurements(name, [distances], plain, excesses[name])
    left_out = [name for name in names.values() if name not in found]
    notes = (
        (f"Privacy of {', '.join(left_out)} is not judged: fewer than {_MIN_MEASURED} samples.",) if left_out else ()
    )
    drawn = {
        "to training": _drawn(found, synthetic="made_to_training", held_out="held_to_training"),
        "to synthetic": _drawn(found, training="training_to_made", held_out="held_to_made"),
    }
    return Answer("privacy", worst(verdicts), tuple(measured), (*notes, WARNING), drawn)


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


def _attack_by_class(classes: Iterable[_Distances]) -> tuple[float, float]:
    """Return AUC and standard error of the attack within classes, the mean over these.

    Classes are not pooled: their shares may differ between training and held-out samples, and samples of one class lie
    nearer to synthetic ones than those of another. Weights are those of two samples' sizes.
    """
    parts = [(d.training_to_made, d.held_to_made) for d in classes]
    weights = np.array([len(members) * len(others) / (len(members) + len(others)) for members, others in parts])
    aucs, errors = np.array([membership(*part) for part in parts]).T
    weights /= weights.sum()
    return float(weights @ aucs), float(np.sqrt(weights**2 @ errors**2))


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
    return rows[evenly(len(rows), _MAX_SAMPLES)]


def _distances(training: np.ndarray, held_out: np.ndarray, made: np.ndarray, rng: np.random.Generator) -> _Distances:
    some, held_out, made = _some(training), _some(held_out), _some(made)
    held_to_training = nearest_distances(held_out, training)
    unit = float(np.median(held_to_training)) or 1.0
    learnt = set(digests(training))
    return _Distances(
        nearest_distances(made, training) / unit,
        held_to_training / unit,
        nearest_distances(some, made) / unit,
        nearest_distances(held_out, made) / unit,
        np.array([digest in learnt for digest in digests(made)]),
        np.array([digest in learnt for digest in digests(held_out)]),
        _adversarial(training, held_out, made, rng),
        unit,
    )


def _adversarial(training: np.ndarray, held_out: np.ndarray, made: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the adversarial accuracy against training and against held-out samples, averaged over draws: (1, 2)."""
    n = min(len(training), len(held_out), len(made), _MAX_DRAWN)
    found = []
    for _ in range(_N_DRAWS):
        a, b, s = (part[rng.choice(len(part), n, replace=False)] for part in (training, held_out, made))
        found.append((adversarial_accuracy(a, s), adversarial_accuracy(b, s)))
    return np.mean(found, axis=0, keepdims=True)


def _near_duplicates(
    parts: Sequence[Samples],
    disguises: Disguises,
    level: float,
    distances: Sequence[float] = NEAR,
) -> tuple[Excess, tuple[int, float, int]]:
    """Compare near duplicates of training samples among synthetic ones with those among held-out ones."""
    training, held_out, made = parts
    reference = Reference(training.encoded, disguises)
    own, real = reference.closeness(made.encoded), [reference.closeness(held_out.encoded)]
    if len(held_out) < _ENOUGH:
        real.append(reference.own_closeness())
    return find_excess(own, real, level, distances), (*find_crowd(own, real), len(own.ratios))


def _judge_near(excess: Excess, name: str) -> Verdict:
    said = (
        f"{excess.rate:.1%} of the synthetic samples of class {name} are near duplicates of a training sample"
        f"{'' if excess.form == AS_IT_IS else f' ({excess.form})'}; {excess.real:.1%} of real ones are"
    )
    numbers: dict[str, Any] = {
        "n": excess.n,
        "value": excess.rate - excess.real,
        "low": excess.low,
        "high": excess.high,
    }
    if excess.low > _NEAR_COPIED:
        return Verdict("bad", "copies training samples", said, **numbers, limit=_NEAR_COPIED)
    if excess.low > _NEAR_SUSPECT:
        return Verdict("doubtful", "stays near the training samples", said, **numbers, limit=_NEAR_SUSPECT)
    if excess.high > _NEAR_UNTOLD:
        return Verdict("cannot be judged", "cannot be judged", said, **numbers, limit=_NEAR_UNTOLD)
    return Verdict("good", "no sign of copying", said, **numbers, limit=_NEAR_UNTOLD)


def _judge_crowd(crowd: tuple[int, float, int], name: str) -> list[Verdict]:
    """Return a verdict where one training sample has more synthetic near duplicates than chance gives any."""
    most, chance, n = crowd
    if not crowded(chance):
        return []
    said = f"one training sample of class {name} has {most} near duplicates among {n} synthetic samples"
    return [Verdict("bad", "copies training samples", said, value=float(most))]


def _mean_excess(excesses: Mapping[str, Excess], found: Mapping[str, _Distances]) -> Excess:
    """Return the rates over all classes."""
    made, held = ([len(getattr(d, part)) for d in found.values()] for part in ("copied", "twins"))
    rate = float(np.average([e.rate for e in excesses.values()], weights=made))
    real = float(np.average([e.real for e in excesses.values()], weights=held))
    surest = max(excesses.values(), key=lambda e: e.low)
    return Excess(surest.near, rate, real, math.nan, math.nan, surest.form, sum(held))


def _measurements(
    subject: str, classes: list[_Distances], usual: list[_Distances], excess: Excess
) -> Iterator[Measurement]:
    """Yield the numbers of one class or of several, beside those of `usual`, which copy nothing."""
    real = _numbers(usual) if usual else dict.fromkeys((RATIO, ACCURACY, LOSS, MEMBERSHIP), math.nan)
    own, d = _numbers(classes), _pooled(classes)
    auc, error = _attack_by_class(classes)
    yield Measurement(subject, RATIO, own[RATIO], real=real[RATIO], better="real")
    bounds = proportion_interval(d.copied.sum(), len(d.copied))
    yield Measurement(subject, EXACT, float(d.copied.mean()), *bounds, real=float(d.twins.mean()), better="lower")
    bounds = proportion_interval(excess.rate * len(d.copied), len(d.copied))
    yield Measurement(subject, NEAR_DUPLICATES, excess.rate, *bounds, real=excess.real, better="lower")
    yield Measurement(subject, ACCURACY, own[ACCURACY], real=real[ACCURACY], better="real")
    yield Measurement(subject, LOSS, own[LOSS], real=real[LOSS], better="lower")
    bounds = max(0.0, auc - _SURE * error), min(1.0, auc + _SURE * error)
    yield Measurement(subject, MEMBERSHIP, auc, *bounds, real=real[MEMBERSHIP], better="lower")


def _numbers(classes: list[_Distances]) -> dict[str, float]:
    d = _pooled(classes)
    held = float(np.median(d.held_to_training))
    on_training, on_held_out = np.average(d.accuracy, axis=0)
    return {
        RATIO: float(np.median(d.made_to_training)) / held if held else math.nan,
        ACCURACY: float(on_training),
        LOSS: float(on_held_out - on_training),
        MEMBERSHIP: _attack_by_class(classes)[0],
    }


def _judged(d: _Distances, attack: tuple[float, float], name: str, sure: float) -> Verdict:
    """Judge exact duplicates and the membership attack: over all classes, or with more caution for one of many."""
    where = "" if name == OVERALL else f" of class {name}"
    copied, twins, n = float(d.copied.mean()), float(d.twins.mean()), len(d.twins)
    slack = sure * math.sqrt(max(twins * (1 - twins), 1 / n) / n)
    if copied > twins + max(_COPIED, slack):
        because = f"{copied:.1%} of the synthetic samples{where} equal a training sample; {twins:.1%} of real ones do"
        return Verdict("bad", "copies training samples", because, n=n, value=copied, limit=twins + max(_COPIED, slack))
    auc, error = attack
    low, high = auc - sure * error, auc + sure * error
    because = f"an attack tells training samples{where} from others with an AUC of {auc:.2f} (0.5: not at all)"
    numbers: dict[str, Any] = {"n": n, "value": auc, "low": low, "high": high}
    if low > _GIVEN_AWAY:
        return Verdict("bad", "gives training samples away", because, **numbers, limit=_GIVEN_AWAY)
    if low > _SUSPECT:
        return Verdict("doubtful", "stays near the training samples", because, **numbers, limit=_SUSPECT)
    if name == OVERALL and high > _UNTOLD:
        return Verdict("cannot be judged", "cannot be judged", because, **numbers, limit=_UNTOLD)
    return Verdict("good", "no sign of copying", because, **numbers, limit=_UNTOLD)


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
