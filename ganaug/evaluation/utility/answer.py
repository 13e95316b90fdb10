"""Whether synthetic samples help a classifier, against the best that can be done without them."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from ganaug.core.classes import find_rare
from ganaug.evaluation.intervals import LEVEL, MIN_HELD_OUT, class_mean_interval
from ganaug.evaluation.result import Answer, Measurement, Verdict
from ganaug.evaluation.utility.arms import ALONE, BOTH, Arm, Data, worth_trying

logger = logging.getLogger("ganaug")
SCORES = BALANCED, RARE = "balanced accuracy", "recall of rare classes"
_MIN_ENTERING = 2  # held-out samples of a class that enters
_FEW = 30  # of the smallest class: fewer, and only large gains show
_MATTERS = 0.005  # a smaller difference is none
_HURTS = 0.01  # a smaller loss is no reason to warn
_MAX_HALF_WIDTH = 0.06  # of the interval: a wider one is ignorance, not "no difference"


def answer_utility(
    data: Data,
    arms: Mapping[str, Arm],
    names: Mapping[int, str],
    *,
    score: str,
    repeats: int,
    seed: int,
    budget: float | None = None,
    progress: Callable[[int, int], None] | None = None,
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
    budget : float, optional
        CPU-seconds: when the next repeat would go beyond them, there is none.
    progress : callable, optional
        Told how many fits are done, and of how many.
    """
    counts = np.bincount(data.c)
    held = np.bincount(data.c_test, minlength=len(counts))
    judged = np.flatnonzero(held >= _MIN_ENTERING)
    rare = np.intersect1d(judged, find_rare(counts))
    if len(judged) < 2 or len(data.c_made) == 0:
        because = f"it takes two classes with {_MIN_ENTERING} held-out samples each, and synthetic samples"
        return Answer("utility", Verdict("cannot be judged", "cannot be judged", because), ())
    groups = {BALANCED: judged} | ({RARE: rare} if len(rare) else {})
    if score not in groups:
        because = "no class has fewer than half of the largest one's samples"
        return Answer("utility", Verdict("cannot be judged", "cannot be judged", f"there is no {RARE}: {because}"), ())
    arms = worth_trying(arms, counts)
    outputs, done = _outputs(data, arms, repeats, seed, budget, progress)
    right = {name: found.argmax(2) == data.c_test for name, found in outputs.items()}
    measured, repeated = [], []
    for name, found in outputs.items():
        for metric, group in groups.items():
            bounds = class_mean_interval(right[name].astype(float), data.c_test, group, bounds=(0.0, 1.0))
            measured.append(Measurement(name, metric, *bounds))
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
                bounds = class_mean_interval(gain, data.c_test, group)
                measured.append(Measurement(arm, metric, *bounds, rival=rival))
    notes = []
    if done < repeats:
        notes.append(f"The budget was enough for {done} of {repeats} fits of each kind.")
    if held[judged].min() < _FEW:
        name = names[int(judged[held[judged].argmin()])]
        notes.append(f"Class {name} has {held[judged].min()} held-out samples: only large gains can show.")
    drawn = {
        "repeats": pd.DataFrame(repeated, columns=["arm", "repeat", "metric", "value"]),
        "confusion": pd.DataFrame(list(_confusion(outputs, data.c_test, names))),
    }
    verdict = _verdict(right, data.c_test, groups[score], score, rivals, names)
    return Answer("utility", verdict, tuple(measured), tuple(notes), drawn)


def _outputs(
    data: Data,
    arms: Mapping[str, Arm],
    repeats: int,
    seed: int,
    budget: float | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[dict[str, np.ndarray], int]:
    """Fit every way as often as there is time for; return scores ``(repeats, n, n_classes)`` and the repeats."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in arms}
    total = repeats * (len(arms) - 1) + 1
    start = time.process_time()
    for r in range(repeats):
        used = time.process_time() - start
        if budget is not None and r and used / r * (r + 1) > budget:
            break
        if r == 1:
            logger.info("utility: %.0f CPU-seconds more, by the first fits", used * (repeats - 1))
        for name, arm in arms.items():
            if name != ALONE or r == 0:
                if progress is not None:
                    progress(sum(map(len, found.values())), total)
                found[name].append(arm(data, seed + r))
    if progress is not None:
        progress(total, total)
    return {name: np.stack(scores) for name, scores in found.items()}, len(found[BOTH])


def _verdict(
    right: Mapping[str, np.ndarray],
    c: np.ndarray,
    group: np.ndarray,
    score: str,
    rivals: list[str],
    names: Mapping[int, str],
) -> Verdict:
    """Help must show against every classical way; harm against the best, allowing for its having been picked."""
    means = {rival: _mean_recall(right[rival], c, group).mean() for rival in rivals}
    best = max(means, key=lambda rival: means[rival])
    gains = {rival: right[BOTH].astype(float) - right[rival] for rival in rivals}
    value, low, high = class_mean_interval(gains[best], c, group)
    smallest = int(min(group, key=lambda k: (c == k).sum()))
    n = int((c == smallest).sum())
    numbers: dict[str, Any] = {"n": n, "value": value, "low": low, "high": high}
    because = f"{100 * value:+.1f} ± {50 * (high - low):.1f} points of {score} over {best}, the best without them"
    if n < MIN_HELD_OUT:
        few = f"class {names[smallest]} cannot be judged with {n} held-out samples; {MIN_HELD_OUT} are the least"
        return Verdict("cannot be judged", "cannot be judged", f"{few} ({because})", **numbers, limit=MIN_HELD_OUT)
    if value >= _MATTERS and all(class_mean_interval(gain, c, group)[1] > 0 for gain in gains.values()):
        return Verdict("good", "helps", because, **numbers, limit=0.0)
    surely = class_mean_interval(gains[best], c, group, level=LEVEL / len(rivals))
    if surely[2] < -_HURTS:
        return Verdict("bad", "hurts, don't use it", because, **numbers, limit=-_HURTS)
    if high - low > 2 * _MAX_HALF_WIDTH:
        return Verdict("cannot be judged", "cannot be judged", f"{because}: too wide to tell", **numbers, limit=0.0)
    return Verdict("doubtful", "no measurable difference", because, **numbers, limit=0.0)


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
