"""Whether synthetic samples help a classifier, against the best that can be done without them."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from ganaug.evaluation.result import Answer, Measurement, Verdict
from ganaug.evaluation.utility.arms import ALONE, BOTH, Arm, Data, worth_trying

SCORES = BALANCED, RARE = "balanced accuracy", "recall of rare classes"
_RARE = 1 / 2  # of the largest class: a smaller one is rare
_FEWEST = 2  # held-out samples of a class that enters
_FEW = 30  # of the smallest class: fewer, and only large gains show
_LEVEL = 0.05
_MATTERS = 0.005  # a smaller difference is none


def answer_utility(
    data: Data, arms: Mapping[str, Arm], names: Mapping[int, str], *, score: str, repeats: int, seed: int
) -> Answer:
    """Train in every way, judge on the held-out samples, and compare real + synthetic with all classical ways.

    Parameters
    ----------
    data : Data
    arms : dict of str to callable
        From `ganaug.evaluation.utility.arms`.
    names : dict of int to str
        Of classes.
    score : str
        One of `SCORES`: what decides.
    repeats : int
        Fits in each way but with synthetic samples alone, with other seeds and other synthetic samples.
    seed : int
    """
    counts = np.bincount(data.c)
    held = np.bincount(data.c_test, minlength=len(counts))
    judged = np.flatnonzero(held >= _FEWEST)
    rare = np.intersect1d(judged, np.flatnonzero(counts < _RARE * counts.max()))
    if len(judged) < 2 or len(data.c_made) == 0:
        because = f"it takes two classes with {_FEWEST} held-out samples each, and synthetic samples"
        return Answer("utility", Verdict("open", "cannot be judged", because), ())
    groups = {BALANCED: judged} | ({RARE: rare} if len(rare) else {})
    if score not in groups:
        because = "no class has fewer than half of the largest one's samples"
        return Answer("utility", Verdict("open", "cannot be judged", f"there is no {RARE}: {because}"), ())
    arms = worth_trying(arms, counts)
    outputs = {
        name: np.stack([arm(data, seed + r) for r in range(1 if name == ALONE else repeats)])
        for name, arm in arms.items()
    }
    right = {name: found.argmax(2) == data.c_test for name, found in outputs.items()}
    measured, repeated = [], []
    for name, found in outputs.items():
        for metric, group in groups.items():
            value, low, high = _interval(right[name].astype(float), data.c_test, group)
            measured.append(Measurement(name, metric, value, max(low, 0.0), min(high, 1.0)))
        for metric, values in _others(found, data.c_test, judged, rare).items():
            measured.append(Measurement(name, metric, float(np.mean(values))))
            repeated += [(name, r, metric, value) for r, value in enumerate(values)]
        for metric, group in groups.items():
            recalls = _mean_recall(right[name], data.c_test, group)
            repeated += [(name, r, metric, float(value)) for r, value in enumerate(recalls)]
    rivals = [name for name in arms if name not in (ALONE, BOTH)]
    for metric, group in groups.items():
        for arm in (BOTH, ALONE):
            for rival in rivals:
                gain = right[arm].astype(float) - right[rival]
                measured.append(Measurement(arm, f"{metric} over {rival}", *_interval(gain, data.c_test, group)))
    notes = []
    if held[judged].min() < _FEW:
        name = names[int(judged[held[judged].argmin()])]
        notes.append(f"Class {name} has {held[judged].min()} held-out samples: only large gains can show.")
    drawn = {
        "repeats": pd.DataFrame(repeated, columns=["arm", "repeat", "metric", "value"]),
        "confusion": pd.DataFrame(list(_confusion(outputs, data.c_test, names))),
    }
    verdict = _verdict(right, data.c_test, groups[score], score, rivals)
    return Answer("utility", verdict, tuple(measured), tuple(notes), drawn)


def _verdict(
    right: Mapping[str, np.ndarray], c: np.ndarray, group: np.ndarray, score: str, rivals: list[str]
) -> Verdict:
    """Help must show against every classical way; harm against the best, allowing for its having been picked."""
    means = {rival: _mean_recall(right[rival], c, group).mean() for rival in rivals}
    best = max(means, key=lambda rival: means[rival])
    gains = {rival: right[BOTH].astype(float) - right[rival] for rival in rivals}
    value, low, high = _interval(gains[best], c, group)
    because = f"{100 * value:+.1f} ± {50 * (high - low):.1f} points of {score} over {best}, the best without them"
    if value >= _MATTERS and all(_interval(gain, c, group)[1] > 0 for gain in gains.values()):
        return Verdict("good", "helps", because)
    if value <= -_MATTERS and _interval(gains[best], c, group, _LEVEL / len(rivals))[2] < 0:
        return Verdict("bad", "hurts, don't use it", because)
    return Verdict("fair", "no measurable difference", because)


def _interval(
    values: np.ndarray, c: np.ndarray, group: np.ndarray, level: float = _LEVEL
) -> tuple[float, float, float]:
    """Return the mean over classes of values of held-out samples, ``(repeats, n)``, and the bounds of an interval.

    Two sources of error are added: which samples were held out (within each class), and the seeds of the fits. The
    number of degrees of freedom is Welch and Satterthwaite's.
    """
    parts, freedom = [], []
    by_class = []
    for k in group:
        own = values[:, c == k]
        by_class.append(own.mean(1))
        parts.append(own.mean(0).var(ddof=1) / own.shape[1] / len(group) ** 2)
        freedom.append(own.shape[1] - 1)
    each = np.mean(by_class, axis=0)
    if len(each) > 1:
        parts.append(each.var(ddof=1) / len(each))
        freedom.append(len(each) - 1)
    variances, value = np.array(parts), float(each.mean())
    total = variances.sum()
    if not total:
        return value, value, value
    df = total**2 / (variances**2 / freedom).sum()
    half = float(student.ppf(1 - level / 2, df)) * math.sqrt(total)
    return value, value - half, value + half


def _mean_recall(right: np.ndarray, c: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the mean recall of some classes for each repeat."""
    return np.mean([right[:, c == k].mean(1) for k in group], axis=0)


def _others(outputs: np.ndarray, c: np.ndarray, judged: np.ndarray, rare: np.ndarray) -> dict[str, list[float]]:
    """Return further scores for each repeat: they don't decide, but show what does not depend on a threshold."""
    found: dict[str, list[float]] = {"macro F1": [], "ROC AUC": [], "average precision": []}
    kept = np.isin(c, judged)
    for scores in outputs[:, kept]:
        found["macro F1"].append(float(f1_score(c[kept], scores.argmax(1), average="macro", zero_division=0)))
        classes = rare if len(rare) else judged
        curves = [(c[kept] == k, scores[:, k]) for k in classes]
        found["ROC AUC"].append(float(np.mean([roc_auc_score(*curve) for curve in curves])))
        found["average precision"].append(float(np.mean([average_precision_score(*curve) for curve in curves])))
    return found


def _confusion(outputs: Mapping[str, np.ndarray], c: np.ndarray, names: Mapping[int, str]) -> Iterator[dict]:
    for arm, scores in outputs.items():
        called = scores.argmax(2)
        for truth in np.unique(c):
            for k, name in names.items():
                share = float((called[:, c == truth] == k).mean())
                yield {"arm": arm, "truth": names[int(truth)], "called": name, "share": share}
