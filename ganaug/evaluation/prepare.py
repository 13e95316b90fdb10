"""The three data sets, encoded in one way, and what is known about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from ganaug.core.classes import Classes
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.data.codec import Codec, concatenate
from ganaug.data.kind import Kind, kind_named, kind_of
from ganaug.data.table.moments import read_moments
from ganaug.evaluation.fidelity.constraints import Rule, as_frame, find_broken_rules, find_new_levels
from ganaug.evaluation.privacy.leakage import digest
from ganaug.evaluation.utility.arms import wanted
from ganaug.models.synthesizer import Synthesizer

_MAX_MADE = 10_000  # synthetic samples of a class


@dataclass(frozen=True)
class Prepared:
    """Training, held-out and synthetic samples, encoded, with integer classes.

    Attributes
    ----------
    codec, classes, kind
        The encoding, the training labels, and the sort of data.
    x, x_test, x_made : ndarray of shape (n, *sample_shape)
    c, c_test, c_made : ndarray of shape (n,)
    rules : list of Rule
        That synthetic rows break and real ones keep; empty for what is no table.
    """

    codec: Codec
    classes: Classes
    kind: Kind
    x: np.ndarray
    c: np.ndarray
    x_test: np.ndarray
    c_test: np.ndarray
    x_made: np.ndarray
    c_made: np.ndarray
    rules: list[Rule]

    @property
    def names(self) -> dict[int, str]:
        """Names of all classes."""
        return {k: str(label) for k, label in enumerate(self.classes.labels.tolist())}

    @property
    def made_names(self) -> dict[int, str]:
        """Names of the classes that have synthetic samples."""
        return {k: self.names[k] for k in np.unique(self.c_made).tolist()}

    @property
    def columns(self) -> tuple[Any, ...]:
        """Names of the columns of a table; nothing for what has none."""
        return tuple(column.name for column in getattr(self.codec.schema, "columns", ()))


def prepare(
    source: Any, X_test: Any, y_test: Any, X_train: Any, y_train: Any, kind: "str | Kind", seed: int
) -> Prepared:
    """Make synthetic samples if need be, and encode everything in one way.

    The encoding is fitted to all real samples, so that a level or a missing value that only one part has is known. A
    level that no real sample has is known too: it is among the rules that are broken.

    Raises
    ------
    SchemaError
        If the three data sets are not of one kind, or a class is unknown.
    """
    _check_columns(X_train, X_test, "X_train and X_test")
    if kind == "auto" and isinstance(source, Synthesizer):
        kind = source.codec.schema.kind
    chosen = kind_of(X_train, kind)
    try:
        codec = chosen.codec.fit(concatenate([X_train, X_test]))
    except (TypeError, ValueError) as error:
        raise SchemaError(f"X_train and X_test must be of one kind, shape and container: {error}") from error
    classes = Classes.from_target(np.asarray(y_train))
    c, c_test = classes.index(np.asarray(y_train)), _known(classes, y_test, "y_test")
    X_made, c_made = _made(source, classes, np.bincount(c), seed)
    codec, x_made = _encode_made(codec, X_made, X_train, X_test)
    x, x_test = codec.encode(X_train), codec.encode(X_test)
    for name, samples, labels in (("train", x, c), ("test", x_test, c_test), ("synthetic", x_made, c_made)):
        if len(samples) != len(labels):
            raise SchemaError(f"{name}: {len(samples)} samples have {len(labels)} labels")
    rules = _rules(X_train, X_test, X_made, codec)
    return Prepared(codec, classes, kind_named(codec.schema.kind), x, c, x_test, c_test, x_made, c_made, rules)


def describe(data: Prepared, source: Any) -> dict[str, Any]:
    """Return what was compared, as plain data."""
    described = {
        "kind": data.kind.name,
        "data": data.codec.schema.describe(),
        "classes": list(data.names.values()),
        "training": _counts(data.c, data.names),
        "held out": _counts(data.c_test, data.names),
        "synthetic": _counts(data.c_made, data.names),
        "source": "samples that were given",
        "training sha256": digest(data.x, data.c),
        "held out sha256": digest(data.x_test, data.c_test),
        "versions": {name: version(name) for name in ("ganaug", "torch", "scikit-learn", "numpy")},
    }
    if isinstance(source, Synthesizer):
        steps = f", {source.step:,} steps" if hasattr(source, "step") else ""
        described["source"] = f"model {source.sha256[:12] if source.sha256 else '(not saved)'}{steps}"
        described["model sha256"] = source.sha256
    if hasattr(source, "config") and hasattr(source, "provenance"):
        described |= {"config": source.config.model_dump(), "provenance": source.provenance.lines()}
    return described


def doubts(source: Any, classes: Classes) -> list[str]:
    """Return a note if a model was trained on other data than it is compared with."""
    if not isinstance(source, Synthesizer):
        return []
    learnt = dict(zip(source.classes_.tolist(), source.classes.counts, strict=True))
    given = dict(zip(classes.labels.tolist(), classes.counts, strict=True))
    if all(given[label] == n for label, n in learnt.items()):
        return []
    return [
        f"The model was trained on other data than X_train (counts by class: {learnt}, not {given}). Its privacy can "
        "only be judged against the data that it was trained on."
    ]


def _check_columns(first: Any, second: Any, names: str) -> None:
    if hasattr(first, "columns") and hasattr(second, "columns") and list(first.columns) != list(second.columns):
        odd = sorted(set(map(str, first.columns)) ^ set(map(str, second.columns)))
        raise SchemaError(f"{names} must have the same columns in the same order; they differ in {odd}")


def _known(classes: Classes, y: Any, name: str) -> np.ndarray:
    try:
        return classes.index(np.asarray(y))
    except SchemaError as error:
        raise SchemaError(f"{name} has a class that y_train has not ({error})") from None


def _made(source: Any, classes: Classes, counts: np.ndarray, seed: int) -> tuple[Any, np.ndarray]:
    """Return synthetic samples and their classes: those given, or enough of the model's for every question."""
    if not isinstance(source, Synthesizer):
        try:
            X, y = source
        except (TypeError, ValueError):
            raise ConfigError(
                f"expected a Synthesizer, the path of a checkpoint, or (X, y); got {type(source).__name__}"
            ) from None
        return X, _known(classes, y, "the synthetic y")
    c = _known(classes, source.classes_, "the model")
    n = np.minimum(np.maximum(wanted(counts), counts), _MAX_MADE)[c]
    return source.sample(labels=source.classes_.repeat(n), random_state=seed), c.repeat(n)


def _encode_made(codec: Codec, X: Any, X_train: Any, X_test: Any) -> tuple[Codec, np.ndarray]:
    """Encode synthetic samples; where they have levels that no real sample has, with an encoding that knows them."""
    try:
        _check_columns(X_train, X, "real and synthetic samples")
        try:
            return codec, codec.encode(X)
        except SchemaError:
            if getattr(X, "shape", (0, 0))[1:] != getattr(X_train, "shape", (0, 0))[1:]:
                raise
            wider = type(codec).fit(concatenate([X_train, X_test, X]))
            return wider, wider.encode(X)
    except (SchemaError, TypeError, ValueError) as error:
        raise SchemaError(f"the synthetic samples are not like the real ones: {error}") from error


def _rules(X_train: Any, X_test: Any, X_made: Any, codec: Codec) -> list[Rule]:
    if not hasattr(codec.schema, "columns"):
        return []
    real, made = read_moments(as_frame(concatenate([X_train, X_test])), as_frame(X_made))
    return sorted([*find_new_levels(real, made), *find_broken_rules(real, made)], key=lambda rule: -rule.made)


def _counts(c: np.ndarray, names: Mapping[int, str]) -> dict[str, int]:
    return {name: int((c == k).sum()) for k, name in names.items()}
