"""The one call that asks all three questions."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.core.errors import ConfigError, did_you_mean
from ganaug.core.seeds import as_seed
from ganaug.data.kind import Kind
from ganaug.evaluation.features import Features
from ganaug.evaluation.fidelity.answer import answer_fidelity
from ganaug.evaluation.prepare import Prepared, describe, doubts, prepare
from ganaug.evaluation.privacy.answer import answer_privacy
from ganaug.evaluation.privacy.leakage import check_leaks, digests
from ganaug.evaluation.privacy.near_leaks import find_near_leaks
from ganaug.evaluation.privacy.nearest import nearest_samples
from ganaug.evaluation.result import Answer, Evaluation, Verdict
from ganaug.evaluation.samples import evenly
from ganaug.evaluation.utility.answer import BALANCED, SCORES, answer_utility
from ganaug.evaluation.utility.arms import Data, arms_of
from ganaug.models.synthesizer import load

logger = logging.getLogger("ganaug")
QUESTIONS = ("fidelity", "utility", "privacy")
_SOURCES = ("training", "held out", "synthetic")
_MAX_TAUGHT = 20_000  # training samples that classifiers see; rare classes stay whole


def evaluate(
    source: Any,
    X_test: Any,
    y_test: Any,
    X_train: Any,
    y_train: Any,
    *,
    questions: Sequence[str] = QUESTIONS,
    score: str = BALANCED,
    classifier: Any = None,
    repeats: int | None = None,
    budget: float | None = None,
    features: Any = None,
    metrics: Sequence[str] = (),
    kind: str | Kind = "auto",
    progress: Callable[[int, int], None] | None = None,
    random_state: Any = None,
) -> Evaluation:
    """Measure whether synthetic samples look real, help a classifier, and were copied.

    *Fidelity* compares them with held-out samples, class by class, and shows beside each number what real training
    samples get in their place. *Utility* trains a classifier with and without them and judges it on the held-out
    samples: they help only if they beat class weights, over-sampling and SMOTE (over-sampling and augmentation for
    images). *Privacy* asks whether they, or an attacker who has them, know the training samples better than others.
    No network is needed. See docs/guide/evaluation.md for what each number can and cannot show.

    Parameters
    ----------
    source : Synthesizer, str, Path or (X, y)
        Whatever makes samples (a GAN, ``sampler.mixture_``), a checkpoint, or synthetic samples with their labels.
    X_test : array-like, DataFrame, sparse matrix or list of PIL images, of shape (n_test, ...)
        Real samples that nothing was trained on; 30 or more of each class that matters. With fewer than 15 of a class
        no answer can be good or bad.
    y_test : array-like of shape (n_test,)
        Their labels.
    X_train, y_train : of shapes (n_train, ...) and (n_train,)
        What the model was trained on, no more and no less, in the same container as `X_test`.
    questions : sequence of {"fidelity", "utility", "privacy"}, default=all
        What to ask.
    score : {"balanced accuracy", "recall of rare classes"}, default="balanced accuracy"
        What decides about utility. Rare is a class with fewer than half of the largest one's training samples.
    classifier : scikit-learn classifier, optional
        For the utility of rows. Default: ``HistGradientBoostingClassifier(early_stopping=False)``. It sees encoded
        rows: standardised numbers and one-hot categories. Images are judged with a small convolutional network.
    repeats : int, optional
        Fits of each kind for utility. Default: what the `Kind` says, 5 for rows and 3 for images.
    budget : float, optional
        CPU-seconds that utility may take beyond its first fits: it then makes fewer repeats, and says so. The numbers
        then depend on the speed of the machine.
    features : torch.nn.Module, optional
        What distances between images are taken in: maps float32 ``(n, channels, height, width)`` in [-1, 1] to
        ``(n, dim)``. Default: a small network trained on every other training image. For rows: from encoded rows
        ``(n, dim)``; default: these themselves.
    metrics : sequence of str, default=()
        Further fidelity metrics by name, such as those of plugins (entry-point group ``ganaug.metrics``).
    kind : str or Kind, default="auto"
        What `X_train` is.
    progress : callable, optional
        Told how many of the fits for utility are done, and of how many: most of the time goes there.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same numbers, at the same number of threads.

    Returns
    -------
    Evaluation
        A verdict for each question, good, doubtful, bad or cannot be judged, and the numbers behind it. All are
        ``"cannot be judged"`` where held-out samples are near duplicates of training or of synthetic samples.

    Raises
    ------
    LeakageError
        If held-out samples are among the training or the synthetic ones.
    SchemaError
        If the three data sets are not of one kind, or a class is unknown.
    ConfigError
        If an option is unusable.
    CheckpointError
        If `source` is a path and cannot be loaded.

    Warns
    -----
    RepeatedSamplesWarning
        If some held-out samples equal others, no more than chance explains.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> gan = ganaug.train(X[::2], y[::2], max_steps=20, random_state=0)
    >>> found = evaluate(gan, X[1::2], y[1::2], X[::2], y[::2], questions=["fidelity", "privacy"], random_state=0)
    >>> list(found), found["privacy"].verdict.words
    (['fidelity', 'privacy'], 'no sign of copying')
    >>> round(found["fidelity"]["coverage"].real, 1)
    1.0
    """
    start = time.perf_counter()
    asked = _checked(questions, score, repeats, budget)
    seed = as_seed(random_state)
    if isinstance(source, (str, Path)):
        source = load(source)
    data = prepare(source, X_test, y_test, X_train, y_train, kind, seed)
    notes = check_leaks(digests(data.x), digests(data.x_test), digests(data.x_made))
    rng = np.random.default_rng(seed)
    answers: dict[str, Answer] = {}
    if "fidelity" in asked:
        logger.info("fidelity: comparing distributions")
        network, unseen = Features.fit(data.x, data.c, data.codec.spans, data.kind, network=features, seed=seed)
        answers["fidelity"] = answer_fidelity(
            network(data.x[unseen], data.c[unseen]),
            network(data.x_test, data.c_test),
            network(data.x_made, data.c_made),
            data.made_names,
            metrics=[*data.kind.metrics, *metrics],
            columns=data.columns,
            rules=data.rules,
            rng=rng,
        )
    if "utility" in asked:
        kept = _thinned(data.c)
        taught = Data(data.x[kept], data.c[kept], data.x_test, data.c_test, data.x_made, data.c_made)
        arms = arms_of(data.kind, data.x.shape[1:], classifier)
        times = data.kind.repeats if repeats is None else repeats
        answers["utility"] = answer_utility(
            taught, arms, data.names, score=score, repeats=times, seed=seed, budget=budget, progress=progress
        )
    if "privacy" in asked:
        logger.info("privacy: looking for copies")
        plain = Features(data.codec.spans, None)
        three = plain(data.x, data.c), plain(data.x_test, data.c_test), plain(data.x_made, data.c_made)
        answers["privacy"] = answer_privacy(*three, data.made_names, rng, data.kind.disguises, data.kind.lookalikes)
    parts = (data.x, data.c), (data.x_test, data.c_test), (data.x_made, data.c_made)
    leaks = list(find_near_leaks(*parts, data.names, data.kind.disguises))
    if leaks:
        answers = {question: _opened(answer, leaks) for question, answer in answers.items()}
    described = {
        **describe(data, source),
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 2),
        "notes": [*leaks, *notes, *doubts(source, data.classes)],
    }
    gallery = {name: _gallery(data, *own) for name, own in zip(_SOURCES, parts, strict=True)}
    if "privacy" in asked:
        show = partial(data.kind.show, data.codec)
        gallery |= nearest_samples(show, parts[0], parts[2], data.made_names)
    return Evaluation(answers, described, gallery, getattr(source, "history", None))


def _checked(questions: Sequence[str], score: str, repeats: int | None, budget: float | None) -> list[str]:
    for question in questions:
        if question not in QUESTIONS:
            raise ConfigError(f"there is no question {question!r}; {did_you_mean(question, QUESTIONS)}")
    if not questions:
        raise ConfigError(f"questions is empty; choose among {', '.join(QUESTIONS)}")
    if score not in SCORES:
        raise ConfigError(f"score must be one of {', '.join(SCORES)}; got {score!r}")
    if repeats is not None and (not isinstance(repeats, (int, np.integer)) or isinstance(repeats, bool) or repeats < 1):
        raise ConfigError(f"repeats must be a positive integer; got {repeats!r}")
    if budget is not None and not budget > 0:
        raise ConfigError(f"budget must be a positive number of CPU-seconds; got {budget!r}")
    return [question for question in QUESTIONS if question in questions]


def _opened(answer: Answer, leaks: Sequence[str]) -> Answer:
    """Return the answer without a verdict: the held-out data are not what they should be."""
    return replace(answer, verdict=Verdict("cannot be judged", "cannot be judged", leaks[0]))


def _thinned(c: np.ndarray) -> np.ndarray:
    """Return positions of at most so many samples in all; the largest classes give way first."""
    counts = np.bincount(c)
    most = counts.max()
    while np.minimum(counts, most).sum() > _MAX_TAUGHT:
        most = int(most * 0.95)
    own = [np.flatnonzero(c == k) for k in range(len(counts))]
    return np.sort(np.concatenate([positions[evenly(len(positions), most)] for positions in own]))


def _gallery(data: Prepared, x: np.ndarray, c: np.ndarray) -> dict[str, Any]:
    """Return some samples of each class as they are shown: images as uint8, rows as a DataFrame."""
    gallery: dict[str, Any] = {}
    for k, name in data.names.items():
        own = x[c == k]
        if len(own):
            gallery[name] = data.kind.gallery(data.codec, own, data.kind.n_shown)
    return gallery
