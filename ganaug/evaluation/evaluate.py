"""The one call that asks all three questions."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError, SchemaError, did_you_mean
from ganaug.core.seeds import as_seed
from ganaug.data.codec import Codec, concatenate
from ganaug.data.kind import fit_codec
from ganaug.evaluation.features import Features
from ganaug.evaluation.fidelity.answer import METRICS, answer_fidelity
from ganaug.evaluation.privacy.answer import answer_privacy
from ganaug.evaluation.privacy.leakage import check_leaks, digest, digests
from ganaug.evaluation.privacy.nearest import nearest_samples
from ganaug.evaluation.result import Answer, Evaluation
from ganaug.evaluation.samples import evenly
from ganaug.evaluation.utility.answer import BALANCED, SCORES, answer_utility
from ganaug.evaluation.utility.arms import Data, image_arms, row_arms, wanted
from ganaug.models.gan import ConditionalGAN
from ganaug.models.synthesizer import load

QUESTIONS = ("fidelity", "utility", "privacy")
_MOST_TAUGHT = 20_000  # training samples that classifiers see; rare classes stay whole
_MOST_MADE = 10_000  # synthetic samples of a class
_SHOWN = {"image": 100, "table": 1_000}  # samples of a class in the gallery
_REPEATS = {"image": 3, "table": 5}


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
    features: Any = None,
    metrics: Sequence[str] = (),
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
    source : ConditionalGAN, str, Path or (X, y)
        A model, its checkpoint, or synthetic samples with their labels. What the model gives alone is judged; for what
        a `GANOverSampler` gives, see its ``evaluate_``.
    X_test : array-like, DataFrame, sparse matrix or list of PIL images, of shape (n_test, ...)
        Real samples that nothing was trained on; 30 or more of each class that matters.
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
        Fits of each kind for utility. Default: 5 for rows, 3 for images.
    features : torch.nn.Module, optional
        What distances between images are taken in: maps float32 ``(n, channels, height, width)`` in [-1, 1] to
        ``(n, dim)``. Default: a small network trained on every other training image. For rows: from encoded rows
        ``(n, dim)``; default: these themselves.
    metrics : sequence of str, default=()
        Further fidelity metrics by name, such as those of plugins (entry-point group ``ganaug.metrics``).
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same numbers, at the same number of threads.

    Returns
    -------
    Evaluation
        Verdicts and numbers by question.

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
    asked = _checked(questions, score, repeats)
    seed = as_seed(random_state)
    if isinstance(source, (str, Path)):
        source = load(source)
    codec, classes = _fitted(X_train, X_test, y_train)
    kind = codec.schema.kind
    x, c = codec.encode(X_train), classes.index(np.asarray(y_train))
    x_test, c_test = codec.encode(X_test), _known(classes, y_test, "y_test")
    X_made, c_made = _made(source, classes, np.bincount(c), seed)
    x_made = _encoded(codec, X_made)
    for name, samples, labels in (("train", x, c), ("test", x_test, c_test), ("synthetic", x_made, c_made)):
        if len(samples) != len(labels):
            raise SchemaError(f"{name}: {len(samples)} samples have {len(labels)} labels")
    notes = check_leaks(digests(x), digests(x_test), digests(x_made))
    names = {k: str(label) for k, label in enumerate(classes.labels.tolist())}
    made_names = {k: names[k] for k in np.unique(c_made).tolist()}
    rng = np.random.default_rng(seed)
    answers: dict[str, Answer] = {}
    if "fidelity" in asked:
        network, unseen = Features.fit(x, c, codec.spans, network=features, seed=seed)
        three = network(x[unseen], c[unseen]), network(x_test, c_test), network(x_made, c_made)
        chosen = [*METRICS[kind], *metrics]
        answers["fidelity"] = answer_fidelity(*three, made_names, codec.schema, metrics=chosen, rng=rng)
    if "utility" in asked:
        kept = _thinned(c)
        data = Data(x[kept], c[kept], x_test, c_test, x_made, c_made)
        arms = (image_arms if kind == "image" else row_arms)(classifier)
        times = _REPEATS[kind] if repeats is None else repeats
        answers["utility"] = answer_utility(data, arms, names, score=score, repeats=times, seed=seed)
    if "privacy" in asked:
        plain = Features(codec.spans, None)
        three = plain(x, c), plain(x_test, c_test), plain(x_made, c_made)
        answers["privacy"] = answer_privacy(*three, made_names, rng)
    described = {
        "kind": kind,
        "data": codec.schema.describe(),
        "classes": list(names.values()),
        "training": _counts(c, names),
        "held out": _counts(c_test, names),
        "synthetic": _counts(c_made, names),
        "source": _described(source),
        **_origin(source),
        "training sha256": digest(x, c),
        "held out sha256": digest(x_test, c_test),
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 2),
        "versions": {name: version(name) for name in ("ganaug", "torch", "scikit-learn", "numpy")},
        "notes": [*notes, *_doubts(source, classes)],
    }
    sources = {"training": (x, c), "held out": (x_test, c_test), "synthetic": (x_made, c_made)}
    gallery = {name: _shown(codec, *parts, names) for name, parts in sources.items()}
    if "privacy" in asked:
        gallery |= nearest_samples(partial(_samples, codec), (x, c), (x_made, c_made), made_names)
    return Evaluation(answers, described, gallery, source.history if isinstance(source, ConditionalGAN) else None)


def _checked(questions: Sequence[str], score: str, repeats: int | None) -> list[str]:
    for question in questions:
        if question not in QUESTIONS:
            raise ConfigError(f"there is no question {question!r}; {did_you_mean(question, QUESTIONS)}")
    if not questions:
        raise ConfigError(f"questions is empty; choose among {', '.join(QUESTIONS)}")
    if score not in SCORES:
        raise ConfigError(f"score must be one of {', '.join(SCORES)}; got {score!r}")
    if repeats is not None and (not isinstance(repeats, (int, np.integer)) or isinstance(repeats, bool) or repeats < 1):
        raise ConfigError(f"repeats must be a positive integer; got {repeats!r}")
    return [question for question in QUESTIONS if question in questions]


def _fitted(X_train: Any, X_test: Any, y_train: Any) -> tuple[Codec, Classes]:
    """Fit an encoding on all real samples, so that a level or a missing value that only one part has is known."""
    if hasattr(X_train, "columns") and hasattr(X_test, "columns"):
        if list(X_train.columns) != list(X_test.columns):
            odd = sorted(set(map(str, X_train.columns)) ^ set(map(str, X_test.columns)))
            raise SchemaError(f"X_train and X_test must have the same columns in the same order; they differ in {odd}")
    try:
        codec = fit_codec(concatenate([X_train, X_test]))
    except (TypeError, ValueError) as error:
        raise SchemaError(f"X_train and X_test must be of one kind, shape and container: {error}") from error
    return codec, Classes.from_target(np.asarray(y_train))


def _known(classes: Classes, y: Any, name: str) -> np.ndarray:
    try:
        return classes.index(np.asarray(y))
    except SchemaError as error:
        raise SchemaError(f"{name} has a class that y_train has not ({error})") from None


def _made(source: Any, classes: Classes, counts: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """Return synthetic samples and their classes: those given, or enough of the model's for every question."""
    if not isinstance(source, ConditionalGAN):
        try:
            X, y = source
        except (TypeError, ValueError):
            raise ConfigError(
                f"expected a ConditionalGAN, the path of a checkpoint, or (X, y); got {type(source).__name__}"
            ) from None
        return X, _known(classes, y, "the synthetic y")
    c = _known(classes, source.classes_, "the model")
    n = np.minimum(np.maximum(wanted(counts), counts), _MOST_MADE)[c]
    return source.sample(labels=source.classes_.repeat(n), random_state=seed), c.repeat(n)


