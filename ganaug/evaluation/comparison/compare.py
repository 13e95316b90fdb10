"""Try the simple remedies first: nothing, a threshold, class weights, over-samplers, a GAN, on the same folds."""

import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

from ganaug.core.errors import ConfigError, SchemaError, did_you_mean
from ganaug.core.seeds import as_seed
from ganaug.data.table.kind import is_table
from ganaug.evaluation.comparison.remedies import NOTHING, THRESHOLD, Remedy, list_remedies, seeded
from ganaug.evaluation.comparison.result import Comparison, choose
from ganaug.evaluation.comparison.splits import Splits

logger = logging.getLogger("ganaug")
_COARSE = 0.03  # half of an interval of a gain: wider ones get a note
_WARNINGS_TOLD = 3


def compare(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    scoring: Any = "balanced_accuracy",
    cv: Any = 5,
    repeats: int = 5,
    groups: Any = None,
    samplers: "Mapping[str, Any] | Sequence[Any]" = (),
    budget: float | None = None,
    progress: Callable[[int, int], None] | None = None,
    random_state: Any = None,
) -> Comparison:
    """Find the simplest remedy for a rare class that no other one surely beats, by your own metric and classifier.

    In order of simplicity: nothing; a threshold tuned inside each training fold; class weights; random over-sampling;
    SMOTE (SMOTENC where columns are categorical); samplers of yours; `GANOverSampler`. All see the same splits of a
    repeated cross-validation, and whatever they fit or tune, they fit and tune on the training part alone. Intervals
    are those of Nadeau and Bengio (2003), and allow for the number of remedies.

    Parameters
    ----------
    estimator : classifier
        Or a Pipeline that ends in one. Samplers stand before its last step, GANOverSampler before the first.
    X : array-like, DataFrame or sparse matrix of shape (n, n_features)
        Rows. For images see `GANOverSampler`, which compares its sources on held-out images.
    y : array-like of shape (n,)
        Labels, two classes or more. A threshold is tuned for two.
    scoring : str or scorer, default="balanced_accuracy"
        As in scikit-learn; larger is better. With a name like ``"f1"`` and two classes that are not 0 and 1 (or -1 and
        1), the rarer one is the positive one.
    cv : int, splitter or iterable of (train, test), default=5
        An integer: so many stratified folds, in which no group straddles two. A splitter, such as
        ``TimeSeriesSplit(5)``, also splits the training part for the threshold.
    repeats : int, default=5
        Of an integer `cv`, each with another shuffle.
    groups : array-like of shape (n,), optional
        Patient, machine or customer of each row.
    samplers : dict of str to sampler, or sequence of samplers, default=()
        Further imbalanced-learn samplers. One under the name of a built-in one, such as
        ``{"GANOverSampler": GANOverSampler(max_steps=2000)}``, takes its place; None leaves it out.
    budget : float, optional
        Seconds: when the next split would go beyond them, there is none. The first `cv` splits are always made.
    progress : callable, optional
        Told how many fits are done, and of how many.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same answer, at the same number of threads and without a budget.

    Returns
    -------
    Comparison
        ``answer`` is one sentence, ``table`` the numbers, ``model`` the classifier to fit.

    Raises
    ------
    ConfigError
        If an option is unusable, or `estimator` is no classifier.
    SchemaError
        If `X` are no rows, or a split has a class with no samples.

    Notes
    -----
    A remedy that cannot be fitted is left out, and ``left_out`` says why; the classifier itself must be fittable.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(600, weights=[0.9], class_sep=2, random_state=0)
    >>> found = compare(LogisticRegression(), X, y, samplers={"GANOverSampler": None}, repeats=1, random_state=0)
    >>> found.remedy in found.table.index, found.table.index.tolist()[:3]
    (True, ['nothing', 'moved threshold', 'class weights'])
    """
    start = time.perf_counter()
    _check(X, y, repeats, budget)
    X = np.asarray(X) if isinstance(X, (list, tuple)) else X
    seed = as_seed(random_state)
    scorer = _scorer(estimator, scoring)
    labels = np.asarray(y)
    known, counts = np.unique(labels, return_counts=True)
    coded, positive = _coded(labels, known, counts, scoring, scorer)
    splits = Splits(X, coded, cv, repeats, groups, seed)
    sizes = {"n_classes": len(known), "n_fewest": splits.n_fewest}
    remedies, left_out = list_remedies(estimator, X, scorer, samplers, **sizes)
    folds, said = _run(remedies, left_out, splits, scorer, budget, progress, seed)
    wide = folds.pivot(index="fold", columns="remedy", values="score")
    wide = wide[[remedy.name for remedy in remedies if remedy.name in wide]]
    remedy, table = choose(wide, splits.ratio)
    table["seconds"] = folds.groupby("remedy")["seconds"].mean()
    threshold = float(folds["threshold"].median())
    name = scoring if isinstance(scoring, str) else getattr(getattr(scorer, "_score_func", scorer), "__name__", "score")
    name = name.replace("_", " ")
    chosen = next(one for one in remedies if one.name == remedy)
    described = {
        "score": name,
        "counts": {str(label): int(n) for label, n in zip(known, counts, strict=True)},
        "splits": len(wide),
        "planned": len(splits.outer),
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 2),
    }
    notes = [*_notes(remedy, table, described, counts.min()), *said]
    model = chosen.build(())
    if remedy == THRESHOLD:
        response = "predict_proba" if hasattr(estimator, "predict_proba") else "decision_function"
        model = FixedThresholdClassifier(
            model.estimator, threshold=threshold, pos_label=positive, response_method=response
        )
    answer = _sentence(chosen, table, threshold, name)
    return Comparison(remedy, answer, name, threshold, table, folds, left_out, tuple(notes), described, model)