def _encoded(codec: Codec, X: Any) -> np.ndarray:
    try:
        return codec.encode(X)
    except SchemaError as error:
        raise SchemaError(f"the synthetic samples are not like the real ones: {error}") from error


def _thinned(c: np.ndarray) -> np.ndarray:
    """Return positions of at most so many samples in all; the largest classes give way first."""
    counts = np.bincount(c)
    most = counts.max()
    while np.minimum(counts, most).sum() > _MOST_TAUGHT:
        most = int(most * 0.95)
    own = [np.flatnonzero(c == k) for k in range(len(counts))]
    return np.sort(np.concatenate([positions[evenly(len(positions), most)] for positions in own]))


def _counts(c: np.ndarray, names: Mapping[int, str]) -> dict[str, int]:
    return {name: int((c == k).sum()) for k, name in names.items()}


def _described(source: Any) -> str:
    if isinstance(source, ConditionalGAN):
        return f"model {source.sha256[:12] if source.sha256 else '(not saved)'}, {source.step:,} steps"
    return "samples that were given"


def _doubts(source: Any, classes: Classes) -> list[str]:
    """Return a note if a model was trained on other data than it is compared with."""
    if not isinstance(source, ConditionalGAN):
        return []
    learnt = dict(zip(source.classes_.tolist(), source.classes.counts, strict=True))
    given = dict(zip(classes.labels.tolist(), classes.counts, strict=True))
    if all(given[label] == n for label, n in learnt.items()):
        return []
    return [
        f"The model was trained on other data than X_train (counts by class: {learnt}, not {given}). Its privacy can "
        "only be judged against the data that it was trained on."
    ]


def _shown(codec: Codec, x: np.ndarray, c: np.ndarray, names: Mapping[int, str]) -> dict[str, Any]:
    """Decode some samples of each class: images as uint8, rows as a DataFrame."""
    gallery: dict[str, Any] = {}
    for k, name in names.items():
        own = x[c == k]
        if len(own):
            some = own[evenly(len(own), _SHOWN[codec.schema.kind])]
            gallery[name] = _samples(codec, some)
    return gallery


def _origin(source: Any) -> dict[str, Any]:
    """Return what is known of a model: its digest, settings and data."""
    if not isinstance(source, ConditionalGAN):
        return {}
    settings, said = source.config.model_dump(), source.provenance.lines()
    return {"model sha256": source.sha256, "config": settings, "provenance": said}


def _samples(codec: Codec, encoded: np.ndarray) -> Any:
    return _picture(encoded) if codec.schema.kind == "image" else _frame(codec, encoded)


def _picture(encoded: np.ndarray) -> np.ndarray:
    pixels = np.rint((encoded + 1) * 127.5).clip(0, 255).astype(np.uint8)
    return pixels[:, 0] if pixels.shape[1] == 1 else np.moveaxis(pixels, 1, -1)


def _frame(codec: Codec, encoded: np.ndarray) -> pd.DataFrame:
    decoded = codec.decode(encoded, np.random.default_rng(0))
    if isinstance(decoded, pd.DataFrame):
        return decoded
    array = decoded.toarray() if hasattr(decoded, "toarray") else np.asarray(decoded)
    return pd.DataFrame(array, columns=[str(i) for i in range(array.shape[1])])