def _check(X: Any, y: Any, repeats: int, budget: float | None) -> None:
    if not is_table(X):
        raise SchemaError(
            "compare takes rows of two axes. For images, GANOverSampler().fit_resample(X, y) compares the GAN, bent, "
            "recoloured, turned and repeated images on held-out ones (judgement_), and ganaug.evaluate compares with "
            "class weights and over-sampling"
        )
    check_consistent_length(X, y)
    if type_of_target(y) not in ("binary", "multiclass"):
        raise SchemaError(f"y must hold two classes or more, one label for each row; got a {type_of_target(y)} target")
    if len(np.unique(np.asarray(y))) < 2:
        raise SchemaError("y has a single class; there is nothing to compare")
    if not isinstance(repeats, (int, np.integer)) or repeats < 1:
        raise ConfigError(f"repeats must be a positive integer; got {repeats!r}")
    if budget is not None and not budget > 0:
        raise ConfigError(f"budget must be a positive number of seconds; got {budget!r}")


def _scorer(estimator: Any, scoring: Any) -> Any:
    if isinstance(scoring, str) and scoring not in get_scorer_names():
        raise ConfigError(f"there is no score {scoring!r}; {did_you_mean(scoring, get_scorer_names())}")
    try:
        return check_scoring(estimator, scoring)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"scoring={scoring!r} is no score of {type(estimator).__name__}: {error}") from error


def _coded(y: np.ndarray, known: np.ndarray, counts: np.ndarray, scoring: Any, scorer: Any) -> tuple[np.ndarray, Any]:
    """Return labels as scorers that are known by name want them, and the positive label in the user's own."""
    if len(known) == 2 and isinstance(scoring, str) and set(known.tolist()) not in ({0, 1}, {-1, 1}):
        rare = known[counts.argmin()]
        return (y == rare).astype(int), rare
    return y, getattr(scorer, "_kwargs", {}).get("pos_label", known[-1])


def _run(
    remedies: Sequence[Remedy],
    left_out: dict[str, str],
    splits: Splits,
    scorer: Any,
    budget: float | None,
    progress: Callable[[int, int], None] | None,
    seed: int,
) -> tuple[pd.DataFrame, list[str]]:
    """Fit every remedy on every split that there is time for; return the scores, and warnings that were given.

    A remedy that fails on one split is left out on all.
    """
    rows: list[dict[str, Any]] = []
    told: dict[str, None] = {}
    start = time.perf_counter()
    for fold, (train, test) in enumerate(splits.outer):
        used = time.perf_counter() - start
        if budget is not None and fold >= splits.least and used / fold * (fold + 1) > budget:
            break
        learnt, labels = _safe_indexing(splits.X, train), splits.y[train]
        judging = _safe_indexing(splits.X, test), splits.y[test]
        inner = splits.inner(train)
        if fold == 1:
            logger.info(
                "compare: about %.0f seconds for %d splits, by the first", used * len(splits.outer), len(splits.outer)
            )
        for i, remedy in enumerate(remedies):
            if progress is not None:
                progress(fold * len(remedies) + i, len(splits.outer) * len(remedies))
            if remedy.name in left_out:
                continue
            began = time.perf_counter()
            try:
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    model = seeded(remedy.build(inner), seed + fold).fit(learnt, labels)
                    score = float(scorer(model, *judging))
            except Exception as error:  # of any library: the reader is told
                if remedy.name == NOTHING:
                    raise
                left_out[remedy.name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
                continue
            told |= {f"{remedy.name}: {warning.message}": None for warning in caught}
            threshold = getattr(model, "best_threshold_", np.nan) if remedy.name == THRESHOLD else np.nan
            entry = {"fold": fold, "remedy": remedy.name, "score": score, "threshold": threshold}
            rows.append(entry | {"seconds": time.perf_counter() - began})
    if progress is not None:
        progress(len(splits.outer) * len(remedies), len(splits.outer) * len(remedies))
    frame = pd.DataFrame(rows)
    first = [" ".join(text.split())[:200] for text in list(told)[:_WARNINGS_TOLD]]
    return frame[~frame["remedy"].isin(left_out)], first


def _sentence(chosen: Remedy, table: pd.DataFrame, threshold: float, score: str) -> str:
    advice = f"{chosen.advice} to {threshold:.2g}" if chosen.name == THRESHOLD else chosen.advice
    if chosen.name == NOTHING:
        return f"{advice}: no remedy is better with 95 % confidence ({score})."
    gain, low, high = table.loc[chosen.name, ["gain", "gain low", "gain high"]]
    return (
        f"{advice}: nothing else is better with 95 % confidence. "
        f"It gains {gain:+.3f} ({low:+.3f} to {high:+.3f}) of {score} over nothing."
    )


def _notes(remedy: str, table: pd.DataFrame, described: Mapping[str, Any], rare: int) -> list[str]:
    notes = []
    if described["splits"] < described["planned"]:
        notes.append(f"The budget was enough for {described['splits']} of {described['planned']} splits.")
    if remedy != NOTHING and table["gain low"][remedy] <= 0:
        surest = table["gain low"].idxmax()
        notes.append(
            f"That {remedy} beats nothing is not sure by itself; that {surest} does is, and it is not surely better "
            f"than {remedy}."
        )
    half = float((table["over advice high"] - table["over advice low"]).max() / 2)
    if half > _COARSE:
        notes.append(f"With {rare} samples of the rarest class a gain under {half:.3f} may not show.")
    return notes
